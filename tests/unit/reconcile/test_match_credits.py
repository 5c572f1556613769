"""Credit notes matched with their invoices: once, only where the two cancel each other out, whoever is killed."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support.certifying import certify
from support.harness import EXPORT, Harness, Killed
from support.samples import customer, invoice, line

from config.export_schema import Corrections
from worker.domain.certificate import Verdict, read_certificate
from worker.domain.credit_match import CreditMatch, MatchState, MatchStep, OpenEntry, next_match_step

_LEASE = 901.0
PERIOD, CREDITS = "main-p881", "main-p882"
MATCHING = EXPORT.model_copy(update={"corrections": Corrections(match=True)})
Answer = Callable[[httpx.Request], httpx.Response]
D = Decimal


def _exported(credited: str = "100.00", export: Any = MATCHING) -> Harness:
    """One invoice over 100.00, and a credit note that names it."""
    harness = Harness(export)
    known = customer(ledger_number=1001, corporate_id=None)
    original = invoice(line("100.00", account="3012", rate="0.00"), invoice_number=100_001, customer=known)
    credit = invoice(
        line(f"-{credited}", account="3012", rate="0.00"),
        invoice_number=100_002,
        credits_invoice_number=100_001,
        customer=known,
    )
    harness.close_period(original)
    harness.close_period(credit, event="/opter/acme/1#e2", number=882)
    harness.until_rest()
    return harness


def _until_certified(harness: Harness) -> None:
    for _ in range(20):
        if CREDITS not in harness.store.reconciles:
            return
        certify(harness, CREDITS)
        harness.clock.advance(_LEASE)
    raise AssertionError("no certificate")


def _open(harness: Harness) -> dict[int, Decimal]:
    rows = harness.sandbox.agreement.booked_entries
    return {row["invoice"]: row["remainder"] for row in rows if row["customer"] is not None}


def _events(harness: Harness) -> list[str]:
    record = harness.record("main-100002")
    return [entry.event for entry in record.history if entry.event.startswith("credit")]


def test_the_two_are_matched_once() -> None:
    """Nothing is open afterwards, one pair, and a later certificate sends nothing."""
    harness = _exported()
    _until_certified(harness)
    harness.store.schedule_reconciles("n", since=0.0)
    _until_certified(harness)

    assert _open(harness) == {100_001: D("0.00"), 100_002: D("0.00")}
    assert len(harness.sandbox.agreement.matched_pairs) == 1
    assert _events(harness) == ["credit-match-intended", "credit-matched"]
    assert harness.sandbox.server_state.request_log.findings == []


@pytest.mark.parametrize(("credited", "why"), [("40.00", "partial credit"), ("140.00", "over-credit")])
def test_what_does_not_cancel_is_left_to_a_person(credited: str, why: str) -> None:
    """Said once, with both amounts; nothing is sent."""
    harness = _exported(credited)
    _until_certified(harness)
    harness.store.schedule_reconciles("n", since=0.0)
    _until_certified(harness)
    record = harness.record("main-100002")

    assert _events(harness) == ["credit-left"]
    assert record.credit is not None
    assert record.credit.detail.startswith(f"{why}: {credited} is credited, 100.00 is open")
    assert harness.sandbox.agreement.matched_pairs == []


def test_nothing_is_matched_unless_that_is_set() -> None:
    """By default a bookkeeper does it."""
    harness = _exported(export=EXPORT)
    _until_certified(harness)

    assert harness.sandbox.agreement.matched_pairs == []
    assert _events(harness) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_boundary_matches_once(when: str) -> None:
    """Every trip to the store and every call, before and after it took effect."""
    at, reached = 0, True
    while reached:
        harness, seen = _exported(), [0]

        def strike(act: Callable[[], Any], at: int = at, seen: list[int] = seen) -> Any:
            seen[0] += 1
            if seen[0] - 1 != at:
                return act()
            if when == "after":
                act()
            raise Killed

        harness.around_store = lambda _, trip, strike=strike: strike(trip)  # type: ignore[misc]  # bound now
        harness.around_http = lambda request, answer, strike=strike: strike(lambda: answer(request))  # type: ignore[misc]
        with suppress(Killed):
            certify(harness, CREDITS)
        reached = seen[0] > at
        harness.around_store = lambda _, trip: trip()
        harness.around_http = lambda request, answer: answer(request)
        harness.hire()
        harness.clock.advance(_LEASE)
        _until_certified(harness)

        assert _open(harness) == {100_001: D("0.00"), 100_002: D("0.00")}, (at, when)
        assert len(harness.sandbox.agreement.matched_pairs) == 1, (at, when)
        record = harness.record("main-100002")
        assert record.credit is not None
        assert record.credit.state is MatchState.MATCHED
        at += 1
    assert at > 10


@pytest.mark.parametrize("later", [60.0, 4000.0])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_matches_once(when: str, later: float) -> None:
    """Whether it took effect, and whether the key is remembered."""
    harness, lost = _exported(), [True]

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        if request.method != "POST" or not lost.pop():
            lost.append(False)
            return answer(request)
        lost.append(False)
        if when == "after":
            answer(request)
        raise httpx.ReadError("cut", request=request)

    harness.around_http = around
    certify(harness, CREDITS)
    harness.clock.advance(later)
    _until_certified(harness)

    assert _open(harness) == {100_001: D("0.00"), 100_002: D("0.00")}
    assert len(harness.sandbox.agreement.matched_pairs) == 1


def test_a_refusal_is_not_repeated() -> None:
    """Left to a person with e-conomic's code."""
    harness = _exported()

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(400, json={"errorCode": "EntriesCannotBeMatched", "title": "no"}, request=request)
        return answer(request)

    harness.around_http = around
    _until_certified(harness)
    harness.store.schedule_reconciles("n", since=0.0)
    _until_certified(harness)
    record = harness.record("main-100002")

    assert record.credit is not None
    assert "EntriesCannotBeMatched" in record.credit.detail
    assert _events(harness) == ["credit-match-intended", "credit-left"]


def test_a_match_that_somebody_undid_is_a_difference() -> None:
    """The certificate says what is open again."""
    harness = _exported()
    _until_certified(harness)
    for row in harness.sandbox.agreement.booked_entries:
        if row["customer"] is not None:
            row["remainder"] = row["amount"]
    harness.clock.advance(1000.0)
    harness.store.schedule_reconciles("n", since=0.0)
    _until_certified(harness)
    kept = harness.store.certificate(harness.store.certificates(CREDITS)[-1].id)
    assert kept is not None
    [finding] = read_certificate(kept).findings

    assert (finding.verdict, [each.field for each in finding.fields]) == (Verdict.DIFFERS, ["creditMatched"])


def _entry(remainder: str, *, customer: int = 1001) -> OpenEntry:
    return OpenEntry(number=1, customer=customer, currency="DKK", amount=D(remainder), remainder=D(remainder))


@pytest.mark.parametrize(
    ("state", "credit", "original", "now", "step"),
    [
        (None, "-5.00", "5.00", 0.0, MatchStep.SEND),
        (None, "0.00", "0.00", 0.0, MatchStep.NOTHING),
        (None, "-5.00", "0.00", 0.0, MatchStep.LEAVE),
        (None, "-5.00", "4.00", 0.0, MatchStep.LEAVE),
        (None, "-5.00", "6.00", 0.0, MatchStep.LEAVE),
        (MatchState.INTENDED, "-5.00", "5.00", 10.0, MatchStep.REPEAT),
        (MatchState.INTENDED, "-5.00", "5.00", 9999.0, MatchStep.SEND),
        (MatchState.INTENDED, "0.00", "0.00", 10.0, MatchStep.ADOPT),
        (MatchState.LEFT, "-5.00", "5.00", 10.0, MatchStep.SEND),
    ],
)
def test_the_next_step(state: MatchState | None, credit: str, original: str, now: float, step: MatchStep) -> None:
    """Only two that are open and cancel each other out are sent; what is settled is never sent."""
    known = CreditMatch(state=state, key="k") if state else None

    assert next_match_step(known, _entry(credit), _entry(original), now=now, key_memory=3300.0)[0] is step


def test_different_customers_are_left() -> None:
    """A credit note on another card settles nothing of this one's."""
    step, why = next_match_step(None, _entry("-5.00"), _entry("5.00", customer=1002), now=0.0, key_memory=3300.0)

    assert step is MatchStep.LEAVE
    assert "different customers" in why
