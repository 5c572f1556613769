"""``health``: every part in one look, each fault with its next step, and exit codes that scripts can go by."""

from dataclasses import replace

import pytest
from support.cli import HEALTHY_REDIS, Bench
from support.samples import export

from worker.domain.broker_look import BrokerLook
from worker.domain.clocks import ClockReading
from worker.domain.ports import AgreementRate
from worker.domain.reasons import ProcessReason, failure
from worker.domain.signs_of_life import FileNotTaken, Part
from worker.errors import StoreUnavailable

RATE = AgreementRate(spent=150.0, granted=600.0, called_ago=12.0, failures=0, trips=0, open_for=0.0, blocked_for=0.0)


def part(bench: Bench, name: str) -> dict[str, str]:
    """Return what the command says of one part."""
    [found] = [each for each in bench.json("health")["parts"] if each["part"] == name]
    return dict(found)


def test_all_is_well(bench: Bench) -> None:
    """Every part has a line of at most 80 columns, and exit code 0."""
    bench.known_rates["main"] = RATE
    reading = ClockReading(export="main", worker="host", at=bench.clock(), accounting_ahead=0.2, worker_ahead=0.0)
    bench.memory.note_clocks(reading)
    bench.out.width = 80

    assert bench.run("health") == 0
    lines = bench.stdout.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines if line] == [
        *("Redis", "Workers", "Intake", "Sweeps", "Page", "Watcher", "Export main", "Clocks", "Flower", "All is well.")
    ]
    assert "✓ e-conomic answers, called 12 s ago, 25% of its rate used" in bench.stdout.getvalue()
    assert max(map(len, lines)) <= 80
    assert bench.json("health")["well"]


@pytest.mark.parametrize(
    ("dead", "name", "step"),
    [
        (Part.WORKER, "Workers", "`worker`"),
        (Part.INTAKE, "Intake", "`intake`"),
        (Part.SWEEPS, "Sweeps", "sweep_failed"),
        (Part.PAGE, "Page", "opter-economic web"),
        (Part.WATCH, "Watcher", "opter-economic watch"),
    ],
)
def test_a_part_without_a_sign_of_life_needs_a_person(bench: Bench, dead: Part, name: str, step: str) -> None:
    """The others go on; which process was seen last, and when, is said."""
    bench.sleep(90)
    bench.live(*(alive for alive in Part if alive not in {dead, Part.FOLDER_FAULT}))

    assert bench.run("health") == 1
    assert "1 part not well." in bench.stdout.getvalue()
    found = part(bench, name)
    assert (found["level"], found["text"]) == ("fault", f"no sign of life: {dead}@host was seen 2 min ago")
    assert step in found["nextStep"]


@pytest.mark.parametrize(("silent_for", "code"), [(39.9, 0), (40.0, 1)])
def test_forty_seconds_of_silence_are_the_bound(bench: Bench, silent_for: float, code: int) -> None:
    """Three signs may get lost on their way."""
    bench.sleep(silent_for)
    assert bench.run("health") == code


def test_an_exports_file_that_is_not_in_use_needs_a_person(bench: Bench) -> None:
    """The file can be read, but the running processes keep the former one: said once, with who and the next step."""
    why = FileNotTaken(
        problem="exports.main agreement is 2; it was 1.", next_step="Stop all of them, or change it back."
    )
    parts = (Part.WORKER, Part.SWEEPS, Part.PAGE)
    for each in parts:
        bench.memory.show_life(each, f"{each}@host", not_taken=why)
    bench.memory.show_life(Part.WORKER, "w2", not_taken=why)
    bench.out.width = 80
    assert bench.run("health") == 1
    assert max(map(len, bench.stdout.getvalue().splitlines())) <= 80
    found = part(bench, "Exports file")
    assert (found["level"], found["nextStep"]) == ("fault", why.next_step)
    assert found["text"] == (
        "not in use: page page@host, intake sweeps@host, worker w2 and 1 more keep the former one, as exports.main "
        "agreement is 2; it was 1."
    )

    for each, name in [*((each, f"{each}@host") for each in parts), (Part.WORKER, "w2")]:
        bench.memory.show_life(each, name)
    assert bench.run("health") == 0


def test_a_folder_in_trouble_needs_a_person_for_as_long_as_it_lasts(bench: Bench) -> None:
    """By its export, with what is wrong; a sign that is not renewed says nothing any more."""
    bench.memory.show_life(Part.FOLDER_FAULT, "main: /srv/opter: No such file or directory")
    assert bench.run("health") == 1
    found = part(bench, "Folder main")
    assert (found["level"], found["text"]) == ("fault", "/srv/opter: No such file or directory")
    bench.sleep(60)
    bench.live()

    assert bench.run("health") == 0


@pytest.mark.parametrize(("folder", "code"), [(None, 0), ("/srv/opter", 1)])
def test_without_a_folder_no_watcher_is_needed(bench: Bench, folder: str | None, code: int) -> None:
    """With one, files would wait for ever."""
    bench.memory.end_life(Part.WATCH, "watch@host")
    bench.exports = {"main": export(source={"folder": folder} if folder else {})}

    assert bench.run("health") == code


def test_a_page_that_does_not_run_is_no_fault(bench: Bench) -> None:
    """Not every installation has one; workers and intake must be there."""
    for each in Part:
        bench.memory.end_life(each, f"{each}@host")
    bench.live(Part.WORKER, Part.INTAKE, Part.SWEEPS)
    assert bench.run("health") == 0
    assert part(bench, "Page")["text"] == "not running"

    bench.memory.end_life(Part.WORKER, "worker@host")
    assert bench.run("health") == 1
    assert part(bench, "Workers")["text"] == "no sign of life: none seen for a day"


def test_one_worker_of_two_that_fell_silent_is_named(bench: Bench) -> None:
    """The other one does its work, so that nobody has to come at once."""
    bench.memory.show_life(Part.WORKER, "worker@b")
    bench.sleep(300)
    bench.live()
    assert bench.run("health") == 0
    assert part(bench, "Workers")["text"] == "1 alive, seen 0 s ago; silent: worker@b for 5 min"


def test_a_broker_of_its_own_has_a_line(bench: Bench) -> None:
    """It answers, with how many messages wait; away, it is as bad as e-conomic away: nothing is lost."""
    bench.carrier = BrokerLook(name="RabbitMQ", waiting=1)
    assert bench.run("health") == 0
    assert part(bench, "Broker")["text"] == "RabbitMQ answers, 1 message waiting"

    away = failure(ProcessReason.BROKER_UNAVAILABLE, "RabbitMQ does not answer: nothing listens.")
    bench.carrier = BrokerLook(name="RabbitMQ", fault=away)
    assert bench.run("health") == 3
    assert part(bench, "Broker")["nextStep"] == ProcessReason.BROKER_UNAVAILABLE.next_step


def test_without_redis_nothing_else_can_be_told(bench: Bench) -> None:
    """Exit code 3; the cause and its next step, and no part is called well or wrong on no evidence."""
    bench.info = StoreUnavailable(
        failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer: nothing listens.", next_step="Start Redis.")
    )
    assert bench.run("health") == 3
    shown = bench.stdout.getvalue()
    assert "Redis does not answer: nothing listens." in shown
    assert "→ Start Redis." in shown
    assert [each["level"] for each in bench.json("health")["parts"]] == ["unreachable", "unknown", "well"]


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ({"aof_enabled": 0}, "keeps no append-only file"),
        ({"maxmemory_policy": "allkeys-lru"}, "allkeys-lru"),
        ({"aof_last_write_status": "err"}, "could not write its append-only file"),
        ({"redis_version": "5.0.14"}, "too old"),
    ],
)
def test_a_redis_that_may_lose_data_needs_a_person(bench: Bench, info: dict[str, object], text: str) -> None:
    """What it loses could be posted twice."""
    bench.info = {**HEALTHY_REDIS, **info}
    assert bench.run("health") == 1
    assert text in part(bench, "Redis")["text"]


def test_a_paused_export_needs_a_person(bench: Bench) -> None:
    """With why, and how to resume it."""
    bench.memory.pause("main", failure(ProcessReason.EXPORT_PAUSED, "Paused by Birthe: year end."))
    assert bench.run("health") == 1
    found = part(bench, "Export main")
    assert found["text"] == "paused: Paused by Birthe: year end."
    assert found["nextStep"]


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (replace(RATE, failures=1), "the last call failed"),
        (replace(RATE, failures=2), "the last 2 calls failed"),
        (replace(RATE, trips=3, open_for=8.0), "circuit breaker open, next try in 8 s"),
        (replace(RATE, trips=3), "circuit breaker open, next try now"),
    ],
)
def test_an_economic_that_is_down_is_unreachable(bench: Bench, rate: AgreementRate, text: str) -> None:
    """Nobody here can change that: exit code 3, unless a person is needed for something else."""
    bench.known_rates["main"] = rate
    assert bench.run("health") == 3
    assert part(bench, "Export main")["text"] == f"e-conomic does not answer ({text}), called 12 s ago"

    bench.memory.end_life(Part.WORKER, "worker@host")
    assert bench.run("health") == 1


def test_clocks_that_disagree_need_a_person(bench: Bench) -> None:
    """Nothing is created meanwhile."""
    reading = ClockReading(export="main", worker="host", at=bench.clock(), accounting_ahead=-95.0, worker_ahead=0.0)
    bench.memory.note_clocks(reading)
    assert bench.run("health") == 1
    assert part(bench, "Clocks")["text"].startswith("e-conomic's clock is 95 s behind Redis'")


@pytest.mark.parametrize(("answers", "text"), [(None, "not running at"), (False, "hangs at"), (True, "answers at")])
def test_flower_needs_nobody(bench: Bench, answers: bool | None, text: str) -> None:  # noqa: FBT001  # a row of the table
    """It only looks, so that its state never changes the exit code."""
    bench.flower = answers
    assert bench.run("health") == 0
    assert part(bench, "Flower")["text"] == f"{text} 127.0.0.1:5555"


def test_a_redis_that_takes_no_writes_is_named_although_it_reads(bench: Bench) -> None:
    """Full, a replica, no right: ``health`` and ``status`` say which, with the next step, and need a person."""
    bench.live()
    bench.refusal = replace(
        failure(ProcessReason.STORE_UNAVAILABLE, "The memory of Redis is full."), next_step="Raise maxmemory."
    )
    found = part(bench, "Redis")

    assert (found["level"], found["text"], found["nextStep"]) == (
        "fault",
        "The memory of Redis is full.",
        "Raise maxmemory.",
    )
    assert (bench.run("health"), bench.run("status")) == (1, 1)
    assert bench.json("status")["hindrances"][0]["nextStep"] == "Raise maxmemory."
