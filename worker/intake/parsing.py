"""Strict parsing of JSON: one reading only, whoever reads it; and the invoices in it, one at a time."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from worker.domain.invoice import AnyInvoiceType, Contract, Currency, Invoice, InvoiceType, Line
from worker.domain.money import Money
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem, check_sums
from worker.intake.event_errors import EventRefused, Problems, broken_rules, refused
from worker.intake.json_walk import JsonWalk, Slice

#: Largest invoice, in bytes and in names and values: some two thousand lines. Parsing one takes at most about 50 MB,
#: whatever is in it: an error for each value, or brackets in brackets. (Lines, each of which may lack every field, are
#: read up to the first broken one, then one by one up to a bound.)
MOST_BYTES, MOST_VALUES = 2 << 20, 50_000


def parse(raw: bytes, *, within: str = "") -> tuple[Any, str]:
    """Return the document and its text (a byte order mark is dropped).

    ``within`` says where the bytes are, for example ``line 3``. Raises ``EventRefused``.
    """
    where = f"{within}: " if within else ""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"{where}Byte {error.start} is not UTF-8.", within) from None
    try:
        return _LOADER.decode(text), text
    except _Ambiguous as error:
        raise refused(EventReason.EVENT_INVALID, f"{where}{error}", field=within) from None
    except json.JSONDecodeError as error:
        raise _unreadable(f"{where}Not JSON: {error.msg} at character {error.pos}.", within) from None
    except RecursionError:
        raise _unreadable(f"{where}Not usable JSON: nested too deeply.", within) from None
    except ValueError:
        # Python refuses to convert integers of thousands of digits (docs.python.org, integer string conversion).
        raise _unreadable(f"{where}Not usable JSON: a number has too many digits.", within) from None


class _Ambiguous(ValueError):
    """Well-formed, but two programs could read it differently."""


def _unreadable(description: str, within: str) -> EventRefused:
    return refused(EventReason.EVENT_UNREADABLE, description, field=within)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = Counter(name for name, _ in pairs)
        doubled = sorted(name[:40] for name, times in names.items() if times > 1)
        more = f" and {len(doubled) - _MOST_NAMES} more" if len(doubled) > _MOST_NAMES else ""
        raise _Ambiguous(f"An object has a key twice: {', '.join(doubled[:_MOST_NAMES])}{more}.")
    return members


#: Doubled keys that are named.
_MOST_NAMES = 5
_LOADER = json.JSONDecoder(object_pairs_hook=_object)
_LINE: TypeAdapter[Line] = TypeAdapter(Line)


class Counted(Contract):
    """What a broken invoice still says clearly enough to count in the control totals."""

    model_config = ConfigDict(extra="ignore")

    invoice_number: int = Field(ge=1, le=999_999_999)
    invoice_type: AnyInvoiceType = InvoiceType.INVOICE
    currency: Currency = "DKK"
    net: Money
    vat: Money
    gross: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadInvoice:
    """One invoice as far as it could be read."""

    #: None when it breaks the contract.
    invoice: Invoice | None
    #: What counts in the control totals; None when not even that is clear.
    counted: Invoice | Counted | None
    problems: tuple[Problem, ...] = ()


def read_invoice(raw: bytes, extent: Slice, within: str) -> ReadInvoice:
    """Read one invoice, checking its own sums as well."""
    if extent.end - extent.start > MOST_BYTES or extent.values > MOST_VALUES:
        text = f"{within}: One invoice may have {MOST_BYTES} bytes and {MOST_VALUES} values; this one has more."
        return _unread([Problem(reason=EventReason.EVENT_TOO_LARGE, description=text, field=within)])
    try:
        document, text = parse(raw[extent.start : extent.end], within=within)
    except EventRefused as refusal:
        return _unread(refusal.problems)
    try:
        invoice = Invoice.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        return _broken(document, text, error, within)
    return ReadInvoice(invoice=invoice, counted=invoice, problems=tuple(check_sums(invoice)))


def parse_lines(content: bytes) -> tuple[tuple[Invoice, ...], list[Problem]]:
    """Read NDJSON: one invoice a line, empty lines skipped; return invoices and the problems of all lines."""
    lines = enumerate(content.splitlines(), start=1)
    return parse_each((f"line {number}", line) for number, line in lines if line.strip())


def parse_each(items: Iterable[tuple[str, bytes]]) -> tuple[tuple[Invoice, ...], list[Problem]]:
    """Read invoices, each with where it is; return those that keep the contract, and the problems of all others."""
    invoices: list[Invoice] = []
    problems = Problems()
    for within, raw in items:
        read = read_invoice(raw, whole(raw), within)
        if read.invoice:
            invoices.append(read.invoice)
        else:
            problems.add(read.problems)
    return tuple(invoices), problems.listed()


def whole(raw: bytes) -> Slice:
    """Return the extent of bytes that hold one value; what follows it counts as part of it."""
    values = JsonWalk(raw).size() if len(raw) <= MOST_BYTES else 0
    return Slice(start=0, end=len(raw), values=values)


def _unread(problems: Iterable[Problem]) -> ReadInvoice:
    return ReadInvoice(invoice=None, counted=None, problems=tuple(problems))


def _broken(document: Any, text: str, error: ValidationError, within: str) -> ReadInvoice:
    number = document.get("invoiceNumber") if isinstance(document, dict) else None
    known = number if isinstance(number, int) and not isinstance(number, bool) else None
    try:
        counted = Counted.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    except ValidationError:
        counted = None
    problems = Problems()
    problems.add(broken_rules(error, within=within, invoice_number=known))
    for place, broken in _further_lines(document, error):
        problems.add(broken_rules(broken, within=f"{within}.{place}" if within else place, invoice_number=known))
        if problems.enough:
            break
    return ReadInvoice(invoice=None, counted=counted, problems=tuple(problems.listed()))


def _further_lines(document: Any, error: ValidationError) -> Iterator[tuple[str, ValidationError]]:
    """Yield what is wrong with the lines behind the first broken one, which ended the reading, line by line."""
    places = [
        detail["loc"][1]
        for detail in error.errors(include_url=False, include_context=False, include_input=False)
        if detail["loc"][:1] == ("lines",) and len(detail["loc"]) > 1
    ]
    first = min((place for place in places if isinstance(place, int)), default=None)
    if first is None:
        return
    for number, line in enumerate(document["lines"][first + 1 :], start=first + 1):
        try:
            _LINE.validate_json(json.dumps(line), strict=True, by_alias=True, by_name=False)
        except ValidationError as broken:
            yield f"lines[{number}]", broken
