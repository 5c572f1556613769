"""Reads that do not depend on each other, made side by side: the lookups of a large period take as long as a few."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Q = TypeVar("Q")
T = TypeVar("T")
#: Reads at the same time: more would keep the exports of other periods from their tokens.
READERS = 8
#: Fewer reads are made one after the other: a further connection costs about as much as a call.
_WORTH = 3


def side_by_side(read: Callable[[Q], Sequence[T]], questions: Sequence[Q], *, readers: int = READERS) -> list[T]:
    """Return what the answers hold, in the order of the questions. Raises the first error, and asks no more then.

    Each reader works in a copy of the caller's context: what the reads cost counts for the caller.
    """
    if readers < _WORTH or len(questions) < _WORTH:
        return [item for question in questions for item in read(question)]
    pool = ThreadPoolExecutor(min(readers, len(questions)), thread_name_prefix="read")
    try:
        answers = [pool.submit(copy_context().run, read, question) for question in questions]
        return [item for answer in answers for item in answer.result()]
    finally:
        pool.shutdown(cancel_futures=True)
