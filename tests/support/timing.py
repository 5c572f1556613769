"""How long something takes, on a machine that may be busy with something else."""

import time
from collections.abc import Callable

_TRIES = 5


def seconds(do: Callable[[], object]) -> float:
    """Return how long it takes."""
    began = time.monotonic()
    do()
    return time.monotonic() - began


def quickest(run: Callable[[], float], *, within: float) -> float:
    """Return the seconds of the quickest of a few runs, each of which returns its own; one below ``within`` is enough.

    A busy machine makes a run longer, never shorter: code that is too slow is so in every run.
    """
    took = [run()]
    while min(took) >= within and len(took) < _TRIES:
        took.append(run())
    return min(took)
