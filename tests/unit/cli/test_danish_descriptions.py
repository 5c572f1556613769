"""Descriptions of what is wrong, in the commands that show one: Danish under ``--lang da``, English for scripts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from support.cli import Bench, check, open_period
from support.samples import invoice, line

from worker.cli.language import speak
from worker.domain.reasons import EventReason, ProcessReason, failure
from worker.domain.signs_of_life import Part
from worker.domain.sums import Problem
from worker.errors import StoreUnavailable
from worker.intake.queue import DeadEvent, digest, envelope
from worker.store.causes import failure_of

RAW = b'{"specversion":"0.9"}'
DIFFERS = "The event announces 3 invoices, but holds 2."
MISSING = "data.invoices[0].net: invoice 7: is missing; add it."
AWAY = failure_of(redis.ConnectionError("connection refused"))
NO_MONEY = "'abc' er ikke et beløb; skriv det som 1.234,50, eller sæt table.decimal i mappingen."


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    speak("en")


@pytest.fixture
def refused(bench: Bench) -> str:
    """An event with two problems; its id."""
    problems = tuple(Problem(reason=EventReason.EVENT_INVALID, description=text) for text in (DIFFERS, MISSING))
    dead = DeadEvent(id=digest(RAW), bytes=len(RAW), at=bench.clock(), problems=problems)
    bench.queue.dead[RAW] = envelope(dead)
    return dead.id


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file whose amount is none."""
    file = tmp_path / "rows.csv"
    file.write_text("invoiceNumber;net\n7;abc\n", encoding="utf-8")
    return file


def _danish(bench: Bench, *arguments: str) -> str:
    bench.run("--lang", "da", *arguments)
    return " ".join((bench.stdout.getvalue() + bench.stderr.getvalue()).split())


def test_refused_events_are_listed_in_danish(bench: Bench, refused: str) -> None:
    """The first problem of each, and how many more there are."""
    shown = _danish(bench, "events", "dead", "list")

    assert refused in shown
    assert "Hændelsen varsler 3 fakturaer, men indeholder 2. (og 1 mere)" in shown
    assert DIFFERS not in shown


def test_every_problem_of_a_refused_event_is_said_in_danish(bench: Bench, refused: str) -> None:
    """Behind its invoice and field."""
    shown = _danish(bench, "events", "dead", "show", refused)

    assert "Hændelsen varsler 3 fakturaer, men indeholder 2." in shown
    assert "data.invoices[0].net: faktura 7: mangler; tilføj det." in shown
    assert "is missing" not in shown


def test_scripts_read_english(bench: Bench, refused: str) -> None:
    """Whatever language is asked for."""
    for command in (("events", "dead", "list"), ("events", "dead", "show", refused), ("health",), ("status",)):
        assert bench.json("--lang", "da", *command) == bench.json(*command)
    assert bench.json("--lang", "da", "events", "dead", "show", refused)["problems"][0]["description"] == DIFFERS


def test_a_followed_period_says_what_keeps_it_in_danish(bench: Bench) -> None:
    """A line for each hindrance: the pause with its words, and the process that is missing."""
    check(bench.memory, open_period(bench.memory, invoice(line())), {})
    bench.memory.pause("main", failure(ProcessReason.EXPORT_PAUSED, "Paused by Birthe: year end."))
    bench.refusal = AWAY
    ends = bench.clock() + 5

    def sleep(seconds: float) -> None:
        bench.clock.advance(seconds)  # type: ignore[attr-defined]  # the bench's clock is a manual one
        if bench.clock() > ends:
            raise KeyboardInterrupt

    bench.sleep = sleep
    shown = _danish(bench, "status", "881", "--watch")

    assert "2026-47A: Sat på pause af Birthe: year end. →" in shown
    assert "2026-47A: Redis svarer ikke: intet lytter, hvor Redis skulle (ConnectionError). →" in shown


def test_a_period_in_full_shows_no_english_notice(bench: Bench) -> None:
    """The store has it in English alone; what it says is said by the reasons."""
    check(bench.memory, open_period(bench.memory, invoice(line())), {}, notice="1 invoice waits for the books.")

    assert "waits for the books" not in _danish(bench, "status", "881")
    bench.run("status", "881")
    assert "waits for the books" in bench.stdout.getvalue()


def test_what_is_wrong_in_a_file_is_said_in_danish(bench: Bench, table: Path) -> None:
    """Line, column, invoice, value, and what to write instead."""
    shown = _danish(bench, "publish", str(table), "--period", "881")

    assert "linje 2: net på faktura 7:" in shown
    assert NO_MONEY in shown
    assert "is no amount" not in shown


def test_what_a_file_to_learn_from_lacks_is_said_in_danish(bench: Bench, table: Path) -> None:
    """Why the field is needed, and at which place it is missing."""
    shown = _danish(bench, "learn", str(table))

    assert "invoiceDate: afgør regnskabsperioden" in shown
    assert "faktura 7: mangler; tilføj det." in shown
    assert "is missing; add it" not in shown


def test_a_file_to_learn_from_that_is_none_is_refused_in_danish(bench: Bench, tmp_path: Path) -> None:
    """The parser's own words stay as they are."""
    file = tmp_path / "a.xml"
    file.write_text("<invoice")

    assert "linje 1: Ikke velformet XML: " in _danish(bench, "learn", str(file))


def test_a_redis_that_is_away_is_said_in_danish(bench: Bench) -> None:
    """With its cause."""
    bench.info = StoreUnavailable(AWAY)

    assert "Redis svarer ikke: intet lytter, hvor Redis skulle (ConnectionError)." in _danish(bench, "health")


def test_a_server_that_cannot_be_used_is_said_in_danish(bench: Bench) -> None:
    """What its watcher has left as a sign."""
    fault = "The SFTP server sftp.example:22 does not let opter in: check key or password."
    bench.memory.show_life(Part.FOLDER_FAULT, f"main: {fault}")

    shown = _danish(bench, "health")
    assert "SFTP-serveren sftp.example:22 lukker ikke opter ind: kontrollér nøgle eller adgangskode." in shown
    assert fault not in shown
