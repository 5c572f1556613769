from typing import Any

import pytest
from pydantic import ValidationError

from worker.sandbox.faults import Fault, FaultScript


def struck(calls: int, **fault: Any) -> list[int]:
    script = FaultScript()
    script.add(Fault(**fault))
    return [
        n
        for n in range(1, calls + 1)
        if script.next("POST", "/invoices/drafts/7", "/invoices/drafts/{n}", b"ref-7", agreement=1)
    ]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({}, [1]),
        ({"nth": 3}, [3]),
        ({"nth": 2, "times": 2}, [2, 3]),
        ({"times": None}, [1, 2, 3, 4, 5]),
        ({"route": "POST /invoices/*"}, [1]),
        ({"route": "* /invoices/drafts/7"}, [1]),
        ({"route": "POST /invoices/drafts/{n}"}, [1]),
        ({"route": "GET *"}, []),
        ({"body_contains": "ref-7", "times": None}, [1, 2, 3, 4, 5]),
        ({"body_contains": "ref-8"}, []),
        ({"probability": 0.0, "times": None}, []),
    ],
)
def test_which_calls_are_struck(fault: dict[str, Any], expected: list[int]) -> None:
    """Counting goes over the matching calls alone."""
    assert struck(5, **fault) == expected


def test_a_storm_repeats_under_its_seed() -> None:
    """The same seed strikes the same calls, about as often as asked for."""
    one, same, other = (struck(1000, times=None, probability=0.3, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert 250 < len(one) < 350


def test_the_first_line_that_strikes_wins() -> None:
    """The second line waits its turn."""
    script = FaultScript()
    script.add(Fault(status=503))
    script.add(Fault(status=429))
    struck = [script.next("GET", "/self", "/self", b"", agreement=1) for _ in range(3)]
    assert [fault.status if fault else None for fault in struck] == [503, 429, None]


@pytest.mark.parametrize(
    ("fault", "by_application"),
    [
        ({"status": 500}, True),
        ({"status": 503}, False),
        ({"status": 503, "remember": True}, True),
        ({"status": 500, "remember": False}, False),
        ({"action": "drop"}, False),
    ],
)
def test_which_faulty_answers_come_from_the_application(fault: dict[str, Any], *, by_application: bool) -> None:
    """Only those pass through the key memory."""
    assert Fault(**fault).by_application is by_application


@pytest.mark.parametrize("fault", [{"nth": 0}, {"status": 799}, {"action": "explode"}, {"unknown": 1}])
def test_a_fault_that_cannot_happen_is_refused(fault: dict[str, Any]) -> None:
    """A script is read strictly."""
    with pytest.raises(ValidationError):
        Fault(**fault)


def test_a_fault_of_one_agreement() -> None:
    """Others are left alone, and are not counted."""
    script = FaultScript()
    script.add(Fault(agreement=2, times=None))
    struck = [script.next("GET", "/self", "/self", b"", agreement=number) is not None for number in (1, 2, 3, 2)]

    assert struck == [False, True, False, True]
    assert [(line["seen"], line["struck"]) for line in script.report()] == [(2, 2)]


def test_a_fault_that_ends_by_itself() -> None:
    """After its seconds it strikes no more, whatever its count allows."""
    now = [100.0]
    script = FaultScript(lambda: now[0])
    script.add(Fault(times=None, lasts=30))

    def strikes() -> bool:
        return script.next("GET", "/self", "/self", b"", agreement=1) is not None

    assert strikes()
    now[0] = 129.9
    assert strikes()
    now[0] = 130.0
    assert not strikes()
