"""An operator's day: eight kinds of failure, each found, understood and cleared by one command, at 80 columns."""

import os
import re
import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.installation import Installation, event
from support.samples import customer, invoice, line
from support.terminal import WIDTH, Terminal

from worker.domain.invoice import Invoice

#: Where the screens of the day are kept, when somebody wants to read them.
KEPT = "OPERATORS_DAY"


def of(number: int, ledger: int = 1003, *lines: object, **changes: object) -> Invoice:
    """Return an invoice of a customer whom the sandbox knows."""
    name = {1001: "Aalbæk Tømrerfirma ApS", 1002: "Bjergby Tømrerfirma ApS"}.get(ledger, "Claustrup Tømrerfirma ApS")
    buyer = customer(code=f"K{ledger}", ledger_number=ledger, corporate_id=None, name=name)
    return invoice(*lines, invoice_number=number, customer=buyer, **changes)


PERIOD = (
    of(100_401, 1003, line(account="3050")),
    of(100_402, 1002),
    of(100_403, 1003, invoice_date=date(2026, 10, 30)),
    of(100_404, 1001, line("300.30", vat="75.09")),
    of(100_405, 1001),
)


class Day:
    """The installation, the operator's terminal, and the ways things go wrong."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.terminal = Terminal(env=installation.environment)
        self.type = self.terminal.type

    def wait(self, period: str, **counts: int) -> None:
        """Wait until the invoices of a period are in these states."""
        self.installation.wait_for(lambda: self.installation.counts(period) == counts, f"{period}: {counts}")

    def until(self, code: int, *arguments: str, what: str) -> None:
        """Wait until a command ends with this code."""
        self.installation.wait_for(lambda: self.terminal.try_out(*arguments).code == code, what)

    def close(self, *invoices: Invoice, period: int, event_id: str) -> None:
        """Have Opter close a period."""
        self.installation.push(event(*invoices, event_id=event_id, period=period, name=f"2026-{period}"))

    def sandbox(self, *arguments: str) -> None:
        """Do what a person does in e-conomic."""
        assert self.type("sandbox", *arguments).code == 0


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with Installation(tmp_path) as installation:
        day = Day(installation)
        yield day
        if KEPT in os.environ:
            Path(os.environ[KEPT]).write_text(day.terminal.record)


def test_eight_kinds_of_failure(day: Day) -> None:
    """Each shows in the command that an operator looks at first, with its next step, and is cleared by one command."""
    day.installation.start_all()
    day.sandbox("customer", "bar", "1002")
    day.sandbox("period", "close", "2026-10")
    day.close(*PERIOD, period=881, event_id="e1")
    day.wait("main-p881", exported=1, dead=4)

    failed_invoices(day)
    a_refused_event(day)
    a_conflict(day)
    a_revoked_token(day)
    no_worker(day)

    end = day.type("status")
    assert end.code == 0, end.text
    assert day.type("health").code in {0, 1}  # neither page nor Flower runs here
    every_screen_fits(day)


def failed_invoices(day: Day) -> None:
    """1 to 4: a product group that is missing, a barred customer, a closed month, an øre; found by one command."""
    found = day.type("failed")
    assert found.code == 1
    for number, reason in (
        ("100401", "product-group-missing"),
        ("100402", "customer-barred"),
        ("100403", "accounting-period-closed"),
        ("100404", "totals-mismatch"),
    ):
        assert number in found.text
        assert reason in found.text

    day.sandbox("group", "add", "3050")
    cleared = day.type("requeue", "--value", "3050", "--watch")
    assert cleared.code == 0, cleared.text
    day.sandbox("customer", "unbar", "1002")
    assert day.type("requeue", "--customer", "1002", "--watch").code == 0
    day.sandbox("period", "open", "2026-10")
    assert day.type("requeue", "100403", "--watch").code == 0
    assert day.type("mark-exported", "100404", "--why", "entered by hand, voucher 71").code == 0
    assert day.type("status", "881").code == 0


def a_refused_event(day: Day) -> None:
    """5: an event whose control totals do not add up."""
    wrong = event(of(100_411), event_id="e3", period=883, name="2026-883")
    wrong["data"]["controlTotals"][0]["net"] = "1.00"
    day.installation.push(wrong)
    day.until(1, "events", "dead", "list", what="the event is refused")
    listed = day.type("events", "dead", "list")
    key = re.search(r"\b[0-9a-f]{16}\b", listed.text)
    assert key, listed.text
    assert "controlTotals" in day.type("events", "dead", "show", key[0]).text
    assert day.type("events", "dead", "discard", key[0], "--why", "sent again as e4").code == 0
    assert day.type("events", "dead", "list").code == 0


def a_conflict(day: Day) -> None:
    """6: an invoice that comes again with another amount after it was booked."""
    day.close(of(100_405, 1001, line("1100.00")), period=881, event_id="e5")
    day.until(1, "conflicts", "list", what="the conflict is found")
    shown = day.type("conflicts", "show", "100405")
    assert "1 250.00" in shown.text.replace("\N{NO-BREAK SPACE}", " ") or "1250.00" in shown.text
    assert day.type("conflicts", "accept", "100405", "--why", "a mistake in Opter").code == 0
    assert day.type("conflicts", "list").code == 0
    for each in day.installation.json("events", "dead", "list"):
        assert day.type("events", "dead", "discard", each["id"], "--why", "seen as conflict").code == 0


def a_revoked_token(day: Day) -> None:
    """7: the app was removed from the agreement: the export pauses, and no invoice dies."""
    day.sandbox("token", "revoke")
    day.close(of(100_421), period=882, event_id="e6")
    day.until(1, "export", "list", what="the export is paused")
    status = day.type("status", "882")
    assert status.code == 1
    assert "export resume main" in status.text
    day.sandbox("token", "restore")
    assert day.type("export", "resume", "main").code == 0
    day.wait("main-p882", exported=1)


def no_worker(day: Day) -> None:
    """8: the worker has ended: said by health, and after 40 seconds of every period that stands still."""
    day.installation.kill("worker-1", signal.SIGTERM)
    day.close(of(100_431), period=884, event_id="e7")
    found = day.type("health")
    assert found.code == 1
    assert "no sign of life" in found.text
    assert "`worker`, or `up`" in " ".join(found.text.split())
    day.installation.start("worker-1", "worker", "--name", "worker-1@test")
    day.wait("main-p884", exported=1)


def every_screen_fits(day: Day) -> None:
    """No line is longer than the terminal, unless it is one that is copied whole; no key is broken over two lines."""
    assert "Traceback" not in day.terminal.record
    too_long = [
        (shown.command, text)
        for shown in day.terminal.shown
        for text in shown.lines
        if len(text.rstrip()) > WIDTH and not text.startswith("Export main does not go to e-conomic")
    ]
    assert too_long == []
