"""The intake process: consumer and sweeps side by side until stopped."""

import threading
from functools import partial

from worker.cli.processes import run_intake
from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable


class Sweeps:
    """Sweeps with the given outcomes, the last of which stops the process."""

    def __init__(self, stop: threading.Event, *outcomes: Exception | int) -> None:
        self._stop = stop
        self._outcomes = list(outcomes)
        self.turns = 0

    def turn(self) -> int:
        self.turns += 1
        outcome = self._outcomes.pop(0)
        if not self._outcomes:
            self._stop.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_sweeps_go_on_after_redis_was_down_and_after_a_fault() -> None:
    """Sweeps repair everything else, so nothing may end them but the stop."""
    stop = threading.Event()
    down = StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))
    sweeps = Sweeps(stop, down, down, ValueError("a fault of ours"), 3)

    beats: list[int] = []
    beat = partial(beats.append, 1)
    run_intake(lambda event: event.wait(60) and None, sweeps.turn, interval=0.001, stop=stop, beat=beat)

    assert sweeps.turns == 4
    assert len(beats) == 4, "the loop came round each time, so the process does not hang"


def test_the_sweeps_end_with_the_consumer() -> None:
    """A consumer that fails does not leave a process behind that only seems to work."""
    stop = threading.Event()

    def fail(_: threading.Event) -> None:
        raise RuntimeError

    try:
        run_intake(fail, lambda: 0, interval=0.001, stop=stop, beat=lambda: None)
    except RuntimeError:
        assert stop.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "sweeps"]
