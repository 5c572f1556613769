"""A worker that has to end: invoices and periods are handed on before the next call, and end once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import httpx
import pytest
from support import samples
from support.certifying import certify
from support.harness import EXPORT, PERIOD, VOUCHER_EXPORT, Harness

from config.exports import ExportConfig
from worker.domain.record import State
from worker.workflow.lease_renewal import Ending

#: More calls than a first invoice needs, whoever its customer is and nothing known of the agreement.
_MOST = 60


@dataclass
class _SlowAgreement:
    """An e-conomic that takes eight seconds for each answer; after so many calls the worker's time is over."""

    harness: Harness
    most: int
    calls: int = 0

    def __post_init__(self) -> None:
        self.harness.around_http = self._answer
        self.harness.stopped = lambda: self.calls >= self.most

    def _answer(self, request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        self.calls += 1
        self.harness.clock.advance(8.0)
        return answer(request)

    def gone(self) -> int:
        """Let another worker go on, at its usual speed; returns how many calls the stopped one has made."""
        self.harness.around_http = lambda request, answer: answer(request)
        self.harness.stopped = lambda: False
        self.harness.hire()
        return self.calls


def _harness(export: ExportConfig) -> Harness:
    harness = Harness(export)
    invoice = samples.invoice(invoice_number=100001, customer=samples.customer(corporate_id=None))
    harness.close_period(harness.pdf_fixtures.printed(invoice))
    return harness


@pytest.mark.parametrize("turns", range(8))
def test_an_invoice_is_handed_on_between_two_turns(turns: int) -> None:
    """Whichever turn was the last: queued at once, no crash is counted, and another worker books it once."""
    harness = _harness(EXPORT)
    whole, left = harness.exporter, iter(range(turns))
    harness.check()
    harness.exporter = replace(whole, ending=lambda: next(left, None) is None)
    [result] = harness.deliver()
    record = harness.record("main-100001")
    harness.exporter = whole
    harness.until_rest()
    done = harness.record("main-100001")

    assert (result.result, record.state) in {("given-back", State.QUEUED), ("exported", State.EXPORTED)}
    if record.state is State.QUEUED:
        assert (record.history[-1].event, record.history[-1].detail) == ("lease-given-back", "the worker was stopped")
    assert (done.state, done.crashes) == (State.EXPORTED, 0)
    assert len(harness.sandbox.agreement.booked) == 1
    assert harness.sandbox.agreement.drafts == {}


def test_what_is_begun_too_late_is_handed_on_untouched() -> None:
    """A message that comes after the signal: nothing is sent to e-conomic."""
    harness = _harness(EXPORT)
    harness.check()
    harness.exporter = replace(harness.exporter, ending=lambda: True)
    [result] = harness.deliver()

    assert (result.result, result.usage.calls) == ("given-back", 0)


@pytest.mark.parametrize("export", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
def test_no_call_begins_once_the_time_is_over(export: ExportConfig) -> None:
    """Whichever call of an invoice was the last: no attempt and no crash is counted, and it is posted once."""
    stopped = 0
    for most in range(_MOST):
        harness = _harness(export)
        harness.check()
        harness.hire()  # nothing is known of the agreement: the first turn alone takes many calls
        slow = _SlowAgreement(harness, most)
        harness.sweep()
        [result, *_] = harness.deliver()
        record = harness.record("main-100001")
        assert slow.gone() <= most
        harness.until_rest()
        done, agreement = harness.record("main-100001"), harness.sandbox.agreement

        if result.result != "exported":
            assert (result.result, record.state, record.attempts) == ("given-back", State.QUEUED, 0)
            stopped += 1
        assert (done.state, done.crashes, done.attempts) == (State.EXPORTED, 0, 0)
        assert len(agreement.booked) + len(agreement.vouchers) == 1
        assert agreement.drafts == {}
        if result.result == "exported":
            break

    assert stopped > 15


def test_the_check_of_a_period_begins_no_call_either() -> None:
    """It is due again at once, so that another worker goes on with it; whichever call was the last."""
    results = []
    for most in range(_MOST):
        harness = _harness(EXPORT)
        slow = _SlowAgreement(harness, most)
        results.append(harness.check().result)
        assert slow.gone() <= most
        if results[-1] == "checked":
            break
        assert [key for key, _ in harness.store.periods_due()] == [PERIOD]
        assert harness.check().result == "checked"

    assert set(results[:-1]) == {"given-back"}
    assert results[-1] == "checked"


def test_the_certificate_of_a_period_begins_no_call_either() -> None:
    """It is due again: at once, or, where some of the ledger was read already, after a minute."""
    results = []
    for most in range(_MOST):
        harness = _harness(EXPORT)
        harness.until_rest()
        harness.hire()
        slow = _SlowAgreement(harness, most)
        results.append(certify(harness))
        assert slow.gone() <= most
        if results[-1] == "kept":
            break
        harness.clock.advance(60.0)
        assert certify(harness) == "kept"

    assert set(results[:-1]) <= {"given-back", "incomplete"}
    assert results[0] == "given-back"
    assert results[-1] == "kept"


def test_an_ending_cuts_waits_short_and_gives_back_what_is_held() -> None:
    """Whoever waits for tokens goes on at once; at the very end every lease that is held is given back, once."""
    ending, given_back = Ending(monotonic=lambda: 100.0), list[str]()
    before = ending.over()
    ending.begin(0.0)
    ending.begin(1000.0)  # a second signal gives no further time
    ending.sleep(1e6)
    with ending.holding(lambda: given_back.append("a")), ending.holding(lambda: given_back.append("b")):
        with ending.holding(lambda: given_back.append("c")):
            pass
        held = ending.give_back_all()

    assert (before, ending.over(), held, given_back) == (False, True, 2, ["a", "b"])
    assert ending.give_back_all() == 0


def test_an_invoice_in_the_middle_of_a_call_is_given_back_at_the_very_end() -> None:
    """A call that never ends: its invoice is queued, no crash is counted, and another worker posts it once."""
    harness, ending = _harness(EXPORT), Ending()
    harness.check()
    harness.exporter = replace(harness.exporter, holding=ending.holding)
    seen: list[tuple[State, int]] = []

    def hang(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if request.method == "POST" and not seen:
            ending.give_back_all()
            record = harness.record("main-100001")
            seen.append((record.state, record.crashes))
        return answer(request)

    harness.around_http = hang
    [result] = harness.deliver()
    harness.hire()
    harness.until_rest()
    done = harness.record("main-100001")

    assert (result.result, seen) == ("lease-lost", [(State.QUEUED, 0)])
    assert (done.state, done.crashes) == (State.EXPORTED, 0)
    assert len(harness.sandbox.agreement.booked) == 1
