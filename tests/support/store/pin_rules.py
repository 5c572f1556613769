"""What every store keeps of whose books an export writes."""

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
