"""The whole export over garbled answers: whatever e-conomic seems to say, every invoice ends there once."""

from dataclasses import dataclass, field

import httpx
from hypothesis import given
from hypothesis import strategies as st
from support.chaos import vouchers
from support.chaos.end_state import ended
from support.chaos.scenarios import SCENARIOS, Scenario
from support.fuzzing import fuzzed
from support.garbled import Garble, garbles
from support.harness import Harness
from support.inprocess import Sandbox

from worker.domain.record import State
from worker.economic.reasons import EconomicReason

_RESTING = (State.EXPORTED, State.DEAD)
#: Between two sweeps, in seconds: as long as the longest pause that an answer may ask for.
_STEP, _MOST_STEPS = 3600.0, 60


@dataclass(kw_only=True)
class _Garbling:
    """Garbles the answers to some of the calls, counted from 0; ``writes`` counts calls that change something only."""

    harness: Harness
    at: dict[int, Garble]
    writes: bool
    calls: int = 0
    struck: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request, answer: "Sandbox.answer") -> httpx.Response:
        found = answer(request)
        if self.writes and request.method == "GET":
            return found
        self.calls += 1
        garble = self.at.get(self.calls - 1)
        return found if garble is None or _refused_upload(request, found) else garble(found)


def _refused_upload(request: httpx.Request, found: httpx.Response) -> bool:
    """Left as it is: an upload's answer says nothing but its status, so a refusal called a success is believed."""
    return found.is_error and request.url.path.endswith("/attachment/file")


def _rest(harness: Harness) -> None:
    """Let time pass until the invoice rests; a person sees to the export whenever it stands still."""
    for _ in range(_MOST_STEPS):
        _see_to(harness)
        for period, _ in harness.store.periods_due():
            harness.check(period)
        harness.deliver()
        if all(record.state in _RESTING for record in harness.records()):
            return
        harness.clock.advance(_STEP)
        harness.sweep()
    raise AssertionError(f"still moving: {[(record.state, record.failure) for record in harness.records()]}")


def _see_to(harness: Harness) -> None:
    """Resume the export; if a garbled answer has bound it to another agreement, set that right first."""
    pause = harness.store.paused().get("main")
    if pause and pause.reason == EconomicReason.AGREEMENT_MISMATCH:
        harness.store.pins.clear()
    harness.store.resume("main")


def _play(scenario: Scenario, at: dict[int, Garble], *, writes: bool) -> None:
    harness = scenario.harness()
    garbling = _Garbling(harness=harness, at=at, writes=writes)
    harness.around_http = garbling
    _rest(harness)
    [record] = harness.records()
    if record.state is State.DEAD:
        assert record.failure is not None
        assert record.failure.next_step
        # The failure is over, and a person re-queues the invoice.
        garbling.at.clear()
        harness.clock.advance(2 * _STEP)
        harness.hire()
        harness.store.requeue([record.id], by="test")
        _rest(harness)
    assert harness.reported == []
    assert _wrong(harness, scenario) == []


def _wrong(harness: Harness, scenario: Scenario) -> list[str]:
    [record] = harness.records()
    if scenario.with_pdf:
        return vouchers.ended(harness, record, scenario.invoice, booked=scenario.ends == "voucher-booked")
    return ended(record, scenario.invoice, harness.documents(), booked=scenario.ends == "booked")


EXPORTED = st.sampled_from([scenario for scenario in SCENARIOS if scenario.ends != "dead"])


@fuzzed(150)
@given(scenario=EXPORTED, first=garbles(), second=garbles(), at=st.tuples(st.integers(0, 3), st.integers(0, 4)))
def test_garbled_answers_to_writes_double_nothing(
    scenario: Scenario, first: Garble, second: Garble, at: tuple[int, int]
) -> None:
    """Two of the answers to what was sent are not what e-conomic meant: one document in the end, to the øre."""
    _play(scenario, {at[1]: second, at[0]: first}, writes=True)


@fuzzed(150)
@given(scenario=EXPORTED, garble=garbles(), at=st.integers(0, 40))
def test_one_garbled_answer_to_anything_doubles_nothing(scenario: Scenario, garble: Garble, at: int) -> None:
    """Any one call, reads included: nothing is lost over it, and no single false "not found" allows a second create."""
    _play(scenario, {at: garble}, writes=False)
