"""What is learnt from a stranger's file: the proposal reads it to the øre, and what is missing is named."""

import pytest
from support.formats import to_csv, to_ubl, to_xlsx
from support.samples import invoice, line

from worker.intake.event_errors import EventRefused
from worker.intake.format_files import HowToRead
from worker.intake.formats.mapping import read_mapping
from worker.intake.learning.known_names import NAMES, fields_named, plain
from worker.intake.learning.learn import Learnt, how_proposed, learn

DANISH = (
    "Fakturanr;Fakturatype;Fakturadato;Forfaldsdato;Kundenr;Kundenavn;Land;Valuta;Tekst;Konto;Beløb;Moms %;Moms;Vægt",
    "20001;Faktura;20-11-2026;20-12-2026;K1;Søby A/S;Danmark;DKK;Kørsel;3010;1.234,50;25 %;308,63;12",
    "20001;Faktura;20-11-2026;20-12-2026;K1;Søby A/S;Danmark;DKK;Færge;3012;200,00;0 %;0,00;3",
    "20002;Kreditnota;21-11-2026;21-11-2026;K2;Åby ApS;Sverige;DKK;Retur;3010;100,00;25 %;25,00;3",
)
ENGLISH = (
    "Invoice No,Invoice Date,Due Date,Customer No,Customer Name,Country,Currency,Text,Account,VAT rate,Net amount",
    '7,11/20/2026,12/20/2026,C1,Acme,DK,DKK,"Haulage, abroad",3010,25.00,"1,234.50"',
    "8,11/21/2026,12/20/2026,C2,Beta,SE,SEK,Haulage,3010,0.00,99.00",
)
SERIALIZED = """<?xml version="1.0" encoding="utf-8"?>
<ArrayOfInvoice xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{}</ArrayOfInvoice>"""
DOCUMENT = """
  <Invoice>
    <InvoiceId>{id}</InvoiceId><InvoiceNo>{number}</InvoiceNo><InvoiceType>{kind}</InvoiceType>
    <InvoiceDate>2026-11-18T00:00:00</InvoiceDate><DueDate>2026-12-18T00:00:00</DueDate>
    <CurrencyCode>DKK</CurrencyCode>
    <Seller><Name>Nordvest</Name><CustomerNo>1</CustomerNo></Seller>
    <Customer><CustomerNo>7007</CustomerNo><Name>Hansen &amp; Søn</Name><Address><ZipCode>8000</ZipCode>
      <CountryCode>DK</CountryCode></Address></Customer>
    <Lines>
      <InvoiceLine><Account>3010</Account><VatRate>25</VatRate><NetAmount>1000.00</NetAmount>
        <VatAmount>250.00</VatAmount><Description>Haulage</Description></InvoiceLine>
      <InvoiceLine><Account>3020</Account><VatRate>25</VatRate><NetAmount>80.40</NetAmount>
        <VatAmount>20.10</VatAmount><Description>Fuel</Description></InvoiceLine>
    </Lines>
    <TotalNet>1080.40</TotalNet><TotalVat>270.10</TotalVat><Total>1350.50</Total>
  </Invoice>"""


def _learnt(raw: str | bytes, name: str = "f.csv", how: HowToRead | None = None) -> Learnt:
    return learn([(name, raw.encode("cp1252") if isinstance(raw, str) else raw)], how)


def _amounts(learnt: Learnt) -> list[tuple[int, str, str, str, str]]:
    return [
        (each.invoice_number, str(each.invoice_type), each.currency, str(each.net), str(each.gross))
        for each in learnt.readings.invoices
    ]


def test_a_danish_table_is_read_to_the_oere() -> None:
    """Comma, dates, words for kinds and countries, percentages, positive credit notes; a column of no use."""
    learnt = _learnt("\r\n".join(DANISH))

    assert not learnt.readings.missing
    assert _amounts(learnt) == [
        (20001, "invoice", "DKK", "1434.50", "1743.13"),
        (20002, "correction", "DKK", "-100.00", "-125.00"),
    ]
    first, second = learnt.readings.invoices
    assert (str(first.due_date), first.customer.name, second.customer.country) == ("2026-12-20", "Søby A/S", "SE")
    assert learnt.proposal
    assert [each.name for each in learnt.proposal.recognised if not each.field] == ["Vægt"]


def test_an_english_table_with_american_dates_is_read() -> None:
    """The point is the decimal sign, and 11/20 can be no day and month."""
    learnt = _learnt("\n".join(ENGLISH))

    assert not learnt.readings.missing
    assert _amounts(learnt) == [
        (7, "invoice", "DKK", "1234.50", "1543.13"),
        (8, "invoice", "SEK", "99.00", "99.00"),
    ]
    assert str(learnt.readings.invoices[0].invoice_date) == "2026-11-20"


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Fakturanr", "invoiceNumber"), ("Fakturadato", "invoiceDate"), ("Forfaldsdato", "dueDate"),
        ("Kundenr", "customer.code"), ("Kundenavn", "customer.name"), ("Konto", "line.salesAccount"),
        ("Moms %", "line.vatRate"), ("Beløb", "line.net"),
    ],
)  # fmt: skip
def test_what_no_column_gives_is_named_with_why_and_what_to_write(column: str, field: str) -> None:
    """One column is called something that nobody knows."""
    learnt = _learnt("\r\n".join([DANISH[0].replace(column, "Xyz", 1), *DANISH[1:]]))

    missing = {each.field: each for each in learnt.readings.missing}
    assert field in missing
    assert missing[field].why
    assert "[columns]" in missing[field].write
    assert learnt.proposal
    assert f"MISSING {field}" in learnt.proposal.text


def test_a_value_that_only_a_person_can_translate_is_asked_for() -> None:
    """Accounts as words: each is in the proposal, and the edited proposal reads the file."""
    learnt = _learnt("\r\n".join(DANISH).replace(";3010;", ";Fragt;"))

    assert learnt.proposal
    assert [each.field for each in learnt.readings.missing] == ["line.salesAccount"]
    edited = learnt.proposal.text.replace('"Fragt" = ""', '"Fragt" = "3010"')
    again = _learnt(
        "\r\n".join(DANISH).replace(";3010;", ";Fragt;"), how=HowToRead(mapping=read_mapping(edited, "edited"))
    )
    assert (again.proposal, again.readings.missing) == (None, ())
    assert again.readings.invoices[0].lines[0].sales_account == "3010"


def test_what_is_only_assumed_is_said() -> None:
    """No currency and no country: money depends on both."""
    raw = "\r\n".join(row.replace(";Valuta", "").replace(";DKK", "").replace(";Land", "").replace(";Danmark", "")
                      .replace(";Sverige", "") for row in DANISH)  # fmt: skip

    learnt = _learnt(raw)

    assert learnt.proposal
    assert sum("counts as D" in doubt for doubt in learnt.proposal.doubts) == 2


def test_dates_that_fit_both_ways_are_pointed_at() -> None:
    """02-03 is the second of March here; somebody has to look."""
    learnt = _learnt("\r\n".join(DANISH).replace("20-11-2026", "02-03-2026").replace("21-11-2026", "02-03-2026")
                     .replace("20-12-2026", "04-05-2026"))  # fmt: skip

    assert learnt.proposal
    assert any("day first" in doubt for doubt in learnt.proposal.doubts)
    assert str(learnt.readings.invoices[0].invoice_date) == "2026-03-02"


def test_amounts_of_the_invoice_are_told_from_those_of_its_lines() -> None:
    """What is the same in all rows of an invoice is its total."""
    rows = [
        "Faktura;Dato;Forfald;Kundenr;Kunde;Konto;Netto;Momssats;Total",
        "1;20-11-2026;20-12-2026;K;Navn;3010;100,00;25;375,00",
        "1;20-11-2026;20-12-2026;K;Navn;3010;200,00;25;375,00",
    ]

    learnt = _learnt("\n".join(rows))

    assert learnt.proposal
    assert {each.name: each.field for each in learnt.proposal.recognised}["Total"] == "gross"
    assert _amounts(learnt) == [(1, "invoice", "DKK", "300.00", "375.00")]


def test_a_workbook_needs_no_form_of_dates_and_amounts() -> None:
    """Its cells are numbers and dates already; columns called like our fields are ours."""
    source = [invoice(line("1234.50")), invoice(invoice_number=2)]

    for raw, name in ((to_xlsx(source), "f.xlsx"), (to_csv(source), "f.csv")):
        learnt = learn([(name, raw)], None)
        assert [each.content().text for each in learnt.readings.invoices] == [each.content().text for each in source]


def test_serialized_xml_of_a_stranger_is_read_by_the_proposed_stylesheet() -> None:
    """Moments as dates, the seller's own fields left alone, positive credit notes turned, the surest number taken."""
    documents = DOCUMENT.format(id=90, number=40021, kind="Invoice") + DOCUMENT.format(
        id=91, number=40022, kind="CreditNote"
    )

    learnt = learn([("i.xml", SERIALIZED.format(documents).encode())], None)

    assert not learnt.readings.missing
    assert _amounts(learnt) == [
        (40021, "invoice", "DKK", "1080.40", "1350.50"),
        (40022, "correction", "DKK", "-1080.40", "-1350.50"),
    ]
    first = learnt.readings.invoices[0]
    assert (first.customer.code, first.customer.name, str(first.due_date)) == ("7007", "Hansen & Søn", "2026-12-18")
    assert [each.text for each in first.lines] == ["Haulage", "Fuel"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<ArrayOfInvoice ", '<ArrayOfInvoice xmlns="http://example.com/erp" '),
        ("1000.00", "1.000,00"),
        ("2026-11-18T00:00:00", "18-11-2026"),
    ],
)
def test_xml_with_a_namespace_and_danish_forms_is_read(old: str, new: str) -> None:
    """All amounts and dates of the document change together."""
    document = SERIALIZED.format(DOCUMENT.format(id=90, number=40021, kind="Invoice")).replace(old, new)
    if "," in new:
        document = document.replace("80.40", "80,40").replace("250.00", "250,00").replace("20.10", "20,10")
        document = document.replace("270.10", "270,10").replace("1350.50", "1350,50").replace("10" + "80.40", "1080,40")

    learnt = learn([("i.xml", document.encode())], None)

    assert _amounts(learnt) == [(40021, "invoice", "DKK", "1080.40", "1350.50")]
    assert str(learnt.readings.invoices[0].invoice_date) == "2026-11-18"


def test_an_invoice_alone_in_its_file_is_found() -> None:
    """One file for each invoice; two of them together are read by one stylesheet."""
    files = [
        (f"{number}.xml", DOCUMENT.format(id=1, number=number, kind="Invoice").strip().encode()) for number in (5, 6)
    ]

    assert [each.invoice_number for each in learn(files, None).readings.invoices] == [5, 6]
    assert [each.invoice_number for each in learn(files[:1], None).readings.invoices] == [5]


def test_an_element_that_is_missing_is_marked_in_the_skeleton() -> None:
    """No account anywhere: the place for it is there, with why it is needed."""
    document = DOCUMENT.format(id=1, number=5, kind="Invoice").replace("Account>", "Zone>")

    learnt = learn([("i.xml", document.encode())], None)

    assert [each.field for each in learnt.readings.missing] == ["line.salesAccount"]
    assert learnt.proposal
    assert "MISSING line.salesAccount" in learnt.proposal.text
    edited = learnt.proposal.text.replace("<salesAccount><xsl:value-of select=\"''\"/>", "<salesAccount>3010")
    assert not learn([("i.xml", document.encode())], _edited(learnt, edited)).readings.missing


def _edited(learnt: Learnt, text: str) -> HowToRead:
    assert learnt.proposal
    assert text != learnt.proposal.text
    return how_proposed(type(learnt.proposal)(kind=learnt.proposal.kind, text=text, recognised=()))


def test_of_ubl_the_rules_are_proposed_and_the_accounts_asked_for() -> None:
    """Each kind of line once; filled in, the document comes out to the øre."""
    raw = to_ubl(invoice(line(), line(account="3012", rate="0"))).replace(b">100353</cbc:ID>", b">DK-100353</cbc:ID>")

    learnt = learn([("i.xml", raw)], None)

    assert learnt.proposal
    assert learnt.proposal.text.count("[[ubl.accounts]]") == 2
    again = learn([("i.xml", raw)], _edited(learnt, learnt.proposal.text.replace('"?"', '"3010"')))
    assert (again.readings.missing, _amounts(again)) == ((), [(100353, "invoice", "DKK", "2000.00", "2250.00")])


def test_credit_notes_are_known_by_their_word_whatever_stands_above_it() -> None:
    """Missed, a credit note with positive amounts would be booked as an invoice."""
    table = _learnt("\r\n".join(DANISH).replace("Fakturatype", "Xyz"))
    documents = "".join(DOCUMENT.format(id=n, number=n, kind=kind) for n, kind in ((5, "Invoice"), (6, "CreditNote")))
    xml = learn([("i.xml", SERIALIZED.format(documents).replace("InvoiceType", "Xyz").encode())], None)

    for learnt in (table, xml):
        first, second = learnt.readings.invoices
        assert (first.gross > 0, second.invoice_type, second.gross < 0) == (True, "correction", True)


def test_files_of_several_formats_are_refused() -> None:
    """One mapping reads one kind."""
    with pytest.raises(EventRefused):
        learn([("a.csv", b"a;b\n1;2"), ("b.xml", b"<a/>")], None)


def test_a_file_in_which_nothing_is_known_still_gives_a_beginning() -> None:
    """A skeleton, and what is missing."""
    for raw, name in ((b"a;b\n1;2", "a.csv"), (b"<a><b>1</b></a>", "b.xml")):
        learnt = learn([(name, raw)], None)
        assert learnt.proposal
        assert (learnt.readings.invoices, bool(learnt.readings.missing)) == ((), True)


def test_every_name_leads_to_its_field() -> None:
    """However it is written: capitals, dots, hyphens, camel case."""
    for field, names in NAMES.items():
        for name in names:
            assert field in fields_named(name.upper()), name
            assert field in fields_named(name.replace(" ", "_")), name
    assert plain("Faktura-Nr.") == plain("FAKTURANR") == plain("fakturaNr")
