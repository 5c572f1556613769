"""Causes that a person mends in e-conomic are asked about, and their invoices go on by themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest
from structlog.testing import capture_logs
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.invoice_harness import KNOWN, sample
from support.samples import line

from config.exports import ExportConfig
from config.settings_sections import SelfClearing
from worker.domain.causes import Cause, CauseState
from worker.domain.invoice import Invoice, PaymentCondition
from worker.domain.reasons import failure
from worker.domain.record import InvoiceRecord, MoveToDeadLetters, State
from worker.economic.reasons import EconomicReason
from worker.errors import Failure
from worker.workflow.cause_watch import CauseWatch
from worker.workflow.probe import NOT_ASKABLE, Probe

PAUSES = SelfClearing(first_pause=30, longest_pause=100)


def watch_of(harness: Harness, export: ExportConfig | None = None) -> CauseWatch:
    """Return what asks about causes, as a worker has it."""
    names = count(1)
    client = harness.client
    return CauseWatch(
        store=harness.store,
        settings=PAUSES,
        exports={"main": export or harness.export},
        probes={"main": Probe(context=harness.context, read=client.read, check_token=client.check_token)},
        clock=harness.clock,
        new_name=lambda: str(next(names)),
    )


def add_group(harness: Harness) -> None:
    """Create the product group 3999, with the accounts of another."""
    agreement = harness.sandbox.agreement
    like = next(number for number, group in agreement.product_groups.items() if group["name"] == "3010")
    agreement.product_groups[99] = agreement.product_groups[like] | {"productGroupNumber": 99, "name": "3999"}
    accounts = {zone: account for (number, zone), account in agreement.sales_accounts.items() if number == like}
    agreement.sales_accounts.update({(99, zone): account for zone, account in accounts.items()})


def calls(harness: Harness) -> int:
    return len(harness.sandbox.server_state.request_log.entries)


def ask(watch: CauseWatch) -> int:
    """Let the sweep find what is due, and a worker ask; return how many invoices go on."""
    return sum(watch.run(export) for _, export in watch.due())


def only_cause(harness: Harness) -> Cause:
    (cause,) = harness.store.causes()
    return cause


def ended(harness: Harness) -> dict[str, State]:
    """Let every batch come to its end, and return where the invoices stand."""
    for _ in range(5):
        harness.store.advance_batches()
        harness.until_rest()
    return {record.id: record.state for record in harness.records()}


def _change(name: str, key: Any, **fields: Any) -> Callable[[Harness], None]:
    return lambda harness: getattr(harness.sandbox.agreement, name)[key].update(fields)


def _november(harness: Harness, *, closed: bool) -> None:
    (period,) = (it for it in harness.sandbox.agreement.years["2026"]["periods"] if it["fromDate"] == "2026-11-01")
    period["closed"] = closed


def _take(name: str, key: Any, kept: dict[str, Any]) -> Callable[[Harness], None]:
    def take(harness: Harness) -> None:
        kept[name] = getattr(harness.sandbox.agreement, name).pop(key)

    return take


def _give(name: str, key: Any, kept: dict[str, Any]) -> Callable[[Harness], None]:
    return lambda harness: getattr(harness.sandbox.agreement, name).update({key: kept[name]})


@dataclass(frozen=True, kw_only=True)
class Case:
    """A cause: how it comes about, and how a person mends it."""

    reason: str
    breaks: Callable[[Harness], object]
    mends: Callable[[Harness], object]
    invoice: Callable[..., Invoice] = sample
    export: ExportConfig = EXPORT
    #: Calls that one question takes at most, for however many invoices.
    calls: int = 1
    by_itself: bool = True


KEPT: dict[str, Any] = {}
CASES = [
    Case(
        reason="product-group-missing",
        breaks=lambda _: None,
        mends=add_group,
        invoice=lambda **changes: sample(line(account="3999"), **changes),
    ),
    Case(
        reason="accounting-period-closed",
        breaks=lambda harness: _november(harness, closed=True),
        mends=lambda harness: _november(harness, closed=False),
        calls=3,
    ),
    Case(
        reason="currency-unknown",
        breaks=_take("currencies", "SEK", KEPT),
        mends=_give("currencies", "SEK", KEPT),
        invoice=lambda **changes: sample(currency="SEK", **changes),
    ),
    Case(
        reason="layout-missing",
        breaks=_take("layouts", 17, KEPT),
        mends=_give("layouts", 17, KEPT),
    ),
    Case(
        reason="payment-terms-missing",
        breaks=lambda _: None,
        mends=lambda harness: harness.sandbox.agreement.payment_terms.update(
            {
                77: {
                    "paymentTermsNumber": 77,
                    "daysOfCredit": 41,
                    "name": "Netto 41 dage",
                    "paymentTermsType": "net",
                }
            }
        ),
        invoice=lambda **changes: sample(
            payment_condition=PaymentCondition(name="41 dage", days=41), due_date=date(2026, 12, 31), **changes
        ),
        calls=2,
    ),
    Case(
        reason="customer-barred",
        breaks=_change("customers", 1001, barred=True),
        mends=_change("customers", 1001, barred=False),
        by_itself=False,
    ),
    Case(
        reason="journal-missing",
        breaks=lambda _: None,
        mends=lambda harness: harness.sandbox.agreement.journals.update(
            {44: dict(harness.sandbox.agreement.journals[1], journalNumber=44)}
        ),
        export=VOUCHER_EXPORT.model_copy(
            update={"journal": 44, "voucher": VOUCHER_EXPORT.voucher.model_copy(update={"missing_pdf": "post"})}
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_a_cause_that_was_mended_lets_its_invoices_go_on(case: Case) -> None:
    """It is asked about with one question for all; still there: they stay. What a person decides waits for one."""
    harness = Harness(case.export)
    case.breaks(harness)
    harness.close_period(*(case.invoice(invoice_number=number) for number in range(100_353, 100_358)))
    harness.until_rest()
    watch = watch_of(harness)
    assert (only_cause(harness).failure.reason, only_cause(harness).invoices) == (case.reason, 5)

    before = calls(harness)
    assert ask(watch) == 0
    answer = only_cause(harness).answer
    assert answer is not None
    assert answer.state is CauseState.STILL
    assert answer.why
    assert calls(harness) - before <= case.calls
    case.mends(harness)
    assert ask(watch) == 0  # not before its pause is over
    harness.clock.advance(PAUSES.first_pause)

    assert ask(watch) == (5 if case.by_itself else 0)
    if not case.by_itself:
        assert only_cause(harness).gone(harness.clock())
        assert ask(watch_of(harness, case.export.model_copy(update={"self_clearing": "on"}))) == 0
        harness.clock.advance(PAUSES.longest_pause)
        assert ask(watch_of(harness, case.export.model_copy(update={"self_clearing": "on"}))) == 5
    assert set(ended(harness).values()) == {State.EXPORTED}
    assert len(harness.sandbox.agreement.booked) + len(harness.sandbox.agreement.vouchers) >= 5


def test_one_line_says_so() -> None:
    """Reason, number, and the batch, which names the cause and since when it is gone."""
    harness = Harness()
    harness.close_period(*(sample(line(account="3999"), invoice_number=number) for number in (100_353, 100_354)))
    harness.until_rest()
    add_group(harness)
    harness.clock.advance(1)
    cause = only_cause(harness)

    with capture_logs() as lines:
        ask(watch_of(harness))

    said = [entry for entry in lines if entry["event"] == "cause_gone"]
    assert [(entry["reason"], entry["invoices_queued"]) for entry in said] == [("product-group-missing", 2)]
    (batch,) = harness.store.batches()
    assert (batch.ordered.id, batch.ordered.by) == (said[0]["batch"], "self-clearing")
    assert batch.ordered.why == f"gone since {datetime.fromtimestamp(harness.clock(), UTC):%Y-%m-%d %H:%M:%SZ}"
    assert batch.ordered.cause == cause.failure


def test_the_pauses_grow_to_a_bound() -> None:
    """Half a minute, a minute, then what the settings allow."""
    harness = Harness()
    harness.close_period(sample(line(account="3999")))
    harness.until_rest()
    watch, pauses = watch_of(harness), []
    for _ in range(4):
        ask(watch)
        pauses.append(only_cause(harness).pause)
        harness.clock.advance(pauses[-1])

    assert pauses == [30, 60, 100, 100]


def test_two_causes_of_one_export_share_what_was_read() -> None:
    """Whatever two questions read alike is read once."""
    harness = Harness()
    first = sample(line(account="3999"), invoice_number=100_353)
    harness.close_period(first, sample(line(account="3998"), invoice_number=100_354))
    harness.until_rest()
    harness.clock.advance(1)
    before = calls(harness)
    ask(watch_of(harness))

    assert (len(harness.store.causes()), calls(harness) - before) == (2, 1)


def test_no_answer_is_no_absence() -> None:
    """An outage leaves the cause as it was, and says so."""
    harness = Harness()
    harness.close_period(sample(line(account="3999")))
    harness.until_rest()
    harness.clock.advance(1)
    harness.sandbox.agreement.roles = set()

    assert ask(watch_of(harness)) == 0
    answer = only_cause(harness).answer
    assert answer is not None
    assert (answer.state, bool(answer.why)) == (CauseState.UNKNOWN, True)


def test_what_only_a_refusal_shows_is_not_taken_for_gone() -> None:
    """Legacy REST calls a barred period open: its answer proves nothing, unless the newer service may be read."""
    harness = Harness()
    (period,) = (it for it in harness.sandbox.agreement.years["2026"]["periods"] if it["fromDate"] == "2026-11-01")
    period["barred"] = True
    harness.close_period(sample())
    harness.until_rest()
    assert only_cause(harness).failure.reason == "accounting-period-barred"
    period["barred"] = False

    assert ask(watch_of(harness)) == 0
    answer = only_cause(harness).answer
    assert answer is not None
    assert answer.state is CauseState.UNKNOWN


def test_what_no_call_shows_is_said() -> None:
    """A voucher or draft that differs is for a person."""
    harness = Harness()
    harness.close_period(sample())
    harness.check()
    record = harness.store.claim("main-100353")
    assert isinstance(record, InvoiceRecord)
    harness.store.save(record, MoveToDeadLetters(failure=failure(EconomicReason.TOTALS_MISMATCH, "They differ.")))
    harness.clock.advance(1)
    before = calls(harness)

    ask(watch_of(harness))
    answer = only_cause(harness).answer
    assert answer is not None
    assert (answer.state, answer.why, calls(harness) - before) == (CauseState.UNKNOWN, NOT_ASKABLE, 0)


@pytest.mark.parametrize("mode", ["off", "ask"])
def test_an_export_may_leave_it_to_a_person(mode: str) -> None:
    """`ask`: it is asked and shown; `off`: it is not even asked."""
    harness = Harness()
    harness.close_period(sample(line(account="3999")))
    harness.until_rest()
    add_group(harness)
    watch = watch_of(harness, EXPORT.model_copy(update={"self_clearing": mode}))

    assert ask(watch) == 0
    assert (only_cause(harness).answer is None) is (mode == "off")
    assert harness.store.batches() == []


def test_a_token_that_works_again_resumes_its_export() -> None:
    """Refused: it stays paused, and is asked later; right again: it goes on, with a line in the log."""
    harness = Harness()
    harness.close_period(sample(customer=KNOWN))
    harness.sandbox.agreement.revoked = True
    harness.check()
    watch = watch_of(harness)
    assert harness.store.paused()["main"].reason == "tokens-refused"

    ask(watch)
    assert "main" in harness.store.paused()
    harness.sandbox.agreement.revoked = False
    assert watch.due() == []
    harness.clock.advance(PAUSES.first_pause)
    with capture_logs() as lines:
        ask(watch)

    assert harness.store.paused() == {}
    harness.store.pause("main", Failure(reason="tokens-refused", description="", next_step=""))
    assert watch.due() == []  # paused again at once: not asked about at once, and later each time
    assert harness.store.pause_wait("main") == 2 * PAUSES.first_pause
    harness.store.resume("main", by="kim")
    assert "export_resumed" in {entry["event"] for entry in lines}
    assert set(ended(harness).values()) == {State.EXPORTED}


def test_a_pause_by_a_role_waits_for_a_person() -> None:
    """The token alone does not show whether a role is there."""
    harness = Harness()
    harness.sandbox.agreement.roles = set()
    harness.close_period(sample())
    harness.check()

    assert (harness.store.paused()["main"].reason, watch_of(harness).due()) == ("role-missing", [])
