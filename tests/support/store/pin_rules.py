"""What every store keeps of whose books an export writes."""

from support.store import steps

from worker.domain.store_port import Store


class PinRules:
    """Rules of ``PinPort``."""

    def test_the_first_agreement_counts(self, store: Store) -> None:
        """Whatever is seen later, and however often."""
        assert [store.pin("main", seen) for seen in (417001, 417002, 417001)] == [417001] * 3

    def test_each_export_has_its_own(self, store: Store) -> None:
        """Two exports may write to one agreement, or to two."""
        store.pin("main", 417001)

        assert [store.pin("north", 417002), store.pin("south", 417001)] == [417002, 417001]

    def test_a_store_that_was_told_nothing_is_young_from_its_first_preflight(self, store: Store) -> None:
        """It may have been emptied; what is declared after that comes too late."""
        [invoice_id] = steps.queue(store, 1)
        store.declare_first_use("main")
        record = steps.claim(store, invoice_id)

        assert record.whole_since == record.passed_at

    def test_a_first_use_that_was_declared_in_time_is_whole_from_the_beginning(self, store: Store) -> None:
        """Nothing can have been sent before, so the preflight's lookup is enough."""
        store.declare_first_use("main")
        [invoice_id] = steps.queue(store, 1)

        assert steps.claim(store, invoice_id).whole_since == 0.0
