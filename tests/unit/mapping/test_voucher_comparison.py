"""A voucher found against its source."""

from decimal import Decimal

import pytest
from support.samples import invoice, line

from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.voucher_comparison import compare_voucher


def found(gross: str, journal: int | None = 1) -> VoucherFound:
    return VoucherFound(
        document_reference="main-100353", journal=journal, year="2026", number=10001, gross=Decimal(gross)
    )


def test_the_same_gross_amount_is_the_source() -> None:
    """100.00 + 25 % = 125.00."""
    assert compare_voucher(invoice(line("100.00")), found("125.00")) is None


@pytest.mark.parametrize(
    ("gross", "journal", "where"), [("125.01", 1, "stands in journal 1"), ("-125.00", None, "is booked")]
)
def test_another_amount_is_named_with_both(gross: str, journal: int | None, where: str) -> None:
    """One øre is a difference, and so is the sign."""
    difference = compare_voucher(invoice(line("100.00")), found(gross, journal))
    assert difference is not None
    assert difference.reason == "voucher-differs"
    assert difference.description == (
        f"Voucher 10001 of 2026 {where} with {gross} on the customer; Opter's gross amount is 125.00 DKK."
    )
