"""Lookups of a large period, made side by side."""

import threading
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from worker.domain.reasons import failure
from worker.economic.port import Usage
from worker.economic.reasons import EconomicReason
from worker.economic.side_by_side import READERS, side_by_side
from worker.errors import Unavailable

PATIENCE = 60.0
QUESTIONS = list(range(23))


def test_answers_come_in_the_order_of_the_questions() -> None:
    """Whichever read ends first."""
    later = threading.Event()

    def read(question: int) -> Sequence[int]:
        if question == 0:
            assert later.wait(PATIENCE)
        if question == 1:
            later.set()
        return [question, -question]

    assert [sign * n for n in QUESTIONS for sign in (1, -1)] == side_by_side(read, QUESTIONS)


def test_no_more_than_the_readers_are_under_way() -> None:
    """Other periods need their tokens, and e-conomic its peace."""
    lock, under_way, most = threading.Lock(), 0, 0

    def read(question: int) -> Sequence[int]:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.005)
        with lock:
            under_way -= 1
        return [question]

    side_by_side(read, QUESTIONS)

    assert 1 < most <= READERS


@pytest.mark.parametrize(("questions", "readers"), [(2, READERS), (20, 1)])
def test_few_reads_and_a_single_reader_need_no_thread(questions: int, readers: int) -> None:
    """A further connection costs about as much as a call; what is last in line takes one place in it."""
    threads = side_by_side(lambda _: [threading.current_thread()], range(questions), readers=readers)

    assert {threading.current_thread()} == set(threads)


def test_the_first_error_ends_it() -> None:
    """An outage is never absence: what was read beside it is no answer."""
    asked: list[int] = []

    def read(question: int) -> Sequence[int]:
        asked.append(question)
        raise Unavailable(failure(EconomicReason.ECONOMIC_UNAVAILABLE, f"question {question}"))

    with pytest.raises(Unavailable, match="question 0"):
        side_by_side(read, range(1000))

    assert len(asked) < 1000


def test_the_reads_count_for_whoever_asked() -> None:
    """The canonical line of the check names all its calls."""
    spent: ContextVar[Usage] = ContextVar("spent")
    usage = Usage()
    spent.set(usage)

    def read(question: int) -> Sequence[int]:
        usage = spent.get()
        with usage.lock:
            usage.calls, usage.tokens = usage.calls + 1, usage.tokens + 3.0
        return [question]

    side_by_side(read, QUESTIONS)

    assert (len(QUESTIONS), 3.0 * len(QUESTIONS)) == (usage.calls, usage.tokens)
