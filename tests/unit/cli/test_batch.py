"""``batch``, and what goes as one: ``requeue`` and ``reexport`` by choice; ``failed check``."""

import re
from collections.abc import Mapping
from pathlib import Path

from support.cli import Bench, half_done
from support.clock import ManualClock

from config.errors import ConfigurationError, ConfigurationErrors
from config.exports import ExportConfig
from worker.cli.context import CommandContext
from worker.domain.batch import BatchState
from worker.domain.causes import CauseAnswer, CauseState
from worker.domain.record import Outcome, State

GROUP = "product-group-missing"


class Unusable(Bench):
    """A command line whose exports file cannot be read."""

    def __init__(self, clock: ManualClock, path: Path) -> None:
        super().__init__(clock)
        self.path = path

    @property  # type: ignore[override]  # it never gives one
    def exports(self) -> Mapping[str, ExportConfig]:
        raise ConfigurationErrors(
            [ConfigurationError(file=str(self.path), entry="", key="", problem="It cannot be read.", next_step="")]
        )

    @exports.setter
    def exports(self, exports: Mapping[str, ExportConfig]) -> None:
        del exports


def answer(bench: Bench, state: CauseState) -> None:
    """Let e-conomic answer so about the missing product group."""
    bench.answers[GROUP] = CauseAnswer(
        state=state, at=bench.clock(), why="" if state is CauseState.GONE else "No 3050."
    )


def state(bench: Bench, invoice_id: str) -> State | None:
    record = bench.memory.invoice(invoice_id)
    return record.state if record else None


def test_a_cause_that_is_still_there_refuses_the_requeue(bench: Bench) -> None:
    """Nothing moves, and what is there is shown; a reason overrules it and stands in the batch and the history."""
    half_done(bench)
    answer(bench, CauseState.STILL)

    assert bench.run("requeue", "--reason", GROUP, "--by", "anna") == 1
    assert "No 3050." in bench.stderr.getvalue()
    assert (state(bench, "main-100355"), bench.memory.batches()) == (State.DEAD, [])
    assert bench.run("requeue", "--reason", GROUP, "--by", "anna", "--why", "in spite of it") == 0
    record = bench.memory.invoice("main-100355")
    assert record is not None
    assert (record.state, record.history[-1].detail) == (State.RECEIVED, "anna: in spite of it")


def test_a_cause_that_is_gone_is_not_asked_twice(bench: Bench) -> None:
    """The answer holds for some minutes."""
    half_done(bench)
    answer(bench, CauseState.GONE)

    assert bench.run("failed", "check", "--reason", GROUP) == 0
    assert bench.run("requeue", "--reason", GROUP, "--by", "anna") == 0
    assert bench.asked == [("main", GROUP)]


def test_what_cannot_be_told_goes_on(bench: Bench) -> None:
    """An e-conomic that is away keeps nobody from queueing: the export itself asks again."""
    half_done(bench)

    assert bench.run("requeue", "--reason", GROUP, "--by", "anna") == 0
    assert bench.asked == [("main", GROUP)]


def test_check_shows_each_cause_with_its_answer(bench: Bench) -> None:
    """Exit code 1 while one is there or cannot be told; the JSON has money and time."""
    half_done(bench)
    answer(bench, CauseState.STILL)

    assert bench.run("failed", "check") == 1
    assert "still there" in bench.stdout.getvalue()
    assert "cannot be told" in bench.stdout.getvalue()
    causes = {entry["reason"]: entry for entry in bench.json("failed", "check")}
    assert (causes[GROUP]["answer"], causes[GROUP]["invoices"]) == ("still", 1)
    assert causes["totals-mismatch"]["answer"] == "unknown"


def test_a_requeue_by_choice_is_a_batch_of_its_own(bench: Bench) -> None:
    """With who, and the invoices' results; the list shows it."""
    half_done(bench)

    [batch] = bench.json("requeue", "--all", "--by", "anna")["batches"]
    shown = bench.json("batch", "show", batch["id"])

    assert (shown["by"], shown["total"], shown["underWay"]) == ("anna", 2, 2)
    assert shown["invoices"] == [
        {"id": "main-100355", "result": "begun"},
        {"id": "main-100356", "result": "begun"},
    ]
    assert [each["id"] for each in bench.json("batch", "list")] == [batch["id"]]
    assert bench.run("batch", "list") == 0
    assert batch["id"] in re.sub(r"\s", "", bench.stdout.getvalue())


def test_a_batch_is_shown_before_it_is_started(bench: Bench) -> None:
    """How many, money, calls and minutes; nothing happens without --yes."""
    half_done(bench)

    assert bench.run("batch", "start", "discard", "--reason", GROUP, "--why", "a test", "--by", "anna") == 1
    assert "Say --yes to do it." in bench.stdout.getvalue()
    assert (state(bench, "main-100355"), bench.memory.batches()) == (State.DEAD, [])

    assert bench.run("batch", "start", "discard", "--reason", GROUP, "--why", "a test", "--by", "anna", "--yes") == 0
    record = bench.memory.invoice("main-100355")
    assert record is not None
    assert (record.state, record.outcome) == (State.EXPORTED, Outcome.DISCARDED)
    assert bench.memory.batches()[0].state is BatchState.DONE


def test_a_running_batch_is_cancelled(bench: Bench) -> None:
    """What was not begun stays; one that is over cannot be cancelled, and an unknown one is wrong usage."""
    half_done(bench)
    [batch] = bench.json("requeue", "--all", "--by", "anna")["batches"]

    assert bench.run("batch", "cancel", batch["id"], "--by", "kim") == 0
    assert "2 under way come to their end, 0 stay as they were" in bench.stdout.getvalue()
    assert bench.run("batch", "cancel", batch["id"], "--by", "anna") == 1
    assert bench.run("batch", "cancel", "main-batch-9", "--by", "anna") == 2


def test_a_reexport_is_of_a_period(bench: Bench) -> None:
    """Its choice is the period alone; an empty reason is refused for every batch."""
    half_done(bench)

    assert bench.run("batch", "start", "reexport", "--reason", GROUP, "--why", "x") == 2
    assert bench.run("batch", "start", "requeue", "--why", " ") == 2
    preview = bench.json("batch", "start", "reexport", "--period", "2026-47A", "--why", "x")["preview"]
    assert [(entry["invoices"], entry["calls"]) for entry in preview] == [(1, 2)]


def test_an_unusable_exports_file_keeps_nobody_from_queueing(clock: ManualClock, tmp_path: Path) -> None:
    """What is asked and what it costs is unknown then; the export itself waits for the file anyway."""
    bench = Unusable(clock, tmp_path / "exports.toml")
    half_done(bench)
    (cause, *_) = bench.memory.causes()

    [answer] = CommandContext.ask_about(bench, "main", [(cause, bench.memory.invoice("main-100355"))])  # type: ignore[list-item]  # it is there
    assert (answer.state, "no usable entry" in answer.why) == (CauseState.UNKNOWN, True)
    assert bench.run("requeue", "--all", "--by", "anna") == 0
    assert bench.memory.batches()[0].total == 2
