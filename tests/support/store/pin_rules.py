"""What every ledger keeps of whose books an export writes."""

from worker.domain.store_port import Ledger


class PinRules:
    """Rules of ``PinPort``."""

    def test_the_first_agreement_counts(self, ledger: Ledger) -> None:
        """Whatever is seen later, and however often."""
        assert [ledger.pin("main", seen) for seen in (417001, 417002, 417001)] == [417001] * 3

    def test_each_export_has_its_own(self, ledger: Ledger) -> None:
        """Two exports may write to one agreement, or to two."""
        ledger.pin("main", 417001)

        assert [ledger.pin("north", 417002), ledger.pin("south", 417001)] == [417002, 417001]
