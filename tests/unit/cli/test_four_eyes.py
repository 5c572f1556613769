"""Commands over the limit: they ask for a second person's yes, and change nothing."""

from decimal import Decimal

import pytest
from support.cli import Bench, half_done

from config.sign_in_section import SignIn
from worker.domain.record import State


@pytest.fixture
def limited(bench: Bench) -> Bench:
    """Invoices that failed and that are exported, and a limit below each."""
    half_done(bench)
    sign_in = SignIn(four_eyes=("DKK 1",), approval_hours=2)
    bench.settings = bench.settings.model_copy(update={"sign_in": sign_in})
    return bench


def _in(bench: Bench, state: State) -> list[str]:
    return [record.id for record in bench.memory.invoices(None, state)]


@pytest.mark.parametrize(
    ("command", "state", "action"),
    [
        (["requeue", "--all", "--why", "made"], State.DEAD, "requeue"),
        (["requeue", "ID", "--why", "made"], State.DEAD, "requeue"),
        (["mark-exported", "ID", "--why", "typed in"], State.DEAD, "mark-exported"),
        (["batch", "start", "discard", "--why", "not ours", "--yes"], State.DEAD, "discard"),
        (["reexport", "ID"], State.EXPORTED, "reexport"),
        (["reexport", "--period", "881"], State.EXPORTED, "reexport"),
    ],
    ids=str,
)
def test_a_command_over_the_limit_asks_and_changes_nothing(
    limited: Bench, command: list[str], state: State, action: str
) -> None:
    """Named or chosen; asked once, with who, why, how many and how much. Exit code 1."""
    before = _in(limited, state)
    arguments = [before[0] if word == "ID" else word for word in command]
    assert [limited.run(*arguments, "--by", "Birthe") for _ in range(2)] == [1, 1]
    assert _in(limited, state) == before
    [found] = limited.waiting_for_yes.approvals()
    assert (found.asked.by, found.asked.action, found.asked.export) == ("Birthe", action, "main")
    assert found.asked.invoices == len(limited.memory.frozen_members(found.asked.frozen))
    assert max(found.asked.at_stake.values()) > Decimal(1)
    assert "Nothing was changed" in " ".join(limited.stderr.getvalue().split())


def test_within_the_limit_and_without_one_nobody_is_asked(limited: Bench) -> None:
    """As before."""
    for four_eyes in ((), ("DKK 9000000",)):
        limited.settings = limited.settings.model_copy(update={"sign_in": SignIn(four_eyes=four_eyes)})
        limited.run("requeue", "--all", "--why", "made")
    assert limited.waiting_for_yes.approvals() == []
    assert _in(limited, State.DEAD) == []
