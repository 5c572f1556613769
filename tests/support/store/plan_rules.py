"""What every store tells a plan, without changing anything."""

from dataclasses import replace

from support.store.shared_rules import KEY

from worker.domain.store_port import Store


class PlanRules:
    """Rules of ``PlanPort``."""

    def test_a_shared_number_is_told_once_it_is_known(self, store: Store) -> None:
        """Neither before it is asked for by anyone, nor while it is being created."""
        before = store.shared_number(KEY)
        flight = store.open_shared(KEY)
        meanwhile = store.shared_number(KEY)
        store.save_shared(KEY, replace(flight, number="1001"))

        assert [before, meanwhile, store.shared_number(KEY)] == [None, None, "1001"]

    def test_asking_takes_no_lease(self, store: Store) -> None:
        """Whoever really creates it is not sent away because a plan looked."""
        store.shared_number(KEY)

        assert store.open_shared(KEY).fence == 1

    def test_asking_for_a_pin_sets_none(self, store: Store) -> None:
        """The first real use decides, not a plan with the wrong token."""
        before = store.pinned("main")
        store.pin("main", 417001)

        assert [before, store.pinned("main")] == [None, 417001]
