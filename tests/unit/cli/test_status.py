"""``status``: how far each period has come, whether a person is needed, and the news that ``up`` prints."""

from dataclasses import replace

import pytest
from support.cli import Bench, book, check, claimed, half_done, open_period
from support.samples import invoice

from worker.cli.commands.status import PeriodNews
from worker.cli.views.period import periods_view
from worker.domain.clocks import ClockReading
from worker.domain.invoice_period import ArchivedTotals
from worker.domain.ports import AgreementRate
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Wait
from worker.domain.signs_of_life import Part
from worker.domain.store_port import Store
from worker.economic.reasons import EconomicReason
from worker.errors import StoreUnavailable


def test_an_empty_store_needs_nobody(bench: Bench) -> None:
    """Nothing has arrived: a sentence, exit code 0."""
    assert bench.run("status") == 0
    assert "No period has arrived yet." in bench.stdout.getvalue()


def test_a_dead_letter_needs_a_person(bench: Bench) -> None:
    """All periods in one table; exit code 1 because two invoices of one of them failed."""
    half_done(bench)

    assert bench.run("status") == 1
    row = next(text for text in bench.stdout.getvalue().splitlines() if "main-p881" in text)
    assert row.split() == ["2026-47A", "main-p881", "exporting", "4", "1", "1", "2", "not", "yet", "0", "s", "ago"]


def test_the_table_in_json(bench: Bench) -> None:
    """Counts by state, with every state named."""
    half_done(bench)

    [period] = bench.json("status")["periods"]

    assert period["toExport"] == 4
    assert period["counts"] == {"received": 0, "queued": 0, "exporting": 0, "waiting": 1, "exported": 1, "dead": 2}


def test_a_period_is_found_by_its_id_and_by_its_name_in_opter(bench: Bench) -> None:
    """People say 2026-47A, logs say main-p881."""
    half_done(bench)

    assert bench.json("status", "main-p881") == bench.json("status", "2026-47a")


def test_what_opters_window_shows_and_more(bench: Bench) -> None:
    """To be exported, exported, failed by reason with the next step, the notice, amounts in e-conomic and remaining."""
    half_done(bench)

    assert bench.run("status", "2026-47A") == 1
    shown = " ".join(bench.stdout.getvalue().split())
    assert "1 of 4 exported · 25 %" in shown
    assert "Groups: 3050." in shown
    assert "product-group-missing" in shown
    assert "Create the product groups in e-conomic" in shown
    assert "DKK 5 000.00 1 250.00 3 750.00" in shown  # 4 x 1250.00, one of them exported


def test_amounts_and_reasons_in_json(bench: Bench) -> None:
    """Money as text; failed and waiting by reason code."""
    half_done(bench)

    document = bench.json("status", "main-p881")

    assert document["failed"] == {"product-group-missing": 1, "totals-mismatch": 1}
    assert document["waiting"] == {"throttled": 1}
    assert document["outcomes"] == {
        "booked": 1,
        "drafted": 0,
        "voucher": 0,
        "by-hand": 0,
        "excluded": 0,
        "nothing-to-book": 0,
        "discarded": 0,
    }
    assert document["totals"] == [
        {
            "currency": "DKK",
            "controlGross": "5000.00",
            "gross": "5000.00",
            "exportedNet": "1000.00",
            "exportedVat": "250.00",
            "exportedGross": "1250.00",
            "leftOutGross": "0.00",
            "byHandGross": "0.00",
            "bookedDifference": "0.00",
            "remainingGross": "3750.00",
        }
    ]


def test_an_unknown_period_is_wrong_usage(bench: Bench) -> None:
    """Exit code 2, and where to look; not a traceback."""
    assert bench.run("status", "2026-48") == 2
    assert "There is no period '2026-48'." in bench.stderr.getvalue()


def test_two_periods_of_one_name_are_distinguished_by_id(bench: Bench) -> None:
    """Names may repeat in Opter: the ids are offered."""
    open_period(bench.memory, invoice(), number=881)
    open_period(bench.memory, invoice(invoice_number=100354), number=882)

    assert bench.run("status", "2026-47A") == 2
    assert "main-p881" in bench.stderr.getvalue()
    assert "main-p882" in bench.stderr.getvalue()


def test_watching_ends_when_nothing_moves(bench: Bench) -> None:
    """--watch follows until all is exported; here the second report says so."""
    period = open_period(bench.memory, invoice())
    check(bench.memory, period, {})
    bench.sleep = lambda _: book(bench.memory, "main-100353")

    assert bench.run("status", "2026-47A", "--watch") == 0
    shown = bench.stdout.getvalue()
    assert "2026-47A: 0 of 1 exported, 0 failed" in shown
    assert "1 of 1 exported · 100 %" in shown


def test_a_paused_export_and_a_refused_event_need_a_person(bench: Bench) -> None:
    """Paused exports and refused events are listed with the reason below the periods."""
    bench.memory.pause("main", failure(EconomicReason.TOKENS_REFUSED, "e-conomic refuses the tokens."))
    bench.queue.dead[b"{"] = b"{}"

    assert bench.run("status") == 1
    shown = bench.stdout.getvalue()
    assert "e-conomic refuses the tokens." in shown
    assert "1 event for a person to see to" in shown


def test_an_unreachable_redis_gives_exit_code_3(bench: Bench) -> None:
    """What is wrong and what to do, on standard error."""

    def down() -> None:
        raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer: refused."))

    bench.memory.periods = down  # type: ignore[method-assign, assignment]

    assert bench.run("status") == 3
    assert "Redis does not answer: refused." in bench.stderr.getvalue()
    assert "Start Redis" in bench.stderr.getvalue()


def lines(news: PeriodNews) -> list[str]:
    return [line.plain for line in news.lines()]


def test_a_period_from_its_arrival_to_its_end(bench: Bench) -> None:
    """Checking, exporting, done; nothing in between, however often it is read."""
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
    """Each is printed once."""
    news = PeriodNews(bench.memory)
    bench.memory.pause("main", failure(EconomicReason.TOKENS_REFUSED, "refused"))
    assert lines(news) == ["Export main is paused: see `opter-economic status`."]
    bench.memory.resume("main")

    assert lines(news) == ["Export main is resumed."]


def test_an_unreachable_redis_is_reported_once() -> None:
    """Not every two seconds until it is back."""

    class Down:
        """A store without its Redis."""

        def periods(self) -> Store:
            raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))

    news = PeriodNews(Down())  # type: ignore[arg-type]  # the part of the store that is read first

    assert lines(news) == ["Redis does not answer."]
    assert lines(news) == []


def test_a_period_without_all_its_invoices_is_not_done(bench: Bench) -> None:
    """One of two was broken in its event: the period needs a person, by exit code and in words."""
    period_id = open_period(bench.memory, invoice())
    period = bench.memory.period(period_id)
    assert period is not None
    bench.memory.open_period(replace(period, invoice_count=2), "/opter/acme/1#e-2")
    bench.memory.close_event(period_id, "/opter/acme/1#e-2")

    assert bench.run("status", period_id) == 1
    assert "1 invoice broken in the event" in bench.stdout.getvalue()
    assert bench.run("status") == 1


def _seen(bench: Bench, **ahead: float) -> None:
    gaps = {"accounting_ahead": 0.0, "worker_ahead": 0.0} | ahead
    bench.memory.note_clocks(ClockReading(export="main", worker="host-1", at=bench.memory.now(), **gaps))


def test_clocks_that_disagree_need_a_person(bench: Bench) -> None:
    """Which is where, by how much, and what to do; exit code 1, as nothing is exported meanwhile."""
    _seen(bench, accounting_ahead=-7230.0)

    assert bench.run("status") == 1
    shown = " ".join(bench.stdout.getvalue().split())
    assert "e-conomic's clock is 2 h 0 min behind Redis': beyond 60 s nothing is created." in shown
    assert "Set the clock of the host of Redis" in shown


def test_clocks_that_agree_need_nobody_and_are_told_to_scripts(bench: Bench) -> None:
    """A worker's own clock decides nothing: it is named, and stops nothing."""
    _seen(bench, accounting_ahead=1.5, worker_ahead=600.0)

    assert bench.run("status") == 0
    assert "The clock of worker host-1 is 0 h 10 min ahead of Redis'. It decides nothing." in bench.stdout.getvalue()
    clocks = bench.json("status")["clocks"]
    assert clocks["bound"] == 60
    [measured] = clocks["measured"]
    assert (measured["economicAhead"], measured["workerAhead"], measured["agree"]) == (1.5, 600.0, True)


def standing_still(bench: Bench) -> list[str]:
    """Return the reasons that the status of the period names."""
    return [each["reason"] for each in bench.json("status", "main-p881")["hindrances"]]


def one_on_its_way(bench: Bench, *, until: str = "") -> None:
    """Put a period of two in place: one is exported, one queued, or waiting for this reason."""
    period = open_period(bench.memory, invoice(), invoice(invoice_number=100354))
    check(bench.memory, period, {})
    book(bench.memory, "main-100353")
    if until:
        why = failure(EconomicReason(until), "No answer.")
        bench.memory.save(
            claimed(bench.memory, "main-100354"), Wait(until=bench.clock() + 60, failure=why, costs_attempt=False)
        )


@pytest.mark.parametrize(("alive", "reasons"), [((Part.INTAKE,), ["no-worker"]), ((Part.WORKER,), ["no-intake"])])
def test_a_period_that_waits_for_a_dead_process_needs_a_person(
    bench: Bench, alive: tuple[Part, ...], reasons: list[str]
) -> None:
    """Nothing failed, so that everything would look well: the dead process is named with its next step."""
    one_on_its_way(bench)
    bench.sleep(40)
    bench.live(*alive)

    assert bench.run("status", "main-p881") == 1
    shown = " ".join(bench.stdout.getvalue().split())
    assert "Standing still" in shown
    assert f"@host was seen 40 s ago. → Start {'one' if reasons == ['no-worker'] else 'it'}" in shown
    assert standing_still(bench) == reasons
    assert bench.run("status") == 1
    assert [each["reason"] for each in bench.json("status")["hindrances"]] == reasons


def test_a_period_that_is_over_waits_for_nobody(bench: Bench) -> None:
    """Stopped processes are nobody's trouble then."""
    one_on_its_way(bench)
    book(bench.memory, "main-100354")
    bench.sleep(3600)

    assert bench.run("status", "main-p881") == 0
    assert bench.run("status") == 0
    assert standing_still(bench) == []


def test_a_paused_export_is_named_by_its_periods(bench: Bench) -> None:
    """With why; a pause of another export is not this period's."""
    one_on_its_way(bench)
    bench.memory.pause("other", failure(ProcessReason.EXPORT_PAUSED, "Not ours."))
    assert bench.run("status", "main-p881") == 0
    bench.memory.pause("main", failure(ProcessReason.EXPORT_PAUSED, "Paused by Birthe: year end."))

    assert bench.run("status", "main-p881") == 1
    assert "Paused by Birthe: year end." in bench.stdout.getvalue()
    assert standing_still(bench) == ["export-paused"]


@pytest.mark.parametrize("reason", ["economic-unavailable", "economic-unreachable"])
def test_an_economic_that_is_down_is_named_by_what_waits_for_it(bench: Bench, reason: str) -> None:
    """It goes on by itself: exit code 3, and 1 once a person is needed as well."""
    one_on_its_way(bench, until=reason)

    assert bench.run("status", "main-p881") == 3
    assert "1 invoice waiting for it" in bench.stdout.getvalue()
    assert standing_still(bench) == [reason]
    bench.memory.end_life(Part.WORKER, "worker@host")
    bench.sleep(39)
    assert bench.run("status", "main-p881") == 3  # one that has just been started may not have shown itself yet
    bench.sleep(1)
    assert bench.run("status", "main-p881") == 1


def test_an_economic_that_is_down_is_named_by_its_last_calls(bench: Bench) -> None:
    """While a period is checked, no invoice waits yet."""
    open_period(bench.memory, invoice())
    bench.known_rates["main"] = AgreementRate(
        spent=1.0, granted=600.0, called_ago=3.0, failures=0, trips=2, open_for=4.0, blocked_for=0.0
    )

    assert bench.run("status", "main-p881") == 3
    assert standing_still(bench) == ["economic-unavailable"]


def test_events_that_wait_need_an_intake(bench: Bench) -> None:
    """Before the first period there is nothing else to see."""
    with bench.events() as events:
        events.publish(b"{}")
    assert bench.run("status") == 0
    bench.memory.end_life(Part.INTAKE, "intake@host")
    assert bench.run("status") == 1
    assert "No intake is running: none was seen for a day." in bench.stdout.getvalue()


@pytest.mark.parametrize(("periods", "said"), [(1, "1 is in the archive"), (7, "7 are in the archive")])
def test_what_is_in_the_archive_is_no_empty_store(bench: Bench, periods: int, said: str) -> None:
    """How many, and where they are read."""
    archived = {"main": ArchivedTotals(periods=periods, invoices=2000)}
    view = periods_view((), {}, dead_events=0, waiting_events=0, now=bench.clock(), archived=archived)
    bench.out.print(view)

    text = " ".join(bench.stdout.getvalue().split())
    assert said in text
    assert "opter-economic archive periods" in text
