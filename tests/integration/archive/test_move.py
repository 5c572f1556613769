"""Completed periods move into the archive, and read as before; whatever may still happen stays."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from support.archiving import CHUNK, DAY, certify, complete, export, give_archive, moving, new_invoice, send
from support.clock import ManualClock
from support.store import steps

from worker.archive.log import Archive
from worker.archive.mover import Mover
from worker.domain.action_log import LogFilter
from worker.domain.archive import EntryKind
from worker.domain.invoice_period import ArchivedTotals, PeriodRecord
from worker.domain.invoice_search import InvoiceFilter, InvoicePage
from worker.domain.record import InvoiceRecord, State
from worker.errors import ArchiveUnavailable
from worker.store.redis_store import RedisStore

NUMBERS = range(100_001, 100_001 + CHUNK + 3)
LATER = "2027-06-15T08:00:00+00:00"


@pytest.fixture
def archived(store: RedisStore, mover: Mover, clock: ManualClock) -> str:
    """The id of a period that is in the archive."""
    period_id = complete(store, NUMBERS)
    clock.advance(91 * DAY)
    assert mover.turn(period_id).whole
    return period_id


def test_a_period_is_written_short_then_moved(store: RedisStore, mover: Mover, clock: ManualClock) -> None:
    """A day after its equal certificate, and 90; before, it is left as it is, and said when to look again."""
    period_id = complete(store, NUMBERS)
    begun = clock.now

    assert mover.turn(period_id).again == begun + DAY
    clock.advance(DAY)
    turn = mover.turn(period_id)
    assert (turn.again, turn.shortened, turn.archived) == (begun + 90 * DAY, len(NUMBERS), 0)
    clock.advance(89 * DAY)
    turn = mover.turn(period_id)
    assert (turn.again, turn.archived, turn.whole) == (None, len(NUMBERS), True)
    assert list(store.periods()) == []


def test_a_period_takes_along_what_its_pages_need(store: RedisStore, mover: Mover, clock: ManualClock) -> None:
    """Its sums and gaps, also while half of it has moved: 13 invoices of 105 DKK and one gap, none read again."""
    period_id = complete(store, [*NUMBERS[:-1], NUMBERS[-1] + 2])
    before, gap = store.period_sums(period_id), [("main", 100_013, 100_014)]
    clock.advance(91 * DAY)
    assert not replace(mover, rules=replace(mover.rules, chunk=4, most=4)).turn(period_id).whole
    assert store.period_sums(period_id) == before
    assert mover.turn(period_id).whole

    entry = store.period_entry(period_id)
    assert entry is not None
    sums = entry.document["summary"]["sums"]
    assert (sums["registered"], sums["outcome booked"], sums["gross DKK"]) == ("13", "13", "136500")  # 13 x 105.00
    assert (store.period_sums(period_id), list(store.gap_numbers(period_id))) == (before, gap)


def test_what_is_archived_is_counted(
    store: RedisStore, archived: str, mover: Mover, clock: ManualClock, redis_client: redis.Redis
) -> None:
    """By export, without reading it: also after Redis was lost, and where an older version has not counted."""
    said = {"main": ArchivedTotals(periods=1, invoices=len(NUMBERS))}
    assert store.archived_totals() == said
    redis_client.delete(store.key("archived-totals"))  # as an older version left it
    assert store.archived_totals() == said
    redis_client.delete(*redis_client.keys(store.key("*")))
    assert store.archived_totals() == {}
    mover.store.synchronise()
    assert store.archived_totals() == said

    send(store, new_invoice(200_000), event="e-2")
    export(store, archived)
    certify(store, archived, at=LATER)
    clock.advance(200 * DAY)
    assert mover.turn(archived).whole
    assert store.archived_totals() == {"main": ArchivedTotals(periods=1, invoices=len(NUMBERS) + 1)}


def test_pages_are_read_from_the_nearer_end(archive: Archive, archived: str) -> None:
    """The same invoices in the same order from both ends, and none beyond them."""
    every = list(archive.members(archived, EntryKind.INVOICE))
    total = len(every)

    for start in range(total + 1):
        count = min(4, total - start)
        assert list(archive.member_page(archived, start, count, of=total)) == every[start : start + count]


def test_everything_reads_as_before(store: RedisStore, mover: Mover, clock: ManualClock) -> None:
    """Invoice, history, period, sums, pages, search, states, numbers, certificates: in full, short and archived."""
    period_id = complete(store, NUMBERS)
    (kept,) = store.certificates(period_id)

    def everything() -> list[object]:
        period, invoice = store.period(period_id), store.invoice("main-100007")
        assert period is not None
        assert invoice is not None
        return [
            replace(period, archived=0),
            _live(invoice),
            [_live(record) for record in store.invoices(period_id, State.EXPORTED)],
            list(store.invoices(period_id, State.DEAD)),
            store.period_sums(period_id),
            [_of(store.find(period_id, wanted, start=3, count=4)) for wanted in (InvoiceFilter(), _state(), _dead())],
            _of(store.find(period_id, InvoiceFilter(text="c-7"), start=0, count=3)),
            store.gap_numbers(period_id),
            store.states(["main-100007", "main-9"]),
            sorted(store.numbers("main"), key=lambda number: number.number),
            store.certificates(period_id),
            store.certificate(kept.id),
            store.outline(kept.id),
            store.acceptances(period_id),
            store.event_known(steps.EVENT),
            store.event_contents(steps.EVENT),
        ]

    before = everything()
    clock.advance(2 * DAY)
    assert mover.turn(period_id).shortened == len(NUMBERS)
    assert before == everything()
    clock.advance(90 * DAY)
    assert mover.turn(period_id).whole
    assert before == everything()
    found = store.invoice("main-100007")
    assert found is not None
    assert found.leaf == 6


def test_archived_periods_are_listed_and_found_by_name(store: RedisStore, archived: str) -> None:
    """They are no longer among those that are shown every time."""
    assert [archived] == [period.id for period in store.archived_periods()]
    assert [archived] == [period.id for period in store.archived_periods("2026-881a")]
    assert list(store.archived_periods("2026-882")) == []
    assert list(store.archived_periods(export="other")) == []


def test_what_an_archived_invoice_is_asked_to_do_it_does_not(store: RedisStore, archived: str) -> None:
    """It is in e-conomic, and stays as it is."""
    assert store.claim("main-100007").why == "exported"  # type: ignore[union-attr]  # it is not claimed
    assert store.reexport(["main-100007"], by="anna", why="again") == []
    assert store.requeue(["main-100007"], by="anna") == []
    assert not store.mark_exported("main-100007", by="anna", why="by hand")
    invoice = store.invoice("main-100007")
    assert invoice is not None
    assert (invoice.state, invoice.periods) == (State.EXPORTED, (archived,))


def test_an_event_sent_again_exports_nothing(store: RedisStore, archived: str) -> None:
    """Under its own id it is known; under another one its invoices are, as those of a live period."""
    assert store.event_known(steps.EVENT)
    send(store, *map(new_invoice, NUMBERS), event="/opter/acme/1#again")

    period = _period(store, archived)
    assert (period.counts, period.archived) == ({State.EXPORTED: len(NUMBERS)}, len(NUMBERS))
    assert (period.missing, period.events) == (0, (steps.EVENT, "/opter/acme/1#again"))
    assert export(store, archived) == []
    assert _period(store, archived).counts == {State.EXPORTED: len(NUMBERS)}


def test_an_invoice_that_has_changed_waits_for_a_person(store: RedisStore, archived: str) -> None:
    """What was posted stays; a person sees both contents, and may accept it."""
    send(store, new_invoice(100_007, net="999.00"), event="/opter/acme/1#changed")

    (conflict,) = _period(store, archived).conflicts
    assert (conflict.invoice_id, conflict.content) == ("main-100007", new_invoice(100_007, net="999.00").content)
    assert export(store, archived) == []
    assert store.accept_conflicts(archived, "main-100007", by="anna", why="credited") == 1
    period = _period(store, archived)
    assert (period.conflicts, len(period.accepted_conflicts)) == ((), 1)


def test_a_period_may_get_another_invoice_and_move_again(
    store: RedisStore, mover: Mover, archived: str, clock: ManualClock
) -> None:
    """Only the new one is exported; then both are one period of the archive."""
    send(store, *map(new_invoice, NUMBERS), new_invoice(200_000), event="/opter/acme/1#late")
    assert export(store, archived) == ["main-200000"]
    period = _period(store, archived)
    assert (period.counts, period.total) == ({State.EXPORTED: len(NUMBERS) + 1}, len(NUMBERS) + 1)
    everyone = [record.id for record in store.invoices(archived, None)]
    assert everyone == [*(f"main-{number}" for number in NUMBERS), "main-200000"]
    assert store.find(archived, InvoiceFilter(), start=0, count=5).total == len(NUMBERS) + 1
    assert sum(store.period_sums(archived).outcomes.values()) == len(NUMBERS) + 1

    certify(store, archived, at=LATER)
    assert len(store.certificates(archived)) == 2
    clock.advance(200 * DAY)
    assert mover.turn(archived).archived == 1

    period = _period(store, archived)
    assert (period.counts, period.events) == (
        {State.EXPORTED: len(NUMBERS) + 1},
        (steps.EVENT, "/opter/acme/1#late"),
    )
    assert [record.id for record in store.invoices(archived, None)] == everyone
    assert len(store.certificates(archived)) == 2


def test_an_archived_invoice_joins_another_period(
    store: RedisStore, mover: Mover, archived: str, clock: ManualClock
) -> None:
    """As a live one would: the other period counts it, lists it, and takes it along into the archive."""
    send(store, new_invoice(100_007), new_invoice(200_000), number=882, event="/opter/acme/1#other")
    assert export(store, "main-p882") == ["main-200000"]

    def listed() -> list[str]:
        return [record.id for record in store.invoices("main-p882", None)]

    assert (_period(store, "main-p882").total, listed()) == (2, ["main-100007", "main-200000"])
    certify(store, "main-p882", at=LATER)
    clock.advance(200 * DAY)
    assert mover.turn("main-p882").whole
    assert (_period(store, "main-p882").total, listed()) == (2, ["main-100007", "main-200000"])
    assert _period(store, archived).total == len(NUMBERS)


def test_an_invoice_of_two_periods_waits_for_both(store: RedisStore, mover: Mover, clock: ManualClock) -> None:
    """It leaves the store once none of them can still change it, and belongs to both in the archive."""
    first = complete(store, [1, 2])
    send(store, new_invoice(2), new_invoice(3), number=882, event="/opter/acme/1#other")
    clock.advance(100 * DAY)
    turn = mover.turn(first)
    assert not turn.whole
    assert [record.id for record in store.invoices(first, None) if record.leaf is None] == ["main-2"]

    export(store, "main-p882")
    certify(store, "main-p882", at=LATER)
    clock.advance(200 * DAY)
    assert mover.turn(first).whole
    assert (_period(store, "main-p882").counts, _period(store, "main-p882").archived) == ({State.EXPORTED: 2}, 1)
    assert mover.turn("main-p882").whole
    for period_id, expected in ((first, ["main-1", "main-2"]), ("main-p882", ["main-2", "main-3"])):
        assert [record.id for record in store.invoices(period_id, None)] == expected


def _fail(store: RedisStore) -> str:
    period_id = send(store, new_invoice(1), new_invoice(2))
    fence = store.claim_period(period_id)
    assert fence is not None
    read = {record.id: record.content_hash for record in store.received(period_id)}
    store.pass_preflight(
        period_id, fence, read=read, queued=["main-1"], lookup=frozenset(), dead={"main-2": steps.FAILURE}
    )
    store.finish_preflight(period_id, fence, notice="")
    return period_id


def _missing(store: RedisStore) -> str:
    period = steps.period(count=2)
    store.open_period(period, steps.EVENT)
    store.register(period.id, steps.EVENT, [new_invoice(1)])
    store.close_event(period.id, steps.EVENT)
    export(store, period.id)
    certify(store, period.id)
    return period.id


def _conflicting(store: RedisStore) -> str:
    period_id = complete(store, [1])
    send(store, new_invoice(1, net="7.00"), event="/opter/acme/1#changed")
    export(store, period_id)
    certify(store, period_id)
    return period_id


def _again(store: RedisStore) -> str:
    period_id = complete(store, [1, 2])
    store.reexport(["main-1"], by="anna", why="again")
    return period_id


def _unread(store: RedisStore) -> str:
    period_id = send(store, new_invoice(1))
    export(store, period_id)
    return period_id


def _due(store: RedisStore) -> str:
    period_id = complete(store, [1])
    store.schedule_reconciles("2027-01-16", since=0.0)
    return period_id


@pytest.mark.parametrize("begun", [_fail, _missing, _conflicting, _again, _unread, _due])
def test_a_period_that_may_still_change_stays(
    store: RedisStore, mover: Mover, clock: ManualClock, begun: Callable[[RedisStore], str]
) -> None:
    """Failed, missing, changed or moving invoices, no certificate, or another one due: nothing of it is archived."""
    period_id = begun(store)
    clock.advance(1000 * DAY)

    turn = mover.turn(period_id)

    assert (turn.archived, turn.whole) == (0, False)
    assert all(record.leaf is None for record in store.invoices(period_id, None))


def test_an_event_in_the_middle_of_the_move_stops_it(
    store: RedisStore, mover: Mover, archive: Archive, clock: ManualClock, redis_client: redis.Redis
) -> None:
    """What has gone by then reads as before, what has not is exported and read back before it goes."""
    period_id = complete(store, NUMBERS)
    clock.advance(100 * DAY)

    class Interrupted(type(archive)):  # type: ignore[misc]  # the archive, with something that happens beside it
        def append(self, added: object) -> object:
            if self.head().size:
                send(store, new_invoice(200_000), event="/opter/acme/1#late")
            return super().append(added)

    between = moving(store, redis_client, Interrupted(archive._database), clock, prefix=store.key())  # noqa: SLF001  # see above
    turn = between.turn(period_id)
    assert (turn.archived, turn.whole) == (CHUNK, False)
    assert _period(store, period_id).counts == {State.EXPORTED: len(NUMBERS), State.RECEIVED: 1}
    assert len(list(store.invoices(period_id, None))) == len(NUMBERS) + 1

    assert export(store, period_id) == ["main-200000"]
    certify(store, period_id, at=LATER)
    clock.advance(200 * DAY)
    assert mover.turn(period_id).archived == len(NUMBERS) + 1 - CHUNK
    assert _period(store, period_id).counts == {State.EXPORTED: len(NUMBERS) + 1}


def test_old_actions_move_and_keep_their_places(store: RedisStore, mover: Mover, clock: ManualClock) -> None:
    """The log reads as one, whichever part of it is where."""
    for number in range(7):
        store.log_action(who="anna", what="pause", why=f"reason {number}", export="main")
        clock.advance(DAY)
    before = store.actions(LogFilter())
    clock.advance(86 * DAY)  # the first three are 90 days old

    assert mover.actions() == 3
    assert mover.actions() == 0

    assert before == store.actions(LogFilter())
    assert before[2:5] == store.actions(LogFilter(), before=before[1].place, most=3)
    assert [entry.why for entry in store.actions(LogFilter(text="reason 1"))] == ["reason 1"]
    store.log_action(who="bo", what="resume", export="main")
    assert store.actions(LogFilter(), most=1)[0].place == 7


def test_without_the_archive_nothing_is_taken_for_unknown(
    store: RedisStore, archived: str, archive: Archive, tmp_path: Path
) -> None:
    """An event of the period waits, a page says why; whatever Redis itself knows of the invoices goes on."""
    if not archive.where.startswith("sqlite"):
        pytest.skip("by a file that is moved away")
    file = tmp_path / "archive.sqlite"
    file.rename(tmp_path / "away")

    with pytest.raises(ArchiveUnavailable, match="not there"):
        send(store, *map(new_invoice, NUMBERS), event="/opter/acme/1#again")
    for read in (
        lambda: store.invoice("main-100007"),
        lambda: store.period(archived),
        lambda: list(store.invoices(archived, None)),
    ):
        with pytest.raises(ArchiveUnavailable):
            read()
    assert store.states(["main-100007"]) == {"main-100007": State.EXPORTED}
    assert store.claim("main-100007").why == "exported"  # type: ignore[union-attr]  # it is not claimed

    (tmp_path / "away").rename(file)
    send(store, *map(new_invoice, NUMBERS), event="/opter/acme/1#again")
    assert export(store, archived) == []


def test_an_emptied_redis_learns_what_is_archived_before_it_takes_an_event_in(
    store: RedisStore, archived: str, redis_client: redis.Redis, redis_prefix: str
) -> None:
    """An event sent again exports nothing, whether its id is the same or not."""
    store.log_action(who="anna", what="pause", export="main")
    redis_client.delete(*redis_client.keys(f"{redis_prefix}*"))

    send(store, *map(new_invoice, NUMBERS), event="/opter/acme/1#again")
    assert export(store, archived) == []
    assert _period(store, archived).counts == {State.EXPORTED: len(NUMBERS)}
    assert store.event_known(steps.EVENT)
    invoice = store.invoice("main-100007")
    assert invoice is not None
    assert invoice.progress.booked_number == 100_007


def test_another_archive_is_refused(store: RedisStore, mover: Mover, archived: str, tmp_path: Path) -> None:
    """So is an old copy: it lacks what Redis knows to be archived."""
    other = Archive(type(mover.archive._database)(f"sqlite:///{tmp_path / 'other.sqlite'}"))  # type: ignore[attr-defined]  # noqa: SLF001  # its kind
    other.create()
    give_archive(store, other)

    with pytest.raises(ArchiveUnavailable, match="another one"):
        send(store, new_invoice(100_007), event="/opter/acme/1#again")
    assert archived == "main-p881"
    other.close()


def test_two_at_once_move_each_invoice_once(
    store: RedisStore, mover: Mover, archive: Archive, clock: ManualClock, redis_client: redis.Redis
) -> None:
    """A message may come twice: the second turn finds what the first has done."""
    period_id = complete(store, NUMBERS)
    clock.advance(100 * DAY)
    second = moving(store, redis_client, archive, clock, prefix=store.key())

    class Beside(type(archive)):  # type: ignore[misc]  # the archive, with another turn in the middle
        def append(self, added: object) -> object:
            kept = super().append(added)
            second.turn(period_id)
            return kept

    first = moving(store, redis_client, Beside(archive._database), clock, prefix=store.key())  # noqa: SLF001  # see above
    first.turn(period_id)
    mover.turn(period_id)

    assert _period(store, period_id).counts == {State.EXPORTED: len(NUMBERS)}
    assert archive.numbers()[EntryKind.INVOICE] == len(NUMBERS)
    assert archive.numbers()[EntryKind.PERIOD] == 1
    assert redis_client.keys(store.key("invoice:*")) == []


def _live(invoice: InvoiceRecord) -> InvoiceRecord:
    return replace(invoice, leaf=None)


def _of(page: InvoicePage) -> tuple[int, list[InvoiceRecord]]:
    return page.total, [_live(record) for record in page.records]


def _state() -> InvoiceFilter:
    return InvoiceFilter(state=State.EXPORTED)


def _dead() -> InvoiceFilter:
    return InvoiceFilter(state=State.DEAD)


def _period(store: RedisStore, period_id: str) -> PeriodRecord:
    period = store.period(period_id)
    assert period is not None
    return period
