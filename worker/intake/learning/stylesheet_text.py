"""The text of a proposed stylesheet (XSLT 1.0), which makes our own XML of somebody else's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from worker.intake.formats.own_xml import NAMESPACE
from worker.intake.formats.rows import KNOWN
from worker.intake.learning.known_names import meaning_of
from worker.intake.learning.proposal import WANTED
from worker.intake.learning.xml_shape import Path, Shape, name_of

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Proposed by opter-economic learn. Correct the paths in select; ask again with the option stylesheet.
     Our own names stay as they are. Days, due date, totals and VAT are computed where they are left out. -->
"""
#: Elements of an invoice in their order; the fields of a group stand in it.
_INVOICE = (
    "invoiceNumber", "invoiceType", "creditsInvoiceNumber", "invoiceDate", "dueDate", "paymentCondition.name",
    "paymentCondition.days", "currency", "exchangeRate", "net", "vat", "rounding", "gross", "yourReference",
    "orderNumbers",
)  # fmt: skip
_CUSTOMER = ("code", "name", "corporateId", "vatNumber", "ean", "email", "phone", "address", "zip", "city", "country")
_LINE = ("salesAccount", "vatCode", "vatRate", "net", "vat", "text")
#: The year's, month's and day's place in a date, by strptime's form of its first ten characters.
_DAY_FIRST, _MONTH_FIRST = (7, 4, 1), (7, 1, 4)


@dataclass(frozen=True, kw_only=True, slots=True)
class StylesheetText:
    """Writes the stylesheet for one shape of document."""

    shape: Shape
    #: Field -> the leaf that is it.
    paths: Mapping[str, Path]
    decimal: str
    #: Whether credit notes have positive amounts, which are negative here.
    turned: bool

    def xslt(self) -> str:
        """Return the stylesheet."""
        spaces = "".join(f"\n    xmlns:{prefix}={quoteattr(uri)}" for uri, prefix in self._prefixes().items())
        hidden = f'\n    exclude-result-prefixes="{" ".join(self._prefixes().values())}"' if spaces else ""
        xsl = 'version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
        lines = [
            f'<xsl:stylesheet {xsl}\n    xmlns="{NAMESPACE}"{spaces}{hidden}>',
            '  <xsl:output method="xml" encoding="UTF-8"/>',
        ]
        invoice = self.shape.invoice
        all_invoices = "/" + "/".join(map(self._step, invoice)) if invoice else "//Invoice"
        lines += [
            '  <xsl:template match="/">',
            "    <invoicePeriod>",
            "      <!-- If the file names it: <period><id/><name/><closedAt/></period>, and <invoiceCount/>. -->",
            f'      <invoices><xsl:for-each select="{all_invoices}">',
            *self._invoice(),
            "      </xsl:for-each></invoices>",
            "    </invoicePeriod>",
            "  </xsl:template>",
            *(_TURN if self.turned else ()),
            "</xsl:stylesheet>",
        ]
        return _HEAD + "\n".join(lines) + "\n"

    def _invoice(self) -> Iterator[str]:
        yield "        <invoice>"
        if self.turned:
            yield f'          <xsl:variable name="credit" select="{self._is_credit()}"/>'
        yield from self._group(_INVOICE, "", 10)
        yield "          <customer>"
        yield from self._group(_CUSTOMER, "customer.", 12)
        yield "          </customer>"
        line = self.shape.line
        steps = self._relative(line, self.shape.invoice) if line else "."
        yield f'          <lines><xsl:for-each select="{steps}"><line>'
        yield from self._group(_LINE, "line.", 12)
        yield "          </line></xsl:for-each></lines>"
        yield "        </invoice>"

    def _group(self, names: Sequence[str], prefix: str, indent: int) -> Iterator[str]:
        nested: list[str] = []
        for name in names:
            field = f"{prefix}{name}"
            if field not in self.paths:
                yield from self._absent(field, indent)
            elif name.startswith("paymentCondition."):
                nested.append(self._element(name.partition(".")[2], field))
            else:
                yield " " * indent + self._element(name, field)
            if name == "paymentCondition.days" and nested:
                yield f"{' ' * indent}<paymentCondition>{''.join(nested)}</paymentCondition>"

    def _absent(self, field: str, indent: int) -> Iterator[str]:
        wanted = WANTED.get(field)
        if wanted is None or (field == "dueDate" and "paymentCondition.days" in self.paths):
            return
        element = field.rpartition(".")[2]
        yield f"{' ' * indent}<!-- MISSING {field}: {wanted.why}. Write a path into select, or a value as text. -->"
        yield f'{" " * indent}<{element}><xsl:value-of select=""/></{element}>'.replace(' select=""', " select=\"''\"")

    def _element(self, name: str, field: str) -> str:
        path = self.paths[field]
        value = self._path(field, path)
        if KNOWN[field].kind == "list":
            item = f'<{name[:-1]}><xsl:value-of select="."/></{name[:-1]}>'
            return f'<{name}><xsl:for-each select="{value}">{item}</xsl:for-each></{name}>'
        if field in {"invoiceType", "customer.country"}:
            return f"<{name}>{self._words(field, value)}</{name}>"
        if KNOWN[field].kind == "decimal" and field not in {"line.vatRate", "exchangeRate"} and self.turned:
            plain = self._amount(value)
            return (
                f'<{name}><xsl:call-template name="turn"><xsl:with-param name="amount" select="{plain}"/>'
                f'<xsl:with-param name="credit" select="$credit"/></xsl:call-template></{name}>'
            )
        return f'<{name}><xsl:value-of select="{self._text(field, value)}"/></{name}>'

    def _text(self, field: str, value: str) -> str:
        if KNOWN[field].kind == "decimal":
            amount = self._amount(value)
            return f"translate({amount}, '% ', '')" if field == "line.vatRate" else amount
        if KNOWN[field].kind == "date":
            return _date(value, self.shape.leaves[self.paths[field]].date_forms())
        return value

    def _amount(self, value: str) -> str:
        return f"translate({value}, ',. ', '.')" if self.decimal == "," else f"translate({value}, ', ', '')"

    def _words(self, field: str, value: str) -> str:
        """Return a choice between the words of the file; one that is not known stays as it is, and is refused."""
        whens = []
        for word in self.shape.leaves[self.paths[field]].distinct:
            ours = word if len(word) == 2 and field != "invoiceType" else meaning_of(field, word)  # noqa: PLR2004  # a country's two letters
            if ours and ours != word:
                whens.append(f"<xsl:when test={quoteattr(f'{value} = {_literal(word)}')}>{escape(ours)}</xsl:when>")
        if not whens:
            return f'<xsl:value-of select="{value}"/>'
        otherwise = f'<xsl:otherwise><xsl:value-of select="{value}"/></xsl:otherwise>'
        return f"<xsl:choose>{''.join(whens)}{otherwise}</xsl:choose>"

    def _is_credit(self) -> str:
        path = self.paths["invoiceType"]
        words = [word for word in self.shape.leaves[path].distinct if meaning_of("invoiceType", word) == "correction"]
        return escape(
            " or ".join(f"{self._path('invoiceType', path)} = {_literal(word)}" for word in words), {'"': "&quot;"}
        )

    def _path(self, field: str, path: Path) -> str:
        above = self.shape.line if field.startswith("line.") and self.shape.line else self.shape.invoice
        return self._relative(path, above)

    def _relative(self, path: Path, above: Path | None) -> str:
        return "/".join(map(self._step, path[len(above or ()) :])) or "."

    def _step(self, step: str) -> str:
        if step.startswith("@"):
            return step
        uri = step[1:].partition("}")[0] if step.startswith("{") else ""
        return f"{self._prefixes()[uri]}:{name_of(step)}" if uri else step

    def _prefixes(self) -> dict[str, str]:
        """Return the namespaces of the file, each with a prefix for the paths."""
        found = dict.fromkeys(
            step[1:].partition("}")[0] for path in self.shape.count for step in path if step.startswith("{")
        )
        return {uri: f"s{number}" for number, uri in enumerate(found, start=1)}


def _literal(word: str) -> str:
    """Return a text in XPath, which has no escapes."""
    return f'"{word}"' if "'" in word else f"'{word}'"


def _date(value: str, forms: Sequence[str]) -> str:
    """Return a date as year-month-day."""
    form = forms[0] if forms else ""
    first = form[:8].replace("/", "-").replace(".", "-")
    if first == "%Y-%m-%d":
        day = value if form == "%Y-%m-%d" else f"substring({value}, 1, 10)"
        return f"translate({day}, '/.', '--')" if form[2] != "-" else day
    if form == "%Y%m%d":
        parts = ((1, 4), (5, 2), (7, 2))
    elif form[:2] in {"%d", "%m"} and "%y" not in form:
        year, month, day_at = _DAY_FIRST if form.startswith("%d") else _MONTH_FIRST
        parts = ((year, 4), (month, 2), (day_at, 2))
    elif form:
        return f"concat('20', substring({value}, 7, 2), '-', substring({value}, 4, 2), '-', substring({value}, 1, 2))"
    else:
        return value
    pieces = ", '-', ".join(f"substring({value}, {start}, {length})" for start, length in parts)
    return f"concat({pieces})"


_TURN = (
    '  <xsl:template name="turn"><xsl:param name="amount"/><xsl:param name="credit"/><xsl:choose>',
    '    <xsl:when test="not($credit) or $amount = \'\'"><xsl:value-of select="$amount"/></xsl:when>',
    '    <xsl:when test="starts-with($amount, \'-\')"><xsl:value-of select="substring($amount, 2)"/></xsl:when>',
    "    <xsl:otherwise><xsl:value-of select=\"concat('-', $amount)\"/></xsl:otherwise>",
    "  </xsl:choose></xsl:template>",
)
