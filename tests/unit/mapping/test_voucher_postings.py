"""Amounts by account and VAT code, with their arithmetic."""

from decimal import Decimal
from typing import Any

import pytest
from support.samples import invoice, line
from support.vouchers import export, reference

from worker.domain.invoice import Invoice
from worker.economic.mapping.voucher_postings import postings
from worker.errors import InvalidInvoice

Row = tuple[int, str | None, str]


def rows(source: Invoice, **voucher: Any) -> list[Row]:
    return [
        (posting.account, posting.code, str(posting.gross))
        for posting in postings(source, export(**voucher), reference())
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # 1000.00 + 25 % = 1250.00
        (invoice(line("1000.00")), [(3010, "U25", "1250.00")]),
        # the same account and code: one amount
        (invoice(line("1000.00"), line("200.00")), [(3010, "U25", "1500.00")]),
        # other accounts and codes apart
        (
            invoice(line("100.00"), line("50.00", account="3012", rate="0.00"), line("10.00", account="3020")),
            [(3010, "U25", "125.00"), (3012, "U0", "50.00"), (3020, "U25", "12.50")],
        ),
        # one account with two codes
        (
            invoice(line("100.00"), line("50.00", rate="0.00", vat_code="FREE")),
            [(3010, "U25", "125.00"), (3010, None, "50.00")],
        ),
        # a credit note
        (invoice(line("-1000.00")), [(3010, "U25", "-1250.00")]),
        # what cancels out is not posted
        (invoice(line("10.00"), line("-10.00"), line("1.00", account="3020")), [(3020, "U25", "1.25")]),
        # 3 x (100.10 + 25.03): the sum would lift 75.08, not 75.09 (375.39 / 5 = 75.078), so each line by itself:
        # 125.13 / 5 = 25.026
        (invoice(*(line("100.10", vat="25.03") for _ in range(3))), [(3010, "U25", "125.13")] * 3),
        # Opter's rounding goes to the rounding account, without a code
        (invoice(line("99.90"), rounding="0.12"), [(3010, "U25", "124.88"), (4990, None, "0.12")]),
        # one øre more VAT than a line of 100.00 has: 25.01 is contained in 125.03 to 125.07 (125.03 / 5 = 25.006),
        # the source's gross is 125.01, so -0.02 goes to the rounding account
        (invoice(line("100.00", vat="25.01")), [(3010, "U25", "125.03"), (4990, None, "-0.02")]),
    ],
)
def test_postings(source: Invoice, expected: list[Row]) -> None:
    """As few as possible, and such that e-conomic's VAT is the source's."""
    assert rows(source) == expected


@pytest.mark.parametrize(
    ("source", "voucher", "words"),
    [
        (
            invoice(line("99.90"), rounding="0.12"),
            {"rounding_account": None},
            "0.12 DKK would have to go to a rounding",
        ),
        (invoice(line("99.90"), rounding="0.12"), {"most_rounding": Decimal("0.11")}, "voucher.most_rounding is 0.11"),
        # 0.12 and the line's -0.02 do not make up for each other: 0.14
        (invoice(line("100.00", vat="25.01"), rounding="0.12"), {"most_rounding": Decimal("0.13")}, "0.14 DKK"),
        # no amount gives VAT at 0 %
        (invoice(line("1.00", rate="0.00", vat="0.01")), {}, "VAT code M0 has no VAT, but its lines carry 0.01."),
    ],
)
def test_roundings_that_cannot_be_posted_are_refused(source: Invoice, voucher: dict[str, Any], words: str) -> None:
    """No account, or above the limit: the invoice is refused with the amount named."""
    with pytest.raises(InvalidInvoice) as refused:
        rows(source, **voucher)
    assert refused.value.failure.reason == "voucher-rounding"
    assert words in refused.value.failure.description


def test_an_invoice_of_zeros_has_nothing_to_post() -> None:
    """Zero-value invoices are possible in Opter (docs.opter.com, invoicing-004); a voucher without entries is not."""
    with pytest.raises(InvalidInvoice) as refused:
        rows(invoice(line("0.00")))
    assert refused.value.failure.reason == "voucher-empty"


def test_a_header_that_is_not_the_sum_of_its_lines_is_never_posted() -> None:
    """The event's checks refuse it long before; the voucher trusts nobody."""
    with pytest.raises(InvalidInvoice) as refused:
        rows(invoice(line("100.00")).model_copy(update={"gross": Decimal("125.01")}))
    assert refused.value.failure.reason == "invalid-sums"
