"""What a process leaves in the store to show that it is alive."""

from threading import Event

from support.clock import ManualClock
from support.memory_store import MemoryStore
from typing_extensions import override

from worker.domain.reasons import ProcessReason, failure
from worker.domain.signs_of_life import FileNotTaken, Part
from worker.errors import StoreUnavailable
from worker.runtime.signs_of_life import EVERY, ShownFaults, ShownLife, keep_showing, process_name


class Counting(MemoryStore):
    """Counts the signs, and can be away."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock=clock)
        self.shown, self.away, self.first = 0, False, Event()

    @override
    def show_life(self, part: Part, name: str, *, not_taken: FileNotTaken | None = None) -> None:
        self.shown += 1
        self.first.set()
        if self.away:
            raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer."))
        super().show_life(part, name, not_taken=not_taken)


def test_a_sign_is_left_every_ten_seconds_however_often_it_is_called(clock: ManualClock) -> None:
    """The loops that call it turn once a second, and once for each thousand invoices."""
    store = Counting(clock)
    life = ShownLife(store=store, part=Part.INTAKE, name="a", monotonic=clock)
    for _ in range(25):
        life()
        clock.advance(1)
    assert store.shown == 3


def test_a_store_that_is_away_stops_no_process(clock: ManualClock) -> None:
    """A later call leaves the sign; one that ends meanwhile ends all the same."""
    store = Counting(clock)
    store.away = True
    life = ShownLife(store=store, part=Part.SWEEPS, name="a", monotonic=clock)
    life()
    life.leave()
    store.away = False
    clock.advance(EVERY)
    life()
    assert [sign.name for sign in store.signs_of_life()] == ["a"]


def test_a_thread_shows_life_until_it_is_ended(clock: ManualClock) -> None:
    """The sign is taken back at the end: what stopped in order is not missed."""
    store = Counting(clock)
    end = keep_showing(ShownLife(store=store, part=Part.WORKER, name="a"))
    assert store.first.wait(60)
    end()
    assert list(store.signs_of_life()) == []


def test_a_process_that_hangs_shows_no_life(clock: ManualClock) -> None:
    """Its thread would go on for ever."""
    store, asked = Counting(clock), Event()

    def hangs() -> bool:
        asked.set()
        return False

    end = keep_showing(ShownLife(store=store, part=Part.WORKER, name="a"), well=hangs)
    assert asked.wait(60)
    end()
    assert store.shown == 0


def test_a_process_has_a_name_of_its_own() -> None:
    """Two on one host must not speak for each other."""
    assert process_name("mine") == "mine"
    assert process_name().rpartition("-")[2].isdecimal()


def test_a_fault_of_a_folder_is_shown_for_as_long_as_it_lasts(clock: ManualClock) -> None:
    """Another fault takes its place; a name that is no text is still told; in the end nothing is left."""
    store, folders, servers = Counting(clock), {"main": "/a\udcff: No space left on device"}, {"other": "away"}
    shown = ShownFaults(store=store, faults=[folders, servers])
    shown()
    assert [sign.name for sign in store.signs_of_life()] == ["main: /a\\udcff: No space left on device", "other: away"]
    folders["main"] = "/a: Permission denied"
    servers.clear()
    shown()
    assert [sign.name for sign in store.signs_of_life()] == ["main: /a: Permission denied"]
    shown.leave()

    assert list(store.signs_of_life()) == []
