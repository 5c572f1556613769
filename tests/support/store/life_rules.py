"""What every store keeps of the signs that processes leave."""

from support.clock import ManualClock

from worker.domain.signs_of_life import FORGOTTEN_AFTER, FileNotTaken, Part, SignOfLife
from worker.domain.store_port import Store


def sign(part: Part, name: str, silent_for: float = 0.0) -> SignOfLife:
    return SignOfLife(part=part, name=name, silent_for=silent_for)


class LifeRules:
    """Rules of ``show_life``, ``end_life`` and ``signs_of_life``."""

    def test_the_last_sign_of_each_process_is_kept(self, store: Store, clock: ManualClock) -> None:
        """By part and name; a later sign takes the place of the one before it. Names may hold anything."""
        assert list(store.signs_of_life()) == []
        for part, name in ((Part.WORKER, "worker@b"), (Part.PAGE, "worker@b"), (Part.WORKER, "a name with spaces")):
            store.show_life(part, name)
        clock.advance(60)
        store.show_life(Part.WORKER, "worker@b")

        assert list(store.signs_of_life()) == [
            sign(Part.PAGE, "worker@b", 60),
            sign(Part.WORKER, "a name with spaces", 60),
            sign(Part.WORKER, "worker@b"),
        ]

    def test_a_process_says_why_it_does_not_use_the_exports_file(self, store: Store) -> None:
        """For as long as it does not, and of itself alone."""
        why = FileNotTaken(problem="exports.main agreement is 2; it was 1.", next_step="Change it back: æ.")
        store.show_life(Part.WORKER, "a", not_taken=why)
        store.show_life(Part.WORKER, "b c", not_taken=why)
        store.show_life(Part.SWEEPS, "a")
        said = [(sign.part, sign.name, sign.not_taken) for sign in store.signs_of_life()]
        store.show_life(Part.WORKER, "a")
        store.end_life(Part.WORKER, "b c")
        store.show_life(Part.WORKER, "b c")

        assert said == [(Part.SWEEPS, "a", None), (Part.WORKER, "a", why), (Part.WORKER, "b c", why)]
        assert [sign.not_taken for sign in store.signs_of_life() if sign.name == "a"] == [None, None]

    def test_what_ends_in_order_leaves_no_sign(self, store: Store) -> None:
        """Nobody is warned of a process that was stopped; ending twice is nothing."""
        store.show_life(Part.WORKER, "a")
        store.show_life(Part.SWEEPS, "a")
        store.end_life(Part.WORKER, "a")
        store.end_life(Part.WORKER, "a")

        assert list(store.signs_of_life()) == [sign(Part.SWEEPS, "a")]

    def test_what_is_silent_for_a_day_is_forgotten(self, store: Store, clock: ManualClock) -> None:
        """Containers that were killed have names that never come again."""
        store.show_life(Part.WORKER, "gone")
        clock.advance(FORGOTTEN_AFTER + 1)
        store.show_life(Part.WORKER, "new")

        assert list(store.signs_of_life()) == [sign(Part.WORKER, "new")]

    def test_a_sign_from_the_future_is_no_proof_of_life(self, store: Store, clock: ManualClock) -> None:
        """A clock that was set back by hours must not keep dead processes alive for hours."""
        store.show_life(Part.WORKER, "dead")
        clock.advance(-7200)
        assert list(store.signs_of_life()) == []
        store.show_life(Part.WORKER, "alive")

        assert list(store.signs_of_life()) == [sign(Part.WORKER, "alive")]
