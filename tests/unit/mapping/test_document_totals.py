from decimal import Decimal

import pytest
from support.samples import invoice

from worker.economic.mapping.documents import compare_totals
from worker.economic.mapping.master_data import Document


def document(net: str = "1000.00", vat: str = "250.00", gross: str = "1250.00", currency: str = "DKK") -> Document:
    amounts = {"net": Decimal(net), "vat": Decimal(vat), "gross": Decimal(gross)}
    return Document(
        number=1,
        booked=False,
        document_reference="main-100353",
        customer=1001,
        date="2026-11-20",
        currency=currency,
        **amounts,
    )


@pytest.mark.parametrize(
    ("found", "tolerance", "field"),
    [
        (document(), "0.00", None),
        (document(vat="250.01", gross="1250.01"), "0.00", "vat"),
        (document(vat="250.01", gross="1250.01"), "0.01", None),
        (document(vat="249.99", gross="1249.99"), "0.01", None),
        (document(vat="250.02", gross="1250.02"), "0.01", "vat"),
        (document(net="999.99"), "0.00", "net"),
        (document(gross="1250.01"), "0.00", "gross"),
        (document(net="0", vat="0", gross="0"), "1.00", "net"),
        (document(net="-1000.00", vat="-250.00", gross="-1250.00"), "1.00", "net"),
        (document(currency="EUR"), "1.00", "currency"),
    ],
)
def test_compare_totals(found: Document, tolerance: str, field: str | None) -> None:
    """Net, VAT and gross each within the tolerance, in the same currency."""
    difference = compare_totals(invoice(), found, Decimal(tolerance))

    assert (difference.field if difference else None) == field


def test_both_sums_are_told() -> None:
    """A person sees Opter's and e-conomic's amounts side by side."""
    difference = compare_totals(invoice(), document(vat="0.00", gross="1000.00"), Decimal("0.00"))

    assert difference
    assert difference.reason == "totals-mismatch"
    assert difference.description == (
        "Opter: net 1000.00, VAT 250.00, gross 1250.00 DKK. e-conomic: net 1000.00, VAT 0.00, gross 1000.00 DKK. "
        "They differ in vat and gross."
    )
