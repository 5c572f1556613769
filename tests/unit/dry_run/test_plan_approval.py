"""What ``publish`` does where a second person has to say yes: by the plan's file, named by its SHA-256."""

from hashlib import sha256
from pathlib import Path

import pytest
from support.harness import Harness
from support.plan_periods import period
from support.planning import PlanBench

from config.sign_in_section import SignIn
from worker.domain.approval import Approval, ApprovalState, Decision
from worker.domain.invoice import Invoice

LIMIT = SignIn(four_eyes=("DKK 1000",), approval_hours=2)


@pytest.fixture
def bench() -> PlanBench:
    """Commands over a sandbox and a store in memory, with a limit."""
    bench = PlanBench(Harness())
    bench.settings = bench.settings.model_copy(update={"sign_in": LIMIT})
    return bench


def _write(path: Path, *invoices: Invoice) -> str:
    path.write_text("".join(each.content().text + "\n" for each in invoices))
    return str(path)


def _publish(bench: PlanBench, file: str, plan: Path | None = None, by: str = "Birthe") -> int:
    more = ("--plan", str(plan)) if plan else ()
    return bench.run("publish", file, "--period", "881", "--by", by, *more)


def _asked(bench: PlanBench) -> Approval:
    return bench.waiting_for_yes.approvals()[0]


def _decide(bench: PlanBench, *, yes: bool, by: str = "Carl") -> object:
    return bench.waiting_for_yes.decide(_asked(bench).asked.id, Decision(yes=yes, by=by, why="wrong month"))


@pytest.fixture
def planned(bench: PlanBench, tmp_path: Path) -> tuple[str, Path]:
    """A file and its plan."""
    file, plan = _write(tmp_path / "period.ndjson", *period()), tmp_path / "plan.json"
    assert bench.run("plan", file, "--period", "881", "--out", str(plan)) == 0
    return file, plan


def test_without_a_plan_what_is_over_the_limit_is_not_published(bench: PlanBench, tmp_path: Path) -> None:
    """Else the plan would be no safeguard."""
    assert _publish(bench, _write(tmp_path / "period.ndjson", *period())) == 2
    assert "--plan plan.json" in bench.stderr.getvalue()
    assert not bench.queue.queue
    assert bench.waiting_for_yes.approvals() == []


def test_a_plan_waits_for_a_second_persons_yes(bench: PlanBench, planned: tuple[str, Path]) -> None:
    """Asked for once, by the file's SHA-256; published after the yes, which is used up."""
    file, plan = planned
    assert [_publish(bench, file, plan), _publish(bench, file, plan)] == [1, 1]
    [found] = bench.waiting_for_yes.approvals()
    assert f"sha256:{sha256(plan.read_bytes()).hexdigest()}" in found.asked.subject
    assert (found.asked.by, found.asked.invoices, found.asked.export) == ("Birthe", len(period()), "main")
    assert not bench.queue.queue
    assert _decide(bench, yes=True, by="birthe") is not None
    assert _publish(bench, file, plan) == 1

    assert _decide(bench, yes=True) is None
    assert _publish(bench, file, plan) == 0
    assert len(bench.queue.queue) == 1
    assert _asked(bench).state is ApprovalState.DONE


def test_a_yes_counts_for_its_plan_alone(bench: PlanBench, planned: tuple[str, Path], tmp_path: Path) -> None:
    """Other invoices are another plan, which waits for a yes of its own."""
    file, plan = planned
    _publish(bench, file, plan)
    _decide(bench, yes=True)
    other, fewer = tmp_path / "other.json", _write(tmp_path / "fewer.ndjson", *period()[:2])
    assert bench.run("plan", fewer, "--period", "881", "--out", str(other)) == 0
    assert _publish(bench, fewer, plan) == 1
    assert _publish(bench, fewer, other) == 1
    assert not bench.queue.queue
    assert len(bench.waiting_for_yes.approvals()) == 2


def test_a_no_is_said_with_its_reason(bench: PlanBench, planned: tuple[str, Path]) -> None:
    """And stays one."""
    file, plan = planned
    _publish(bench, file, plan)
    _decide(bench, yes=False)
    assert _publish(bench, file, plan) == 1
    assert "Carl has said no: wrong month" in " ".join(bench.stderr.getvalue().split())
    assert not bench.queue.queue


def test_what_has_expired_is_asked_for_again(bench: PlanBench, planned: tuple[str, Path]) -> None:
    """Nobody has said no; a yes to the first request comes too late."""
    file, plan = planned
    _publish(bench, file, plan)
    first = _asked(bench)
    bench.harness.clock.advance(7200)
    bench.clock.advance(7200)  # type: ignore[attr-defined]  # a manual clock
    assert _publish(bench, file, plan) == 1
    assert _asked(bench).asked.id != first.asked.id
    assert _asked(bench).state is ApprovalState.WAITING


def test_what_is_within_the_limit_is_published_at_once(bench: PlanBench, planned: tuple[str, Path]) -> None:
    """With a plan or without; and without a limit everything is."""
    file, plan = planned
    for four_eyes in (("DKK 900000", "EUR 900000", "SEK 900000", "NOK 900000"), ()):
        bench.settings = bench.settings.model_copy(update={"sign_in": SignIn(four_eyes=four_eyes)})
        assert (_publish(bench, file), _publish(bench, file, plan)) == (0, 0)
    assert bench.waiting_for_yes.approvals() == []
