"""A runtime that is exchanged while tasks use it."""

from typing import cast

import pytest

from worker.runtime.runtime import Runtime, RuntimeInUse


class Parts:
    """As much of a runtime as counts here."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


class Made:
    """Everything that was built, in order."""

    def __init__(self) -> None:
        self.parts: list[Parts] = []
        self.in_use = RuntimeInUse(self._build)

    def _build(self) -> Runtime:
        self.parts.append(Parts())
        return cast("Runtime", self.parts[-1])

    def closed(self) -> list[int]:
        return [parts.closed for parts in self.parts]


def test_a_task_under_way_keeps_what_it_began_with() -> None:
    """It is closed when the last of its tasks has ended, once; tasks to come have the new one at once."""
    made = Made()
    with made.in_use.using() as first:
        with made.in_use.using():
            made.in_use.exchange()
            with made.in_use.using() as second:
                assert second is not first
        assert made.closed() == [0, 0]
    assert made.closed() == [1, 0]
    made.in_use.close()
    assert made.closed() == [1, 1]


def test_exchanged_twice_under_one_task() -> None:
    """Each is closed when nobody uses it any more, the one in between at once."""
    made = Made()
    with made.in_use.using():
        made.in_use.exchange()
        made.in_use.exchange()
        assert made.closed() == [0, 1, 0]
    assert made.closed() == [1, 1, 0]


def test_nothing_is_built_before_it_is_used() -> None:
    """A process that is about to fork, or ends at once, opens no connection."""
    made = Made()
    made.in_use.close()
    assert made.parts == []
    assert made.in_use.current is made.in_use.current
    made.in_use.drop()
    assert made.closed() == [0]


def test_a_task_that_fails_counts_as_ended() -> None:
    """Its runtime is closed like any other."""
    made = Made()

    def fail() -> None:
        with made.in_use.using():
            made.in_use.exchange()
            raise ValueError

    with pytest.raises(ValueError):  # it has no text
        fail()
    assert made.closed() == [1, 0]
