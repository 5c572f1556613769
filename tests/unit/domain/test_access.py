"""Who may do what, and with which exports."""

import pytest

from worker.domain.access import ALL_RIGHTS, EVERY, MAY, Action, NotAllowed, Rights, Role


def test_each_role_may_do_what_the_one_before_may_and_more() -> None:
    """A viewer sees and no more; an administrator may do everything."""
    viewer, bookkeeper, operator, administrator = (MAY[role] for role in Role)
    assert viewer == {Action.SEE}
    assert viewer < bookkeeper < operator < administrator
    assert administrator == set(Action)


@pytest.mark.parametrize("action", [Action.SEE_REQUESTS, Action.RESUME, Action.SEE_HEALTH, Action.CONNECT])
def test_what_is_not_of_the_books_is_not_the_bookkeepers(action: Action) -> None:
    """Requests word for word, pauses and tokens are for whoever runs the program."""
    assert action not in MAY[Role.BOOKKEEPER]


def test_a_role_counts_for_its_export_alone() -> None:
    """One without a role has nothing, not even to look at; what belongs to no export is for who has all."""
    rights = Rights(roles={"main": Role.BOOKKEEPER, "north": Role.VIEWER})
    allowed = {export: rights.may(Action.REQUEUE, export) for export in ("main", "north", "other", "")}
    assert allowed == {"main": True, "north": False, "other": False, "": False}
    assert [rights.may(Action.SEE, export) for export in ("main", "north", "other", "", EVERY)] == [
        *(True, True),
        *(False, False, False),
    ]
    assert rights.may_somewhere(Action.REQUEUE)
    assert not rights.may_somewhere(Action.RESUME)
    with pytest.raises(NotAllowed):
        rights.require(Action.REQUEUE, "north")


def test_an_export_that_is_named_has_its_own_role() -> None:
    """More or less than for the rest; exports to come have that of the rest."""
    rights = Rights(roles={EVERY: Role.OPERATOR, "main": Role.VIEWER})
    assert [rights.may(Action.RESUME, export) for export in ("main", "new", "")] == [False, True, True]
    assert ALL_RIGHTS.may(Action.CONNECT, "any")
