"""A stylesheet makes our XML of a sender's, and reaches nothing but the one file."""

import io
from pathlib import Path

import pytest

from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.stylesheet import Stylesheet

SAMPLES = Path(__file__).parents[3] / "deploy" / "samples"
SKELETON = (SAMPLES / "any-xml.xslt").read_bytes()
XSL = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'


def _sheet(body: str, attributes: str = "") -> bytes:
    return f'<xsl:stylesheet version="1.0" {XSL} {attributes}>{body}</xsl:stylesheet>'.encode()


def test_the_skeleton_turns_the_example_into_invoices() -> None:
    """The two files in deploy/samples belong together, and hold what the JSON sample holds."""
    how = HowToRead(stylesheet=Stylesheet(SKELETON))
    head = FileHead()
    with (SAMPLES / "any-xml.xml").open("rb") as file:
        found = [invoice for invoice, _ in read_file(file, "any-xml.xml", how, head)]

    assert [(each.invoice_number, str(each.gross)) for each in found] == [(100353, "1750.00"), (100354, "-250.00")]
    assert head.period
    assert (head.period.id, head.invoice_count) == (881, 2)


@pytest.mark.parametrize(
    "raw",
    [
        _sheet('<xsl:include href="file:///etc/passwd"/>'),
        _sheet('<xsl:import href="http://127.0.0.1:9/a.xsl"/>'),
        _sheet("<xsl:template match='/'><xsl:value-of select=\"document('file:///etc/passwd')\"/></xsl:template>"),
        _sheet("<xsl:template match='/'><xsl:value-of select=\"document ('x')\"/></xsl:template>"),
        _sheet("", 'xmlns:e="http://exslt.org/common" extension-element-prefixes="e"'),
        _sheet("", 'xmlns:e="http://xmlsoft.org/XSLT/namespace"'),
        _sheet("<xsl:template match='///'/>"),
        b"<a/>",
        b"no xml",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _sheet(""),
    ],
)
def test_what_is_more_than_xslt_is_refused(raw: bytes) -> None:
    """Before any file is read with it."""
    with pytest.raises(EventRefused):
        Stylesheet(raw)


@pytest.mark.parametrize(
    "body",
    [
        "<xsl:template match='/' name='a'><xsl:call-template name='a'/></xsl:template>",
        "<xsl:template match='/'><xsl:message terminate='yes'>no</xsl:message></xsl:template>",
        "<xsl:template match='/'/>",
        "<xsl:template match='/'><other/></xsl:template>",
    ],
)
def test_a_stylesheet_that_gives_nothing_usable_is_named(body: str) -> None:
    """Endless recursion, a stop, nothing, and another root."""
    how = HowToRead(stylesheet=Stylesheet(_sheet(body)))

    with pytest.raises(EventRefused) as refused:
        list(read_file(io.BytesIO(b"<a/>"), "a.xml", how, FileHead()))

    assert refused.value.problems[0].description.startswith("a.xml: ")
