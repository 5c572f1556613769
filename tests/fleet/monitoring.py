"""A real Prometheus over a running installation: each alert fires on the fault that it is for, and on nothing else.

The rules are ours with their minutes as seconds: what waits five minutes here waits five seconds.
"""

import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from bench.invoices import of_known_customers
from fleet.rows import Row
from support.installation import SHORT_LEASES, Installation, event
from support.ports import free_port
from support.samples import customer, invoice, line

from worker.workflow.context import ClockNotes

_RULES = Path(__file__).parents[2] / "deploy" / "monitoring" / "alerts.yml"
_TOKEN = "a-token-of-the-fleet"  # of a test
_MINUTES = re.compile(r"(?<=for: )(\d+)m|(?<=\[)(\d+)m(?=\])")
#: Seconds for which nothing else may fire, within which what is injected has to, and that a start may take.
_QUIET, _PATIENCE, _STARTING = 25.0, 180.0, 600.0
_CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: opter-economic
    authorization: {{type: Bearer, credentials: {token}}}
    static_configs: [{{targets: ["127.0.0.1:{page}"]}}]
  - job_name: opter-economic-processes
    authorization: {{type: Bearer, credentials: {token}}}
    static_configs: [{{targets: ["127.0.0.1:{worker}", "127.0.0.1:{intake}"]}}]
"""


class Watched(Installation):
    """An installation whose processes give their figures."""

    def __init__(self, folder: Path) -> None:
        self.page, self.worker, self.intake, self.prometheus = (free_port() for _ in range(4))
        settings = SHORT_LEASES | {"web__port": str(self.page), "metrics__token": _TOKEN}
        super().__init__(folder, exports=None, **settings)

    def own_environment(self, name: str) -> dict[str, str]:
        """Give each process a port of its own."""
        ports = {"worker-1": self.worker, "intake": self.intake}
        return {"OPTER_ECONOMIC_METRICS__PORT": str(ports[name])} if name in ports else {}

    def watch(self) -> None:
        """Start Prometheus."""
        rules = self.folder / "alerts.yml"
        rules.write_text(_MINUTES.sub(lambda found: f"{found[1] or found[2]}s", _RULES.read_text()))
        text = _CONFIG.format(rules=rules, token=_TOKEN, page=self.page, worker=self.worker, intake=self.intake)
        (self.folder / "prometheus.yml").write_text(text)
        self.run(
            "prometheus",
            "prometheus",
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'figures'}",
            f"--web.listen-address=127.0.0.1:{self.prometheus}",
        )

    def firing(self) -> frozenset[str]:
        """Return the names of the alerts that fire now."""
        answer = httpx.get(f"http://127.0.0.1:{self.prometheus}/api/v1/alerts", timeout=30).raise_for_status()
        alerts: list[dict[str, Any]] = answer.json()["data"]["alerts"]
        return frozenset(alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing")

    def asked(self, expression: str) -> float:
        """Return the sum of what Prometheus answers now."""
        url = f"http://127.0.0.1:{self.prometheus}/api/v1/query"
        answer = httpx.get(url, params={"query": f"sum({expression})"}, timeout=30).raise_for_status()
        return sum(float(found["value"][1]) for found in answer.json()["data"]["result"])

    def scraped(self) -> bool:
        """Whether Prometheus has read every process."""
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.prometheus}/api/v1/targets", timeout=30).raise_for_status()
        except httpx.HTTPError:
            return False
        targets = answer.json()["data"]["activeTargets"]
        return len(targets) == 3 and all(target["health"] == "up" for target in targets)  # page, worker, intake


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fault:
    """Something that goes wrong, and the alert that has to say so."""

    alert: str
    inject: Callable[[Watched], object]
    mend: Callable[[Watched], object]
    #: What follows from it after a while, and may be said as well.
    also: frozenset[str] = frozenset()


def play(short: bool) -> Sequence[Row]:  # noqa: FBT001  # one of the parts
    """Watch an installation in peace, then inject one fault after the other."""
    if shutil.which("prometheus") is None:
        missing = "not played: prometheus is not installed"
        return (Row(what="alert rules in a real Prometheus", bar="", measured=missing, held=True),)
    faults = _FAULTS[:2] if short else _FAULTS
    with watched() as on:
        wrong = [f"in peace: {name}" for name in _seen(on, _QUIET)]
        fired = []
        for fault in faults:
            found, others = _injected(on, fault)
            fired += [fault.alert] if found else []
            wrong += [f"at {fault.alert}: {name}" for name in sorted(others)]
    return (
        Row(
            what="alert rules in a real Prometheus (minutes as seconds) that fired on the fault injected for them",
            bar=f"{len(faults)} of {len(faults)}",
            measured=f"{len(fired)} of {len(faults)} ({', '.join(fired)})",
            held=len(fired) == len(faults),
        ),
        Row(
            what="alerts that fired without their fault, in peace or beside another",
            bar="none",
            measured="; ".join(wrong) or "none",
            held=not wrong,
        ),
    )


@contextmanager
def watched() -> Iterator[Watched]:
    """Give an installation that has exported a period, and a Prometheus that reads it."""
    with TemporaryDirectory(prefix="fleet-") as folder, Watched(Path(folder)) as on:
        on.start_all()
        on.start("web", "web")
        on.watch()
        on.wait_for(on.scraped, "Prometheus reads every process", seconds=_STARTING)
        _close(on, 1)
        on.wait_for(lambda: on.counts("main-p1") == {"exported": 5}, "a first period is exported", seconds=_STARTING)
        yield on


def _seen(on: Watched, seconds: float) -> set[str]:
    """Return what fires within so many seconds."""
    seen: set[str] = set()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        seen |= on.firing()
        time.sleep(0.5)
    return seen


def _injected(on: Watched, fault: _Fault) -> tuple[bool, set[str]]:
    """Inject a fault and mend it; return whether its alert fired, and what else did."""
    seen: set[str] = set()
    fault.inject(on)
    _until(on, lambda now: fault.alert in now, seen)
    found = fault.alert in seen
    fault.mend(on)
    _until(on, lambda now: not now, seen)
    return found, seen - {fault.alert} - fault.also


def _until(on: Watched, holds: Callable[[frozenset[str]], bool], seen: set[str]) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        now = on.firing()
        seen |= now
        if holds(now):
            return
        time.sleep(0.5)


def _close(on: Watched, period: int, *, account: str = "3010") -> None:
    known = customer(ledger_number=1001, corporate_id=None)
    first = 1000 * period
    if account == "3010":
        invoices = of_known_customers(5, first=first)
    else:
        invoices = [invoice(line("10.00", account=account), invoice_number=first, customer=known)]
    on.push(event(*invoices, event_id=f"e{period}", period=period, name=f"2026-{period}"))


def _agreement(on: Watched) -> str:
    number: str = next(iter(on.sandbox("GET", "state")))
    return number


def _missing_group(on: Watched) -> None:
    _close(on, 2, account="3050")


def _add_group(on: Watched) -> None:
    number = _agreement(on)
    on.sandbox("PUT", f"agreements/{number}/product_groups/70", {"name": "3050"})
    for zone in (1, 2, 3, 4):
        on.sandbox("PUT", f"agreements/{number}/sales_accounts/70-{zone}", 3010)
    on.command("requeue", "--period", "main-p2", "--why", "fleet")


def _revoke(on: Watched) -> None:
    on.sandbox("PATCH", f"agreements/{_agreement(on)}", {"revoked": True})
    _close(on, 3)


def _grant_again(on: Watched) -> None:
    on.sandbox("PATCH", f"agreements/{_agreement(on)}", {"revoked": False})
    on.command("export", "resume", "main")


def _fail_calls(on: Watched) -> None:
    on.sandbox("POST", "faults", {"route": "*", "action": "status", "status": 503, "times": None})
    _close(on, 4)


def _shift_clock(on: Watched, seconds: float, period: int) -> None:
    on.sandbox("PATCH", "switches", {"date_shift": seconds})
    time.sleep(ClockNotes().every)  # a worker notes the clocks no sooner than that after it last did
    _close(on, period)


def _lose_redis(on: Watched) -> None:
    on.redis.kill()  # type: ignore[attr-defined]  # an embedded server


def _find_redis(on: Watched) -> None:
    on.redis.start()  # type: ignore[attr-defined]  # the same


_FAULTS = (
    _Fault(alert="InvoicesFailed", inject=_missing_group, mend=_add_group),
    _Fault(alert="ExportPaused", inject=_revoke, mend=_grant_again),
    _Fault(
        alert="CallsFail",
        inject=_fail_calls,
        mend=lambda on: on.sandbox("DELETE", "faults"),
        also=frozenset({"NothingMoves"}),
    ),
    _Fault(
        alert="ClocksDrift",
        inject=lambda on: _shift_clock(on, 45.0, 5),
        mend=lambda on: _shift_clock(on, 0.0, 6),
    ),
    _Fault(alert="PageAway", inject=lambda on: on.kill("web", signal.SIGKILL), mend=lambda on: on.start("web", "web")),
    _Fault(alert="StoreUnavailable", inject=_lose_redis, mend=_find_redis),
)
