"""The crash matrix of what follows an export: PDFs attached, a credit note matched, payments handed over to Opter."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from support.certifying import certify
from support.chaos.end_state import findings
from support.chaos.fault_schedule import ScheduledFault, ScheduleRun, single_faults
from support.chaos.faults import EVERY, LOST_WRITES, PAYLOAD_CHANGED
from support.chaos.matrix import GAPS, REACH
from support.cli import Bench
from support.harness import EXPORT, PERIOD, Harness, WatchedStore
from support.samples import customer, invoice, line

from config.export_schema import Corrections
from config.exports import ExportConfig
from config.reconcile_schema import Payments
from worker.domain.attachment import AttachmentState
from worker.domain.certificate import Verdict, read_certificate
from worker.domain.credit_match import MatchState
from worker.domain.store_port import Store
from worker.reconcile.reconciler import Reconciler
from worker.sandbox.resources.payments import pay
from worker.sandbox.state import Call

#: Longer than a certificate belongs to one worker, so that the next turn is the next worker's.
_LEASE = 901.0
_KNOWN = customer(ledger_number=1001, corporate_id=None)
_CREDITS = "main-p882"


class Stage(Protocol):
    """What is exported already, and what follows it."""

    harness: Harness

    def work(self, harness: Harness) -> None:
        """Do what a worker does in its turn. Raises ``Killed`` and ``StoreUnavailable``."""

    def done(self, harness: Harness) -> bool:
        """Whether nothing is left to do."""

    def between(self) -> None:
        """What else happens while nobody works."""

    def wrong(self, *, forgotten: bool) -> list[str]:
        """Return what is wrong in the end; ``forgotten``: the store has lost its last writes."""


@dataclass(kw_only=True)
class _Certified:
    """Periods that are read back until each has a certificate."""

    harness: Harness
    periods: tuple[str, ...] = (PERIOD,)

    def work(self, harness: Harness) -> None:
        for period, _ in list(harness.store.reconciles_due()):
            certify(harness, period)

    def done(self, harness: Harness) -> bool:
        return not harness.store.reconciles

    def between(self) -> None:
        """Nothing: a person who attaches or matches meanwhile is played elsewhere."""

    def _by_night(self) -> list[str]:
        """Read everything again a night later, past every key; return what the last certificates say."""
        self.harness.clock.advance(86_400.0)
        self.harness.store.schedule_reconciles("night", since=0.0)
        for period in self.periods:
            certify(self.harness, period)
        return [f"certificate: {text}" for period in self.periods for text in self._verdicts(period)]

    def _verdicts(self, period: str) -> Iterator[str]:
        kept = self.harness.store.certificate(self.harness.store.certificates(period)[-1].id)
        assert kept is not None
        for finding in read_certificate(kept).findings:
            if finding.verdict is not Verdict.EQUAL:
                yield f"{finding.id} {finding.verdict}: {finding.fields}"


class _Attached(_Certified):
    """Two booked invoices, each of which gets its PDF."""

    def wrong(self, *, forgotten: bool) -> list[str]:
        del forgotten  # what is attached is seen in e-conomic, whatever the store knows
        agreement, wrong = self.harness.sandbox.agreement, self._by_night()
        files: dict[tuple[str, int], list[bytes]] = {}
        for document in agreement.documents.values():
            files.setdefault((document["year"], document["voucherNumber"]), []).append(document["file"])
        for row in (row for row in agreement.booked_entries if row["customer"] is not None):
            there = files.pop((row["year"], row["voucherNumber"]), [])
            if there != [self.harness.pdf_fixtures.files[f"file:///prints/{row['invoice']}.pdf"]]:
                wrong.append(f"invoice {row['invoice']} has {len(there)} documents, or another's")
        states = [record.pdf and record.pdf.state for record in self.harness.records()]
        if set(states) != {AttachmentState.ATTACHED}:
            wrong.append(f"the store says {states}")
        return [*wrong, *(f"documents on nobody's voucher {place}" for place in files)]


class _Matched(_Certified):
    """A credit note that is matched with the invoice that it names."""

    def wrong(self, *, forgotten: bool) -> list[str]:
        agreement, wrong = self.harness.sandbox.agreement, self._by_night()
        rows = [row for row in agreement.booked_entries if row["customer"] is not None]
        wrong += [f"{row['remainder']} open on {row['invoice']}" for row in rows if row["remainder"]]
        if len(agreement.matched_pairs) != 1:
            wrong.append(f"matched {len(agreement.matched_pairs)} times")
        credit = self.harness.record("main-100002").credit
        known = credit is not None and credit.state is MatchState.MATCHED
        if not known and not (forgotten and credit is None):
            wrong.append(f"the store says {credit}")
        return wrong


class _PayingBench(Bench):
    """The command line over a harness whose trips and calls meet faults."""

    def __init__(self, harness: Harness) -> None:
        super().__init__(harness.clock)
        self.harness = harness
        self.exports = {"main": harness.export}

    @contextmanager
    def store(self) -> Iterator[Store]:
        watched: Any = WatchedStore(self.harness)
        yield watched

    @contextmanager
    def reconciler(self, export: ExportConfig) -> Iterator[Reconciler]:
        del export
        ledger = self.harness.client.ledger(self.harness.rate_limiter)
        yield Reconciler(context=self.harness.context, ledger=ledger)


@dataclass(kw_only=True)
class _Paid:
    """Two invoices, paid in part and too much; an importer takes every file away at once."""

    harness: Harness
    folder: Path
    ended: bool = False
    #: Ids of the payments in each file that was taken, and their amounts.
    taken: list[dict[str, Decimal]] = field(default_factory=list)

    def work(self, harness: Harness) -> None:
        try:
            self.ended = _PayingBench(harness).run("payments") == 0
        finally:
            self._take()

    def done(self, harness: Harness) -> bool:
        del harness
        return self.ended

    def between(self) -> None:
        """A part of a payment goes back, and more comes in."""
        _enter(self.harness, 100_001, "-10.00")
        _enter(self.harness, 100_001, "30.00")
        self.ended = False

    def wrong(self, *, forgotten: bool) -> list[str]:
        """Where the store has forgotten, a payment may come again: under its own id, by which an importer knows it."""
        files = len(self.taken)
        self.work(self.harness)
        wrong = ["a run after the last one tells something"] if len(self.taken) != files else []
        told = {key: amount for file in self.taken for key, amount in file.items()}
        times = Counter(key for file in self.taken for key in file)
        twice = [key for key, count in times.items() if count > 1]
        if twice and not forgotten:
            wrong.append(f"told more than once: {twice}")
        rows = self.harness.sandbox.agreement.booked_entries
        paid = [row for row in rows if row["customer"] is not None and row["entryType"] == "customerPayment"]
        expected = {f"main-{row['invoice']}-e{row['entryNumber']}": -row["amount"] for row in paid}
        return wrong if told == expected else [*wrong, f"told {told}, paid {expected}"]

    def _take(self) -> None:
        for file in sorted(self.folder.glob("payments-*")):
            rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
            self.taken.append({row["paymentId"]: Decimal(row["amount"]) for row in rows})
            file.unlink()


def _enter(harness: Harness, number: int, amount: str) -> None:
    moment = harness.sandbox.server_state.clock.moment()
    call = Call(method="POST", path="/", now=moment)
    pay(harness.sandbox.agreement, number, Decimal(amount), "2026-12-01", call)


@contextmanager
def _attaching() -> Iterator[Stage]:
    harness = Harness(EXPORT)
    printed = [invoice(line(), invoice_number=number, customer=_KNOWN) for number in (100_001, 100_002)]
    harness.close_period(*map(harness.pdf_fixtures.printed, printed))
    harness.until_rest()
    yield _Attached(harness=harness)


@contextmanager
def _matching() -> Iterator[Stage]:
    harness = Harness(EXPORT.model_copy(update={"corrections": Corrections(match=True)}))
    original = invoice(line("100.00", account="3012", rate="0.00"), invoice_number=100_001, customer=_KNOWN)
    credit = invoice(
        line("-100.00", account="3012", rate="0.00"),
        invoice_number=100_002,
        credits_invoice_number=100_001,
        customer=_KNOWN,
    )
    harness.close_period(original)
    harness.close_period(credit, event="/opter/acme/1#e2", number=882)
    harness.until_rest()
    certify(harness)
    yield _Matched(harness=harness, periods=(_CREDITS,))


@contextmanager
def _paying() -> Iterator[Stage]:
    with TemporaryDirectory(prefix="payments-") as folder:
        settings = Payments(folder=folder, format="jsonl")
        harness = Harness(EXPORT.model_copy(update={"payments": settings}))
        both = [invoice(line(), invoice_number=number, customer=_KNOWN) for number in (100_001, 100_002)]
        harness.close_period(*both)
        harness.until_rest()
        _enter(harness, 100_001, "40.00")
        _enter(harness, 100_002, str(both[1].gross + 5))
        yield _Paid(harness=harness, folder=Path(folder))


FOLLOW_UPS: dict[str, Callable[[], Any]] = {
    "PDFs attached": _attaching,
    "a credit note matched": _matching,
    "payments handed over": _paying,
}


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What is played; its text is enough to repeat it."""

    follow_up: str
    faults: tuple[ScheduledFault, ...] = ()
    gap: float = 0.0

    def __str__(self) -> str:
        happened = ", ".join(f"{each.fault} at effect {each.effect}" for each in self.faults)
        return f"{self.follow_up}; {happened or 'nothing'}; {self.gap:g} s later"


def play(schedule: Schedule) -> tuple[list[str], list[str]]:
    """Return what was wrong in the end, and the effects."""
    with FOLLOW_UPS[schedule.follow_up]() as stage:
        harness: Harness = stage.harness
        played = ScheduleRun(
            harness=harness,
            faults=schedule.faults,
            between=stage.between,
            work=stage.work,
            done=stage.done,
            pause=_LEASE,
        )
        try:
            played.run(gap=schedule.gap, most=20)
        except AssertionError as error:
            return [str(error)], played.effects
        effects = list(played.effects)
        played.faults = ()
        met = {each.fault for each in schedule.faults}
        wrong = stage.wrong(forgotten=bool(met & LOST_WRITES.keys()))
        wrong += [] if PAYLOAD_CHANGED in met else findings(harness)
        return [*wrong, *(f"bug: {error!r}" for error in harness.reported)], effects


def every_single(follow_up: str, gaps: Iterable[float] = GAPS) -> Iterator[Schedule]:
    """Yield every single fault at every effect, followed by each gap."""
    _, effects = play(Schedule(follow_up=follow_up))
    for gap, faults in itertools.product(gaps, single_faults(effects)):
        yield Schedule(follow_up=follow_up, faults=faults, gap=gap)


def sampled_pairs(follow_up: str, count: int, chance: random.Random) -> Iterator[Schedule]:
    """Yield pairs of faults drawn by chance: the first at any effect, the second soon after, any gap."""
    _, effects = play(Schedule(follow_up=follow_up))
    firsts = list(single_faults(effects))
    for _ in range(count):
        [first] = chance.choice(firsts)
        second = ScheduledFault(effect=first.effect + chance.randint(1, REACH), fault=chance.choice(EVERY))
        yield Schedule(follow_up=follow_up, faults=(first, second), gap=chance.choice(GAPS))
