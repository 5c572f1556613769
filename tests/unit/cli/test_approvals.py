"""``approvals``: a second person's yes or no in a terminal."""

import json
from decimal import Decimal

import pytest
from support.cli import Bench, half_done

from worker.domain.approval import ApprovalState, NewApproval
from worker.domain.period_hold import new_request
from worker.domain.record import State
from worker.web.asking import ask_once

HELD = new_request("main-p900", "2026-48", "main", {"main-9": "one"}, {"DKK": Decimal("2500000.00")})


@pytest.fixture
def asked(bench: Bench) -> Bench:
    """A period and the re-queue of what failed wait."""
    half_done(bench)
    dead = [(record.id, record.updated_at) for record in bench.memory.invoices(None, State.DEAD)]
    batch = NewApproval(id="b1", export="main", action="requeue", subject="3050", by="Birthe", invoices=len(dead))
    frozen = bench.memory.freeze_members("main-set-b1", dead)
    ask_once(bench.waiting_for_yes, bench.memory, batch, frozen, seconds=900)
    bench.clock()
    period = next(iter(bench.memory.periods())).id
    bench.waiting_for_yes.ask_for_period(period, HELD, {"main-9": "one"})
    return bench


def _state(bench: Bench, key: str) -> ApprovalState:
    found = bench.waiting_for_yes.approval(key)
    assert found
    return found.state


def test_the_list_shows_who_asks_for_what(asked: Bench) -> None:
    """Exit code 1 while anything waits; as JSON too."""
    assert asked.run("approvals", "list") == 1
    assert "2026-48" in asked.stdout.getvalue()
    asked.stdout.truncate(0)
    asked.stdout.seek(0)
    assert asked.run("approvals", "list", "--json") == 1
    shown = json.loads(asked.stdout.getvalue())
    assert {each["id"]: (each["by"], each["state"], each["atStake"]) for each in shown} == {
        HELD.id: ("Opter", "waiting", {"DKK": "2500000.00"}),
        "b1": ("Birthe", "waiting", {}),
    }


def test_a_yes_to_a_period_by_its_id_is_done_at_once(asked: Bench) -> None:
    """The request that is open is meant; a second yes does not count."""
    assert asked.run("approvals", "approve", "main-p900", "--by", "Carl") == 0
    assert _state(asked, HELD.id) is ApprovalState.DONE
    assert asked.run("approvals", "approve", HELD.id, "--by", "Dorte") == 1
    assert "Nothing was changed" in asked.stderr.getvalue()


def test_a_yes_starts_the_batch_that_was_asked_for(asked: Bench) -> None:
    """As on the page; never by who asks."""
    assert asked.run("approvals", "approve", "b1", "--by", "birthe") == 1
    assert _state(asked, "b1") is ApprovalState.WAITING
    assert asked.run("approvals", "approve", "b1", "--by", "Carl") == 0
    assert _state(asked, "b1") is ApprovalState.DONE
    assert not list(asked.memory.invoices(None, State.DEAD))


def test_a_no_needs_a_reason_and_a_period_may_be_asked_for_again(asked: Bench) -> None:
    """By a person, who is not the one that says yes then."""
    assert asked.run("approvals", "reject", HELD.id, "--why", " ", "--by", "Carl") == 2
    assert asked.run("approvals", "ask-again", HELD.id, "--why", "x", "--by", "Dorte") == 2
    assert asked.run("approvals", "reject", HELD.id, "--why", "wrong month", "--by", "Carl") == 0
    assert _state(asked, HELD.id) is ApprovalState.REFUSED
    assert asked.run("approvals", "ask-again", HELD.id, "--why", "right month", "--by", "Dorte") == 0
    assert asked.run("approvals", "ask-again", HELD.id, "--why", "right month", "--by", "Dorte") == 2
    newest = asked.waiting_for_yes.approvals()[0].asked
    assert (newest.by, newest.why) == ("Dorte", "right month")
    assert asked.run("approvals", "approve", newest.id, "--by", "Dorte") == 1
    assert asked.run("approvals", "approve", newest.id, "--by", "Carl") == 0


def test_an_unknown_or_unclear_id_is_wrong_usage(asked: Bench) -> None:
    """Nothing is guessed."""
    assert asked.run("approvals", "approve", "nowhere", "--by", "Carl") == 2
    assert "There is no request" in asked.stderr.getvalue()
