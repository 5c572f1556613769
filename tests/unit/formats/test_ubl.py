"""Peppol and OIOUBL invoices come out to the øre, or are refused with everything that is wrong or unmapped."""

import base64
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.formats import UBL_MAPPING, read, to_ubl, ubl_keeps
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice
from worker.domain.sums import check_sums
from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.mapping import Mapping

EANS = st.sampled_from([None, "5790000000001"])
AMOUNTS = st.decimals(Decimal("0.01"), Decimal(90_000), places=2)
RATES = st.sampled_from([("25.00", "3010", "M25"), ("0.00", "3012", "M0")])
NAMES = st.text("abcæøåÆ&<>\"' 12", min_size=1, max_size=20).map(lambda text: " ".join(text.split()) or "x")


@st.composite
def _invoices(draw: st.DrawFn) -> Invoice:
    rates = draw(st.lists(RATES, min_size=1, max_size=6))
    credit = draw(st.booleans())
    sign = -1 if credit else 1
    lines = [
        line(str(draw(AMOUNTS) * sign), rate=rate, account=account, vat_code=code, text=draw(NAMES))
        for rate, account, code in rates
    ]
    changes: dict[str, Any] = {
        "customer": customer(name=draw(NAMES), ean=draw(st.sampled_from([None, "5790000000001"])))
    }
    if credit:
        changes |= {"invoice_type": "correction", "credits_invoice_number": 100001}
    return ubl_keeps(invoice(*lines, **changes))


@settings(max_examples=150, deadline=None)
@given(source=_invoices())
def test_an_invoice_written_as_ubl_and_read_is_the_same(source: Invoice) -> None:
    """For what UBL can carry; VAT, which it gives per category, adds up to the same and still fits each line."""
    (found,), _ = read(to_ubl(source), "i.xml", UBL_MAPPING)

    assert not check_sums(found)
    without_line_vat = [
        each.model_copy(update={"lines": tuple(row.model_copy(update={"vat": row.net}) for row in each.lines)})
        for each in (source, found)
    ]
    assert without_line_vat[0].content().text == without_line_vat[1].content().text
    for before, after in zip(source.lines, found.lines, strict=True):
        assert abs(before.vat - after.vat) <= Decimal("0.01")


def _changed(old: str, new: str, source: Invoice | None = None) -> bytes:
    document = to_ubl(source or invoice()).decode()
    assert old in document
    return document.replace(old, new).encode()


def _refused(raw: bytes, mapping: Mapping = UBL_MAPPING) -> list[str]:
    with pytest.raises(EventRefused) as refused:
        read(raw, "i.xml", mapping)
    return [problem.description for problem in refused.value.problems]


def test_everything_unmapped_is_named_at_once() -> None:
    """Two accounts are missing: both lines are named, with what a rule can go by."""
    problems = _refused(to_ubl(invoice(line(), line(account="3015"))), Mapping())

    assert ["sales account" in each for each in problems] == [True, True]
    assert "cost 3015, S 25.00 %" in problems[1]


def test_allowances_and_charges_become_lines_of_their_own() -> None:
    """A discount of 100 and freight of 50 on the whole invoice, both with 25 % VAT."""
    parts = "".join(
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{charge}</cbc:ChargeIndicator>"
        f"<cbc:AllowanceChargeReason>{reason}</cbc:AllowanceChargeReason>"
        f'<cbc:Amount currencyID="DKK">{amount}</cbc:Amount><cac:TaxCategory><cbc:ID>S</cbc:ID>'
        "<cbc:Percent>25</cbc:Percent></cac:TaxCategory></cac:AllowanceCharge>"
        for charge, reason, amount in (("false", "Rabat", "100"), ("true", "Fragt", "50"))
    )
    document = to_ubl(invoice()).decode()
    for old, new in {
        "<cac:TaxTotal>": f"{parts}<cac:TaxTotal>",
        ">250.00</cbc:TaxAmount>": ">237.50</cbc:TaxAmount>",
        ">1000.00</cbc:TaxExclusiveAmount>": ">950.00</cbc:TaxExclusiveAmount>"
        "<cbc:AllowanceTotalAmount>100</cbc:AllowanceTotalAmount><cbc:ChargeTotalAmount>50</cbc:ChargeTotalAmount>",
        ">1250.00</cbc:TaxInclusiveAmount>": ">1187.50</cbc:TaxInclusiveAmount>",
        ">1250.00</cbc:PayableAmount>": ">1187.50</cbc:PayableAmount>",
    }.items():
        assert old in document
        document = document.replace(old, new)
    rules = [*UBL_MAPPING.ubl.accounts, {"account": "1090", "kind": "allowance"}, {"account": "3020", "kind": "charge"}]
    mapping = Mapping.model_validate({"ubl": {"accounts": rules}})

    (found,), _ = read(document.encode(), "i.xml", mapping)

    assert [(each.sales_account, str(each.net)) for each in found.lines] == [
        ("3010", "1000.00"), ("1090", "-100.00"), ("3020", "50.00"),
    ]  # fmt: skip
    assert (str(found.net), str(found.vat), str(found.gross)) == ("950.00", "237.50", "1187.50")


def test_what_was_prepaid_is_still_invoiced() -> None:
    """A payment on account lowers what is to be paid, not what goes into the books."""
    old = ">1250.00</cbc:PayableAmount>"
    new = '>1000.00</cbc:PayableAmount><cbc:PrepaidAmount currencyID="DKK">250.00</cbc:PrepaidAmount>'

    (found,), _ = read(_changed(old, new), "i.xml", UBL_MAPPING)

    assert str(found.gross) == "1250.00"


def test_an_oioubl_document_gives_tax_where_peppol_gives_net() -> None:
    """OIOUBL's TaxExclusiveAmount is the sum of taxes; its categories have names of their own."""
    document = to_ubl(invoice()).decode()
    head = "<cbc:CustomizationID>OIOUBL-2.1</cbc:CustomizationID>"
    document = document.replace("<cbc:ID>100353", f"{head}<cbc:ID>100353", 1)
    document = document.replace(">1000.00</cbc:TaxExclusiveAmount>", ">250.00</cbc:TaxExclusiveAmount>")
    document = document.replace("<cbc:ID>S</cbc:ID>", "<cbc:ID>StandardRated</cbc:ID>")

    (found,), _ = read(document.encode(), "i.xml", UBL_MAPPING)

    assert (str(found.net), str(found.vat), found.lines[0].vat_code) == ("1000.00", "250.00", "M25")


def test_the_embedded_pdf_is_the_printed_invoice() -> None:
    """It comes beside the invoice, byte for byte."""
    pdf = b"%PDF-1.7 \x00\xff"
    part = (
        "<cac:AdditionalDocumentReference><cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode='application/pdf'>"
        f"{base64.b64encode(pdf).decode()}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
        "</cac:AdditionalDocumentReference><cac:TaxTotal>"
    )
    how = HowToRead(mapping=UBL_MAPPING)

    ((_, held),) = read_file(io.BytesIO(_changed("<cac:TaxTotal>", part)), "i.xml", how, FileHead())

    assert held == pdf


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (">1250.00</cbc:PayableAmount>", ">1249.99</cbc:PayableAmount>", "PayableAmount: '1249.99'"),
        (">1250.00</cbc:TaxInclusiveAmount>", ">1251.00</cbc:TaxInclusiveAmount>", "TaxInclusiveAmount: '1251.00'"),
        (">1000.00</cbc:TaxExclusiveAmount>", ">999.00</cbc:TaxExclusiveAmount>", "TaxExclusiveAmount: '999.00'"),
        (">100353</cbc:ID>", ">INV-1</cbc:ID>", "'INV-1' must be Opter's invoice number"),
        (">380<", ">389<", "InvoiceTypeCode: '389'"),
        (">1000.00</cbc:LineExtensionAmount>", ">1000.001</cbc:LineExtensionAmount>", "'1000.001' is no amount"),
        ("<cbc:Percent>25.00</cbc:Percent>", "<cbc:Percent>12</cbc:Percent>", "is not 12.00 % of 1000.00"),
        ("<cbc:IdentificationCode>DK</cbc:IdentificationCode>", "", "IdentificationCode is missing"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, named: str) -> None:
    """Each contradiction by its element and value."""
    assert any(named in each for each in _refused(_changed(old, new)))


def test_a_second_vat_total_is_that_of_the_books() -> None:
    """A foreign invoice gives its VAT in kroner as well; it is not added."""
    second = '<cac:TaxTotal><cbc:TaxAmount currencyID="DKK">1865.00</cbc:TaxAmount></cac:TaxTotal>'
    total = "<cac:LegalMonetaryTotal>"
    raw = _changed(total, second + total, invoice(currency="EUR"))

    (found,), _ = read(raw, "i.xml", UBL_MAPPING)

    assert (found.currency, str(found.vat)) == ("EUR", "250.00")
