"""Dead letters by the hundred: refused before the fix, cleared after it, each once, whatever is killed meanwhile."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.chaos.cluster import SHORT, Cluster, cluster
from support.installation import PATIENCE, event
from support.ports import free_port
from support.samples import customer, invoice, line

from config.settings_sections import Redis
from worker.domain.batch import Batch, BatchState
from worker.domain.invoice import Invoice
from worker.domain.record import State
from worker.store.connection import StorePolicy
from worker.store.sessions import RedisSessions

#: Sales accounts that no product group has, in the order of the test.
ACCOUNTS = ("3991", "3992", "3993", "3994", "3995")
#: Invoices of each: enough that one batch is not begun as a whole; with them, the whole bar.
SIZES = [
    pytest.param(4, 105, id="small"),
    pytest.param(1000, 1000, id="full", marks=[pytest.mark.chaos, pytest.mark.timeout(1800)]),
]
PAUSES = {"self_clearing__first_pause": "1", "self_clearing__longest_pause": "2"}


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    entry = f'self_clearing = "{getattr(request, "param", "set-up")}"'
    with cluster(tmp_path, {"main": entry}, **SHORT | PAUSES, web__port=str(free_port())) as started:
        yield started


def invoices(account: str, count: int) -> list[Invoice]:
    """Invoices for customers that are there, on this sales account."""
    first = 500_000 + 2_000 * ACCOUNTS.index(account)
    return [
        invoice(
            line(f"{100 + n}.50", account=account),
            invoice_number=first + n,
            customer=customer(code=f"C-{n % 20}", ledger_number=1001 + n % 20, corporate_id=None),
        )
        for n in range(count)
    ]


def fail(running: Cluster, counts: dict[str, int]) -> None:
    """Let so many invoices fail for each account."""
    total = sum(counts.values())
    running.push(event(*(one for account, count in counts.items() for one in invoices(account, count))))
    running.until(lambda: running.counts() == {"dead": total}, "everything failed", seconds=300)


def mend(running: Cluster, account: str) -> None:
    """What the bookkeeper does in e-conomic: the missing product group, with its sales accounts."""
    agreement, group = running.number(), 900 + ACCOUNTS.index(account)
    for zone in range(1, 5):
        running.sandbox("PUT", f"agreements/{agreement}/sales_accounts/{group}-{zone}", 3010)
    running.sandbox("PUT", f"agreements/{agreement}/product_groups/{group}", {"name": account})


def booked(running: Cluster) -> Counter[str]:
    """Return how often each reference stands in the books."""
    documents: list[Any] = list(running.agreement()["booked"].values())
    return Counter(document["references"]["other"] for document in documents)


def ids(account: str, count: int) -> set[str]:
    return {f"main-{one.invoice_number}" for one in invoices(account, count)}


def only_batch(running: Cluster) -> Batch:
    (found,) = running.store.batches()
    return found


@pytest.mark.parametrize(("few", "many"), SIZES)
def test_the_fix_clears_its_group_whatever_is_killed(running: Cluster, few: int, many: int) -> None:
    """Before it a re-queue is refused; then its group goes on by itself, each once, through kills of all; no other."""
    counts = {account: many if account == ACCOUNTS[0] else few for account in ACCOUNTS}
    fail(running, counts)
    assert {cause.failure.value: cause.invoices for cause in running.store.causes()} == counts
    running.command("requeue", "--reason", "product-group-missing", "--by", "kim", expect=[1])
    assert running.counts() == {"dead": sum(counts.values())}

    mend(running, ACCOUNTS[0])
    running.until(lambda: bool(running.store.batches()), "the group goes on", seconds=60)
    running.until(lambda: only_batch(running).exported > 0, "its first are exported", seconds=120)
    for name in ("intake", "worker-1", "worker-2"):
        running.kill(name)
    running.redis.kill()
    running.redis.start()
    running.until(lambda: only_batch(running).state is BatchState.DONE, "the batch ends", seconds=900)

    ended, expected = only_batch(running), ids(ACCOUNTS[0], many)
    assert (ended.ordered.by, ended.total, ended.exported, ended.failed, ended.left) == (
        "self-clearing",
        many,
        many,
        0,
        0,
    )
    assert booked(running) == dict.fromkeys(expected, 1)
    states = {record.id: record.state for record in running.records()}
    assert {key for key, state in states.items() if state is State.EXPORTED} == expected
    assert Counter(states.values())[State.DEAD] == 4 * few


@pytest.mark.parametrize("running", ["ask"], indirect=True)
@pytest.mark.parametrize(("few", "many"), SIZES)
def test_a_batch_cancelled_in_the_middle_loses_none(running: Cluster, few: int, many: int) -> None:
    """What was begun is exported, each once; what was not stays a dead letter, and goes with another batch."""
    del few
    account = ACCOUNTS[1]
    fail(running, {account: many})
    mend(running, account)

    for worker in ("worker-1", "worker-2"):  # so that the middle lasts until the batch is cancelled
        running.freeze(worker)
    [shown] = running.json("requeue", "--value", account, "--by", "kim")["batches"]
    running.until(lambda: only_batch(running).begun > 0, "the batch begins", seconds=60)
    running.command("batch", "cancel", shown["id"], "--by", "anna")
    for worker in ("worker-1", "worker-2"):
        running.thaw(worker)
    running.until(lambda: bool(only_batch(running).ended_at), "what was begun comes to its end", seconds=300)
    ended = only_batch(running)
    assert (ended.state, ended.cancelled_by) == (BatchState.CANCELLED, "anna")
    assert 0 < ended.begun < many
    assert (ended.exported, ended.failed, ended.left) == (ended.begun, 0, 0)
    assert running.counts() == {"exported": ended.begun, "dead": many - ended.begun}

    [rest] = running.json("requeue", "--value", account, "--by", "kim")["batches"]
    running.until(lambda: running.counts() == {"exported": many}, "the rest goes", seconds=900)
    assert rest["total"] == many - ended.begun
    assert booked(running) == dict.fromkeys(ids(account, many), 1)


class Desk:
    """A person at the page, which may be killed under them."""

    def __init__(self, running: Cluster) -> None:
        self.running = running
        self.url = f"http://127.0.0.1:{running.environment['OPTER_ECONOMIC_WEB__PORT']}"
        self.start()
        with running.client() as client:
            sessions = RedisSessions(client, prefix=Redis().prefix, policy=StorePolicy())
            link = sessions.make_link("Birthe", seconds=600)
        self.browser = httpx.Client(base_url=self.url, timeout=PATIENCE)
        self.browser.post("/sign-in", data={"link": link})

    def start(self) -> None:
        """Start the page, and wait until it answers."""
        self.running.start("web", "web")
        self.running.until(self._answers, "the page answers", seconds=PATIENCE)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=PATIENCE).is_success
        except httpx.TransportError:
            return False

    def form(self) -> tuple[str, dict[str, str]]:
        """Return the address of the one cause's form and what it sends, as its page has them."""
        [cause] = set(re.findall(r'href="(/to-fix/[^"]+)"', self.browser.get("/to-fix").text))
        text = self.browser.get(cause).text
        fields = {name: re.findall(f'name="{name}" value="([^"]+)"', text)[0] for name in ("form_token", "set")}
        return f"{cause}/requeue", {**fields, "why": "group made"}

    def send(self, path: str, fields: dict[str, str]) -> int:
        """Send a form; 0: the page was killed before it answered."""
        try:
            return self.browser.post(path, data=fields).status_code
        except httpx.TransportError:
            return 0


@pytest.mark.parametrize("running", ["ask"], indirect=True)
def test_a_batch_outlives_the_page(running: Cluster) -> None:
    """Killed as soon as the set is frozen; the form is sent once more to the page that comes back: each goes once."""
    account, many = ACCOUNTS[2], 105
    fail(running, {account: many})
    mend(running, account)
    desk = Desk(running)
    path, fields = desk.form()
    for worker in ("worker-1", "worker-2"):  # so that the batch stands in its middle
        running.freeze(worker)
    sent = threading.Thread(target=desk.send, args=(path, fields))
    sent.start()
    running.until(lambda: bool(running.store.batches()), "the set is frozen", seconds=PATIENCE)
    running.kill("web")
    sent.join()
    assert only_batch(running).state is BatchState.RUNNING
    desk.start()
    again = desk.send(path, fields)
    for worker in ("worker-1", "worker-2"):
        running.thaw(worker)

    def ended() -> bool:
        return all(batch.state is BatchState.DONE for batch in running.store.batches())

    running.until(ended, "the batch ends", seconds=300)
    desk.browser.close()
    assert again in {200, 409}, "signed in still; the invoices that have begun are no longer of the cause"
    batches = running.store.batches()
    assert batches[-1].total == many
    assert sum(batch.exported for batch in batches) == many
    assert running.counts() == {"exported": many}
    assert booked(running) == dict.fromkeys(ids(account, many), 1)
