"""What every store keeps of the clocks that workers compare."""

from worker.domain.clocks import ClockReading
from worker.domain.store_port import Store


def reading(at: float, *, export: str = "main", worker: str = "a", ahead: float = 0.0) -> ClockReading:
    return ClockReading(export=export, worker=worker, at=at, accounting_ahead=ahead, worker_ahead=-ahead)


class ClockRules:
    """Rules of ``note_clocks`` and ``clocks``."""

    def test_the_latest_of_each_export_and_worker_is_kept(self, store: Store) -> None:
        """Nothing is known at first; a later reading takes the place of the one before it."""
        assert list(store.clocks()) == []
        for each in (reading(1000.0, ahead=70.5), reading(1001.0, worker="b"), reading(1002.0, export="other")):
            store.note_clocks(each)
        store.note_clocks(reading(1060.0, ahead=-3.25))

        assert list(store.clocks()) == [
            reading(1060.0, ahead=-3.25),
            reading(1001.0, worker="b"),
            reading(1002.0, export="other"),
        ]

    def test_what_is_old_or_by_a_clock_that_was_set_back_is_forgotten(self, store: Store) -> None:
        """A host that is gone says nothing for ever; a reading from the future was made by a wrong clock."""
        store.note_clocks(reading(1000.0, worker="gone"))
        store.note_clocks(reading(9000.0, worker="by a wrong clock"))
        store.note_clocks(reading(5000.0))

        assert list(store.clocks()) == [reading(5000.0)]
