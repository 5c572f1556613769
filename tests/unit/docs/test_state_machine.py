"""The state diagram of the architecture page, held to what the store does."""

import re

from support.deployment import DOCS
from support.memory_store import MemoryStore
from support.store.state_machine import observed

from worker.domain.record import State
from worker.store.connection import StorePolicy

ARROW = re.compile(r"^    (\w+) --> (\w+):", re.MULTILINE)


def test_the_diagram_shows_every_move_and_no_other() -> None:
    """Each arrow is a move that some operation makes, and each move that one makes has an arrow."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    drawn = {(State(start), State(end)) for start, end in ARROW.findall(text)}

    assert observed(lambda clock: MemoryStore(policy=StorePolicy(), clock=clock)) == drawn
