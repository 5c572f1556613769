"""A period with everything that can go wrong in it, played by real processes; and all that they left behind."""

import itertools
import json
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import redis
from support.deployed_redis import OURS
from support.installation import event
from support.samples import customer, invoice, line
from support.secrecy.installation import MarkedInstallation
from support.secrecy.marks import CUSTOMER

from config.names import broker_prefix
from config.settings_sections import Redis
from worker.domain.invoice import Invoice

PREFIX = Redis().prefix
BROKER = broker_prefix(PREFIX)
#: The standard agreement's company number that two customers share.
AMBIGUOUS = "99000643"
#: Bounds of the invoice numbers: ordinary, each with another kind of trouble, and those that change behind our back.
FINE, TROUBLED, TAMPERED = 500_001, 510_001, 520_001


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """By name of the place: what anybody can read there."""

    #: Commands that Redis got, with those that concern the broker apart.
    broker_commands: Mapping[str, str]
    other_commands: Mapping[str, str]
    #: Keys of Celery, and keys of the store and the event queue.
    broker_keys: Mapping[str, str]
    store_keys: Mapping[str, str]
    flower: Mapping[str, str]
    logs: Mapping[str, str]
    command_lines: Mapping[str, str]
    #: ``--json`` of commands that show periods, exports and queues.
    overviews: Mapping[str, str]
    #: ``--json`` of commands by which a bookkeeper finds out about one invoice or event.
    closeups: Mapping[str, str]
    #: What our Redis user was refused.
    denied: list[tuple[str, str, str]]


def play(place: MarkedInstallation) -> Evidence:
    """Run the scenario to its end: everything rests, exported or failed."""
    with place.client() as admin, place.server.monitor() as monitor:
        place.start_all()
        place.start("flower", "flower")
        place.wait_for(lambda: " ready." in place.log("worker-1"), "the worker is ready")
        place.wait_for(lambda: _hears(place, "worker-1@test"), "Flower hears the worker's events")
        _storms(place)
        _refused_events(place)
        _revoked_token(place)
        _behind_our_back(place, admin)
        _kills(place, admin)
        flower = _flower(place)
        lines = place.command_lines()
        place.kill("worker-2", signal.SIGTERM)
        place.kill("intake", signal.SIGTERM)
    return _gathered(place, monitor.commands, flower, lines)


def _person(number: int, **changes: Any) -> Any:
    fields = {
        "code": f"K{number}",
        "ledger_number": 7000 + number % 1000,
        "corporate_id": None,
        "name": f"{CUSTOMER} Vognmandsforretning nr. {number}",
        "address": f"{CUSTOMER}vej {number % 100}",
        "city": f"{CUSTOMER} By",
        "email": f"{CUSTOMER.lower()}{number}@example.dk",
        "phone": f"+45 {CUSTOMER} {number}",
    }
    return customer(**(fields | changes))


def _marked(number: int, *, account: str = "3010", net: str = "100.00", **person: Any) -> Invoice:
    return invoice(
        line(net, account=account, text=f"{CUSTOMER} fragt til {CUSTOMER}strup"),
        invoice_number=number,
        customer=_person(number, **person),
        your_reference=f"att. {CUSTOMER}",
        order_numbers=(f"{CUSTOMER}-{number}",),
    )


def _storms(place: MarkedInstallation) -> None:
    """New customers and dead letters in one period, while answers of e-conomic are lost, late, broken and refused."""
    place.sandbox("POST", "faults", [
        {"route": "POST /invoices/drafts", "nth": 2, "when": "after", "status": 500},
        {"route": "POST /invoices/drafts", "nth": 5, "when": "after", "action": "drop"},
        {"route": "POST /customers", "nth": 2, "when": "after", "action": "garbage"},
        {"route": "POST /invoices/booked", "nth": 3, "when": "after", "action": "half"},
        {"route": "POST /customers", "nth": 6, "status": 400},
    ])  # fmt: skip
    fine = [_marked(FINE + n) for n in range(12)]
    dead = [
        _marked(TROUBLED, account="3050"),
        _marked(TROUBLED + 1, ledger_number=None, corporate_id=AMBIGUOUS),
        _marked(TROUBLED + 2, ledger_number=1001, corporate_id="88000005"),
        _marked(TROUBLED + 3, country="SE"),
    ]
    place.push(event(*fine, *dead))
    place.wait_for(lambda: _at_rest(place, "main-p881", 16), "the first period rests")
    # Which invoice met the refused create is up to the threads; only of an exported one is a change a conflict.
    dead_letters = {row["id"] for row in place.json("failed")}
    exported = next(FINE + n for n in range(12) if f"main-{FINE + n}" not in dead_letters)
    place.push(event(_marked(exported, net="999.00"), event_id="e2"))
    place.wait_for(lambda: place.json("status", "main-p881")["conflicts"] != [], "the change is a conflict")


def _refused_events(place: MarkedInstallation) -> None:
    good = event(_marked(FINE), event_id="refused")
    outside = {"url": f"file:///{CUSTOMER}/period.ndjson", "sha256": "0" * 64, "count": 1}
    place.push(f'{{"name": "{CUSTOMER}'.encode())
    place.push(good | {"type": f"{CUSTOMER}.v2"})
    place.push(good | {"data": good["data"] | {"export": "other"}})
    place.push(good | {"data": good["data"] | {"invoiceCount": 2}})
    place.push(good | {"data": {**good["data"], "invoices": None, "invoicesRef": outside}})
    wrong = {**good["data"]["invoices"][0], "currency": CUSTOMER, "invoiceDate": f"{CUSTOMER}"}
    place.push(good | {"data": good["data"] | {"invoices": [wrong]}})
    place.wait_for(lambda: place.json("status")["deadEvents"] == 6, "six events are refused")


def _revoked_token(place: MarkedInstallation) -> None:
    """401 in mid-period: the export pauses, and goes on after it was resumed."""
    [number] = place.sandbox("GET", "state")
    place.sandbox("PATCH", f"agreements/{number}", {"revoked": True})
    place.push(event(*(_marked(FINE + 100 + n) for n in range(3)), event_id="e3", period=882, name="2026-47B"))
    place.wait_for(lambda: "main" in place.json("status")["paused"], "the export is paused")
    place.sandbox("PATCH", f"agreements/{number}", {"revoked": False})
    place.command("export", "resume", "main")
    place.wait_for(lambda: _at_rest(place, "main-p882", 3), "the second period rests")


def _behind_our_back(place: MarkedInstallation, admin: redis.Redis) -> None:
    """Records that no program of ours has written: faults inside a task and inside a period's check."""
    place.command("export", "pause", "main", "--by", "test")
    place.push(event(*(_marked(TAMPERED + n) for n in range(2)), event_id="e4", period=883, name="2026-47C"))
    place.wait_for(lambda: place.counts("main-p883") == {"queued": 2}, "the third period is queued")
    for key in admin.scan_iter(match=f"{PREFIX}invoice:main-{TAMPERED}"):
        content = admin.hget(key, "content")
        assert isinstance(content, bytes)
        admin.hset(key, "content", content.replace(b'"country":"DK"', b'"country":"' + CUSTOMER.encode() + b'"'))
    place.command("export", "resume", "main")
    place.wait_for(lambda: _at_rest(place, "main-p883", 2), "the third period rests")


def _kills(place: MarkedInstallation, admin: redis.Redis) -> None:
    """Lost connections and a killed worker; the second one writes its log for people."""
    place.set(log__format="console")
    place.start("worker-2", "worker", "--name", "worker-2@test")
    place.wait_for(lambda: " ready." in place.log("worker-2"), "the second worker is ready")
    patterns = admin.pubsub_numpat()
    admin.client_kill_filter(user=OURS)
    # Of what is sent while Flower does not listen it never hears: a task of which it hears the end alone has no name.
    place.wait_for(lambda: admin.pubsub_numpat() >= patterns, "Flower and the workers listen again")
    place.push(event(*(_marked(FINE + 200 + n) for n in range(12)), event_id="e5", period=884, name="2026-47D"))
    place.wait_for(lambda: place.counts("main-p884").get("exported", 0) > 0, "the fourth period is under way")
    admin.client_kill_filter(user=OURS, _type="normal")  # all but those that listen
    place.kill("worker-1")
    place.wait_for(lambda: _at_rest(place, "main-p884", 12), "the fourth period rests")


def _at_rest(place: MarkedInstallation, period: str, total: int) -> bool:
    counts = place.counts(period)
    return counts.get("exported", 0) + counts.get("dead", 0) == total


def _hears(place: MarkedInstallation, worker: str) -> bool:
    """Of a task whose first event came before Flower listened, it would never know the name."""
    try:
        known = place.flower("/workers?json=1").json()["data"]
    except httpx.TransportError:
        return False
    return any(row["hostname"] == worker and row["status"] for row in known)


def _flower(place: MarkedInstallation) -> dict[str, str]:
    """Every page and every reading address of the API that Flower has."""
    place.wait_for(
        lambda: "worker-2@test" in place.flower("/api/workers?refresh=1").json(), "Flower has asked the worker"
    )
    tasks = place.flower("/api/tasks?limit=1000").json()
    of_each_kind = {(task["name"], task["state"]): key for key, task in tasks.items()}.values()
    paths = [
        *("/", "/workers", "/workers?json=1", "/tasks", "/broker", "/metrics", "/healthcheck", "/nothing-there"),
        *("/api/workers?refresh=1", "/api/tasks?limit=1000", "/api/task/types"),
        "/tasks/datatable?draw=1&start=0&length=1000&search[value]=&order[0][column]=0&order[0][dir]=asc&columns[0][data]=name",
        *("/worker/worker-2@test", f"/api/task/info/{next(iter(tasks))}"),
        *(f"/task/{key}" for key in of_each_kind),
    ]
    pages = {f"Flower {path}": place.flower(path).text for path in paths}

    def empty() -> bool:
        """Whether no sweep's message is on its way just now."""
        pages["Flower /api/queues/length"] = place.flower("/api/queues/length").text
        lengths = json.loads(pages["Flower /api/queues/length"])["active_queues"]
        return all(queue["messages"] == 0 for queue in lengths)

    place.wait_for(empty, "the queues are empty")
    return pages


def _gathered(
    place: MarkedInstallation, commands: list[str], flower: Mapping[str, str], lines: Mapping[str, str]
) -> Evidence:
    with place.client() as admin:
        keys = {key.decode(): _content(admin, key) for key in admin.scan_iter(count=1000)}
    numbered = {f"command {number}": text for number, text in enumerate(commands)}
    closeups = [
        ("failed",),
        ("failed", "show", f"main-{TROUBLED + 1}"),
        ("failed", "show", f"main-{TAMPERED + 1}"),
        ("events", "dead", "list"),
        ("events", "dead", "show", place.json("events", "dead", "list")[0]["id"]),
    ]
    overviews = [("status",), ("status", "main-p881"), ("status", "main-p883"), ("export", "list"), ("export", "check")]
    return Evidence(
        broker_commands={name: text for name, text in numbered.items() if BROKER in text},
        other_commands={name: text for name, text in numbered.items() if BROKER not in text},
        broker_keys={key: text for key, text in keys.items() if key.startswith(BROKER)},
        store_keys={key: text for key, text in keys.items() if not key.startswith(BROKER)},
        flower=flower,
        logs={log.name: log.read_text() for log in sorted(place.folder.glob("**/*.log"))},
        command_lines=lines,
        overviews=_outputs(place, overviews),
        closeups=_outputs(place, closeups),
        denied=place.server.denied(),
    )


def _outputs(place: MarkedInstallation, commands: list[tuple[str, ...]]) -> dict[str, str]:
    return {" ".join(words): place.command(*words, "--json") for words in commands}


def _content(admin: redis.Redis, key: bytes) -> str:
    """Return everything under a key, whatever its type; Redis' own serial form would hide compressed text."""
    # Any is bytes: the driver's types allow text, too, whatever the client decodes.
    readers: Mapping[bytes | str, Callable[[], Iterable[Any]]] = {
        b"string": lambda: [admin.get(key) or b""],
        b"list": lambda: admin.lrange(key, 0, -1),
        b"hash": lambda: itertools.chain.from_iterable(admin.hgetall(key).items()),
        b"set": lambda: admin.smembers(key),
        b"zset": lambda: admin.zrange(key, 0, -1),
        b"none": list,  # it has expired since it was listed
    }
    return " ".join(part.decode(errors="replace") for part in readers[admin.type(key)]())
