"""Our own XML says what an event says, and what is wrong with it is named by path, line, invoice, field and value."""

import json
import tracemalloc
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from support.events import event, invoices, wire
from support.formats import read, to_xml
from support.samples import invoice, line

from worker.domain.invoice import Invoice
from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.own_xml import NAMESPACE
from worker.intake.formats.xsd import schema

DEPLOY = Path(__file__).parents[3] / "deploy"
SAMPLE: dict[str, Any] = json.loads((DEPLOY / "samples" / "period-closed.json").read_bytes())["data"]


def refusal(raw: bytes, name: str = "period.xml") -> list[str]:
    """Return what is wrong with a file."""
    with pytest.raises(EventRefused) as refused:
        read(raw, name)
    return [problem.description for problem in refused.value.problems]


def test_the_sample_is_the_event_of_the_same_period() -> None:
    """Period, count, totals and invoices come out as from JSON."""
    found, head = read((DEPLOY / "samples" / "period-closed.xml").read_bytes(), "period-closed.xml")

    expected = [Invoice.model_validate_json(json.dumps(each)) for each in SAMPLE["invoices"]]
    assert [each.content() for each in found] == [each.content() for each in expected]
    assert head.period
    assert (head.export, head.period.id, head.invoice_count) == ("main", 881, 2)
    assert [str(total.gross) for total in head.control_totals or ()] == ["1500.00"]


def test_the_published_schema_is_the_models_own() -> None:
    """Regenerate with ``make schema`` when the contract changes."""
    assert (DEPLOY / "event.xsd").read_bytes() == schema()


@pytest.mark.parametrize("change", [{}, {"invoices": [wire(invoice(line(), line(rate="0"), your_reference="& <Å>"))]}])
def test_what_is_written_fits_the_schema(change: dict[str, Any]) -> None:
    """The XSD accepts what the reader accepts, empty elements included."""
    document = to_xml(event(**change)["data"])

    etree.XMLSchema(etree.fromstring(schema())).assertValid(etree.fromstring(document))
    assert read(document, "x.xml")[0]


@pytest.mark.parametrize("namespace", [f' xmlns="{NAMESPACE}"', ""])
@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-8", "UTF-16"])
def test_opters_encodings_are_read(encoding: str, namespace: str) -> None:
    """Opter writes ISO-8859-1 or UTF-8; the file itself says which."""
    text = to_xml(event()["data"]).decode().replace(f' xmlns="{NAMESPACE}"', namespace).replace("UTF-8", encoding)
    found, _ = read(text.encode(encoding), "p.xml")

    assert {each.customer.city for each in found} == {"København K"}


def test_one_invoice_alone_is_a_file() -> None:
    """Opter can write one file per invoice."""
    found, head = read(to_xml(wire(invoice()), root="invoice"), "i.xml")

    assert (len(found), head.period) == (1, None)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            "<net>1000.00</net>",
            "<net>1.000,00</net>",
            ["/invoicePeriod/invoices/invoice[1]", "line ", "net", "1.000,00"],
        ),
        ("<customer>", "<kunde/><customer>", ["/invoicePeriod/invoices/invoice[1]/kunde", "leave it out"]),
        ("<dueDate>", '<dueDate tz="x">', ["dueDate/@tz", "write fields as elements"]),
        (
            "<currency>DKK</currency>",
            "<currency>DKK</currency><currency>EUR</currency>",
            ["currency stands there twice"],
        ),
        ("<invoiceNumber>100001", "<invoiceNumber>A1", ["invoiceNumber", "'A1'"]),
        ("<lines>", "<lines>1", []),
    ],
)
def test_an_error_names_place_field_value_and_remedy(old: str, new: str, named: list[str]) -> None:
    """A person who wrote a stylesheet finds the place."""
    document = to_xml(event()["data"]).decode()
    assert old in document
    changed = document.replace(old, new, 1).encode()
    if not named:
        assert read(changed, "period.xml")
        return

    problems = refusal(changed)

    assert len(problems) == 1
    for word in ["period.xml", *named]:
        assert word in problems[0]


def test_every_problem_is_named_at_once() -> None:
    """Both invoices are wrong, and the period too."""
    document = to_xml(event()["data"]).decode().replace("<name>Acme A/S</name>", "<name/>").replace("<id>881</id>", "")

    assert len(refusal(document.encode())) == 3


@pytest.mark.parametrize(
    "dtd",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>',
        "<!DOCTYPE invoicePeriod>",
    ],
)
@pytest.mark.parametrize("place", ["<net>&x;&c;</net>", "<net>1000.00</net>"])
def test_a_doctype_is_refused(dtd: str, place: str) -> None:
    """No entity is expanded, no file or address is read."""
    document = to_xml(event()["data"]).decode().replace("<net>1000.00</net>", place, 1)
    head, rest = document.split("?>", 1)

    assert len(refusal(f"{head}?>{dtd}{rest}".encode())) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"<a>" * 100_000,
        b"<invoicePeriod><invoices><invoice>" + b"<a>" * 5000,
        b"<invoicePeriod><invoices><invoice>" + b"<a/>" * 200_000,
        b"<invoicePeriod><invoices><invoice><net>" + b"1" * 12_000_000,
        b"<invoicePeriod",
        b"<?xml version='1.0' encoding='no-such'?><invoicePeriod/>",
        b"<other/>",
        b"<invoicePeriod><invoices><bill/></invoices></invoicePeriod>",
        b"<invoicePeriod><invoices/></invoicePeriod>",
        # Names that fill a table: as attributes, as namespaces, as elements.
        b"<invoicePeriod " + b" ".join(b"a%d='x'" % n for n in range(100_000)) + b"/>",
        b"<invoicePeriod " + b" ".join(b"xmlns:a%d='u%d'" % (n, n) for n in range(50_000)) + b"/>",
        b"<invoicePeriod>" + b"".join(b"<e%d/>" % n for n in range(40_000)) + b"</invoicePeriod>",
    ],
    ids=lambda content: str(content[:40]),
)
def test_depth_and_size_are_bounded(content: bytes) -> None:
    """Whatever is in it: refused, in bounded memory."""
    tracemalloc.start()
    try:
        assert refusal(content)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


def test_a_large_period_is_read_in_flat_memory() -> None:
    """Invoices are forgotten as soon as they are read."""
    data = event(invoices(400))["data"]
    file = BytesIO(to_xml(data))
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_file(file, "p.xml", HowToRead(), FileHead()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert count == 400
    assert peak < 8_000_000
