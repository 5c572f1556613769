"""Peppol and OIOUBL invoices come out to the øre, or are refused with everything that is wrong or unmapped."""

import base64
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.formats import UBL_MAPPING, read, to_ubl, ubl_keeps
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice, Line
from worker.domain.sums import check_sums
from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.mapping import Mapping

UBL_MAPPING_WITH_ALLOWANCES = Mapping.model_validate(
    {"ubl": {"accounts": [*UBL_MAPPING.model_dump()["ubl"]["accounts"], {"account": "1090", "kind": "allowance"}]}}
)
EANS = st.sampled_from([None, "5790000000001"])
AMOUNTS = st.decimals(Decimal("0.01"), Decimal(90_000), places=2)
RATES = st.sampled_from([("25.00", "3010", "M25"), ("0.00", "3012", "M0")])
NAMES = st.text("abcæøåÆ&<>\"' 12", min_size=1, max_size=20).map(lambda text: " ".join(text.split()) or "x")


@st.composite
def _invoices(draw: st.DrawFn) -> Invoice:
    rates = draw(st.lists(RATES, min_size=1, max_size=6))
    credit = draw(st.booleans())
    sign = -1 if credit else 1
    orders = draw(st.lists(st.sampled_from(["4555", "4556", "K/9", "ø 1"]), unique=True, max_size=4))
    lines = [
        _line(
            str(draw(AMOUNTS) * sign), rate, account, code, draw(NAMES), draw(st.integers(0, max(1, len(orders)) - 1))
        )
        for rate, account, code in rates
    ]
    foreign = draw(st.booleans())
    changes: dict[str, Any] = {
        "customer": customer(
            name=draw(NAMES),
            ean=draw(EANS),
            phone=draw(st.sampled_from([None, "+45 11223344"])),
            ledger_number=draw(st.sampled_from([None, 1001])),
        ),
        "order_numbers": tuple(orders),
        "your_reference": draw(st.none() | NAMES),
        "rounding": draw(st.sampled_from(["0.00", "0.25", "-0.37"])),
        "currency": "EUR" if foreign else "DKK",
        "exchange_rate": draw(st.sampled_from([None, "746.11"])) if foreign else None,
    }
    if credit:
        changes |= {"invoice_type": "correction", "credits_invoice_number": draw(st.sampled_from([None, 100001]))}
    return ubl_keeps(invoice(*lines, **changes))


def _line(net: str, rate: str, account: str, code: str, text: str, more: int) -> Line:  # noqa: PLR0913, PLR0917  # a line's parts
    """Return a line whose VAT is so many øre above its rate, as the orders behind it were rounded each by itself."""
    found = line(net, rate=rate, account=account, vat_code=code, text=text)
    return found.model_copy(update={"vat": found.vat + Decimal("0.01") * (more if found.vat else 0)})


@settings(max_examples=150, deadline=None)
@given(source=_invoices())
def test_an_invoice_written_as_ubl_and_read_is_the_same(source: Invoice) -> None:
    """The identity, for what UBL 2.1 can carry: orders, exchange rate, account number and each line's VAT too."""
    (found,), _ = read(to_ubl(source), "i.xml", UBL_MAPPING)

    assert not check_sums(source)
    assert found.content().text == source.content().text


@settings(max_examples=100, deadline=None)
@given(source=_invoices())
def test_without_the_lines_own_vat_the_categories_vat_is_spread(source: Invoice) -> None:
    """Peppol itself gives VAT per category only: it adds up to the same, and still fits each line."""
    own = rb"(<cbc:AccountingCost>(?:(?!<cac:Item>).)*?)<cac:TaxTotal>.*?</cac:TaxTotal>"
    raw = re.sub(own, rb"\1", to_ubl(source))
    assert raw.count(b"<cac:TaxTotal>") == 1

    (found,), _ = read(raw, "i.xml", UBL_MAPPING)

    assert not check_sums(found)
    assert (found.net, found.vat, found.gross) == (source.net, source.vat, source.gross)
    assert [each.net for each in found.lines] == [each.net for each in source.lines]


def test_an_invoice_below_zero_that_refers_to_another_credits_it() -> None:
    """EN 16931 lets a correction be an invoice with negative amounts as well."""
    source = ubl_keeps(invoice(line("-100.00"), credits_invoice_number=100001))

    (found,), _ = read(to_ubl(source), "i.xml", UBL_MAPPING)

    assert (found.invoice_type, found.credits_invoice_number, str(found.gross)) == ("correction", 100001, "-125.00")


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
    peppol = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    assert peppol in document
    document = document.replace(peppol, "OIOUBL-2.1")
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
        ('"DKK">1250.00</cbc:PayableAmount>', '"EUR">1250.00</cbc:PayableAmount>', "'1250.00' is in EUR, and Document"),
        ('"DKK">1000.00</cbc:LineExt', '"SEK">1000.00</cbc:LineExt', "LineExtensionAmount: '1000.00' is in SEK"),
    ],
)
def test_what_does_not_fit_is_named(old: str, new: str, named: str) -> None:
    """Each contradiction by its element and value."""
    assert any(named in each for each in _refused(_changed(old, new)))


@pytest.mark.parametrize(
    ("target", "rate", "expected"), [("DKK", "7.4611", "746.11"), ("SEK", "11.2", None), ("DKK", "0.12345", "12.345")]
)
def test_a_rate_in_kroner_is_for_a_hundred_units(target: str, rate: str, expected: str | None) -> None:
    """Opter's way of writing it; a rate in another currency than kroner is not that of the books."""
    raw = to_ubl(ubl_keeps(invoice(currency="EUR", exchange_rate="1"))).decode()
    raw = raw.replace(">DKK</cbc:TargetCurrencyCode>", f">{target}</cbc:TargetCurrencyCode>")

    (found,), _ = read(
        raw.replace(">0.01</cbc:CalculationRate>", f">{rate}</cbc:CalculationRate>").encode(), "i.xml", UBL_MAPPING
    )

    assert (str(found.exchange_rate) if found.exchange_rate else None) == expected


def test_oioubl_rounds_before_the_total_and_leaves_an_allowances_rate_open() -> None:
    """As in OIOUBL's own example of a negative rounding: 98.80 less 7.90, VAT 22.73, one oere off, 113.62 to pay."""
    document = to_ubl(invoice(line("98.80"))).decode()
    allowance = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount>7.90</cbc:Amount>"
        "<cac:TaxCategory><cbc:ID>StandardRated</cbc:ID><cbc:Percent>00</cbc:Percent></cac:TaxCategory>"
        "</cac:AllowanceCharge>"
    )
    sums = (
        "<cac:TaxTotal><cbc:TaxAmount>22.73</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxAmount>22.73</cbc:TaxAmount>"
        "<cac:TaxCategory><cbc:ID>StandardRated</cbc:ID><cbc:Percent>25</cbc:Percent></cac:TaxCategory>"
        "</cac:TaxSubtotal></cac:TaxTotal><cac:LegalMonetaryTotal><cbc:LineExtensionAmount>98.80"
        "</cbc:LineExtensionAmount><cbc:TaxExclusiveAmount>22.73</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>113.62"
        "</cbc:TaxInclusiveAmount><cbc:AllowanceTotalAmount>7.90</cbc:AllowanceTotalAmount><cbc:PayableRoundingAmount>"
        "-0.01</cbc:PayableRoundingAmount><cbc:PayableAmount>113.62</cbc:PayableAmount></cac:LegalMonetaryTotal>"
    )
    document = re.sub("<cac:TaxTotal>.*</cac:LegalMonetaryTotal>", allowance + sums, document, count=1)
    document = re.sub("<cbc:CustomizationID>[^<]*", "<cbc:CustomizationID>OIOUBL-2.02", document)

    (found,), _ = read(document.encode(), "i.xml", UBL_MAPPING_WITH_ALLOWANCES)

    assert (str(found.net), str(found.vat), str(found.rounding), str(found.gross)) == (
        "90.90",
        "22.73",
        "-0.01",
        "113.62",
    )


def test_the_sellers_order_counts_where_the_buyer_has_none() -> None:
    """``NA`` stands for the order that the buyer does not have."""
    old = "<cac:OrderReference><cbc:ID>4555</cbc:ID>"
    raw = _changed(old, "<cac:OrderReference><cbc:ID>NA</cbc:ID><cbc:SalesOrderID>4777</cbc:SalesOrderID>")

    (found,), _ = read(raw, "i.xml", UBL_MAPPING)

    assert found.order_numbers == ("4777",)


def test_a_second_vat_total_is_that_of_the_books() -> None:
    """A foreign invoice gives its VAT in kroner as well; it is not added."""
    second = '<cac:TaxTotal><cbc:TaxAmount currencyID="DKK">1865.00</cbc:TaxAmount></cac:TaxTotal>'
    total = "<cac:LegalMonetaryTotal>"
    raw = _changed(total, second + total, invoice(currency="EUR"))

    (found,), _ = read(raw, "i.xml", UBL_MAPPING)

    assert (found.currency, str(found.vat)) == ("EUR", "250.00")


def test_the_rate_may_stand_beside_the_category() -> None:
    """UBL's own place for it, as in Belgian e-FFF: of the subtotals, and of lines that give their own tax."""
    raw = to_ubl(invoice()).decode()
    beside = re.sub(
        r"(<cac:TaxSubtotal>.*?)(<cac:TaxCategory><cbc:ID>S</cbc:ID>)<cbc:Percent>25.00</cbc:Percent>",
        r"\1<cbc:Percent>25.00</cbc:Percent>\2",
        raw,
    )
    assert beside != raw

    (found,), _ = read(beside.encode(), "i.xml", UBL_MAPPING)

    assert (str(found.net), str(found.vat)) == ("1000.00", "250.00")


def test_a_customer_without_number_leads_to_the_mapping() -> None:
    """The document may have another number to go by."""
    raw = re.sub("<cac:PartyIdentification>.*?</cac:PartyIdentification>", "", to_ubl(invoice()).decode())
    raw = re.sub("<cbc:EndpointID.*?</cbc:EndpointID>|<cbc:CompanyID.*?</cbc:CompanyID>", "", raw)

    assert any("ubl.customer_code" in each for each in _refused(raw.encode()))
