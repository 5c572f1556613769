"""What every ledger tells a plan, without changing anything."""

from dataclasses import replace

from support.store.shared_rules import KEY

from worker.domain.store_port import Ledger


class PlanRules:
    """Rules of ``PlanPort``."""

    def test_a_shared_number_is_told_once_it_is_known(self, ledger: Ledger) -> None:
        """Neither before it is asked for by anyone, nor while it is being created."""
        before = ledger.shared_number(KEY)
        flight = ledger.open_shared(KEY)
        meanwhile = ledger.shared_number(KEY)
        ledger.save_shared(KEY, replace(flight, number="1001"))

        assert [before, meanwhile, ledger.shared_number(KEY)] == [None, None, "1001"]

    def test_asking_takes_no_lease(self, ledger: Ledger) -> None:
        """Whoever really creates it is not told that another is at it."""
        ledger.shared_number(KEY)

        assert ledger.open_shared(KEY).fence == 1

    def test_asking_for_a_pin_sets_none(self, ledger: Ledger) -> None:
        """The first real use decides, not a plan with the wrong token."""
        before = ledger.pinned("main")
        ledger.pin("main", 417001)

        assert [before, ledger.pinned("main")] == [None, 417001]
