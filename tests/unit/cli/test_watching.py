"""What ``up`` says: a line each time something comes to stand differently."""

from support.cli import Bench, book, check, half_done, open_period
from support.samples import invoice

from worker.cli.watching import PeriodNews
from worker.domain.reasons import ProcessReason, failure
from worker.domain.store_port import Store
from worker.economic.reasons import EconomicReason
from worker.errors import StoreUnavailable


def lines(news: PeriodNews) -> list[str]:
    return [line.plain for line in news.lines()]


def test_a_period_from_its_arrival_to_its_end(bench: Bench) -> None:
    """Checking, exporting, done; nothing in between, however often it is looked at."""
    news = PeriodNews(bench.memory)
    period = open_period(bench.memory, invoice())
    assert lines(news) == ["2026-47A  checking  0 of 1 exported"]

    check(bench.memory, period, {})
    assert lines(news) == ["2026-47A  exporting  0 of 1 exported"]
    assert lines(news) == []

    book(bench.memory, "main-100353")
    assert lines(news) == ["2026-47A  done  1 of 1 exported"]


def test_failures_are_counted(bench: Bench) -> None:
    """Two failed."""
    half_done(bench)

    assert lines(PeriodNews(bench.memory)) == ["2026-47A  exporting  1 of 4 exported, 2 failed"]


def test_a_pause_and_its_end(bench: Bench) -> None:
    """Said once each."""
    news = PeriodNews(bench.memory)
    bench.memory.pause("main", failure(EconomicReason.TOKENS_REFUSED, "refused"))
    assert lines(news) == ["Export main is paused: see `opter-economic status`."]
    bench.memory.resume("main")

    assert lines(news) == ["Export main goes on."]


def test_a_redis_that_is_down_is_said_once() -> None:
    """Not every two seconds, until it was back."""

    class Down:
        """A ledger without its Redis."""

        def periods(self) -> Store:
            raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))

    news = PeriodNews(Down())  # type: ignore[arg-type]  # the part of the ledger that is asked first

    assert lines(news) == ["Redis does not answer."]
    assert lines(news) == []
