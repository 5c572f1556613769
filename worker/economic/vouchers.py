"""Vouchers of one agreement, in journals and booked: found by the marker that our entries carry; their attachments.

In a journal a voucher holds its entries by kind (e-conomic REST docs, schema of ``GET /journals/{n}/vouchers``);
booked, its entries stand alone in the accounting year. An amount on an entry with a customer is what the customer owes:
a manual customer invoice is positive (inferred), and so is a booked debit (reported by integrators).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from config.exports import ExportConfig
from worker.domain.identity import normal_reference
from worker.domain.money import ZERO
from worker.economic import parsers
from worker.economic.api_calls import ApiCalls
from worker.economic.listings import Listings
from worker.economic.mapping.documents import identified, whole_number
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.voucher_payload import marked, resembling_mark
from worker.economic.master_data_cache import year_path
from worker.economic.port import LARGEST_PDF, Reply
from worker.economic.urls import between, query_encoded, segment_text, voucher_path

Json = Mapping[str, Any]
_OWING = "manualCustomerInvoices"
#: The invoice number's names: the schema's, the examples', and the booked entry's (a number, though declared a text).
_INVOICE_NUMBERS = ("customerInvoice", "customerInvoiceNumber", "invoiceNumber")
_PART = b'Content-Disposition: form-data; name="file"; filename="invoice.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
#: Bytes a second that a line is trusted to take at the slowest, on top of an ordinary call's deadline.
_SLOWEST = 1_000_000


class Vouchers:
    """Reads and uploads of the voucher method."""

    def __init__(self, calls: ApiCalls, listings: Listings, *, export: ExportConfig) -> None:
        self._calls = calls
        self._listings = listings
        #: Every reference of the export begins with it.
        self._export_name = export.name
        #: The journal that most vouchers of the export stand in.
        self._own_journal = export.journal

    def vouchers(self, references: frozenset[str] | None, first: date, last: date) -> Sequence[VoucherFound]:
        """See ``EconomicVouchers``. Journals and years are listed anew: one made a moment ago may hold the voucher."""
        if references is not None and not references:
            return []
        found = (*self._in_journals(), *self._booked(first, last))
        vouchers = {
            (voucher.document_reference, voucher.journal, voucher.year, voucher.number): voucher
            for voucher in (found if references is None else identified(references, found))
        }
        return list(vouchers.values())

    def voucher(self, journal: int, voucher: str) -> Sequence[VoucherFound]:
        """See ``EconomicVouchers``."""
        parse = partial(_in_journal, journal=journal, export=self._export_name)
        return self._listings.find(voucher_path(journal, voucher), parse) or ()

    def posted(self, reply: Reply) -> Sequence[VoucherFound]:
        """See ``EconomicVouchers``."""
        try:
            return tuple(
                voucher
                for item in reply.body
                for voucher in _in_journal(item, whole_number(item["journal"]["journalNumber"]), self._export_name)
            )
        except parsers.MALFORMED:
            return ()

    def attachment(self, journal: int, voucher: str) -> int | None:
        """See ``EconomicVouchers``. A description without pages is none: the answer to an upload is decisive."""
        path = f"{voucher_path(journal, voucher)}/attachment"
        return self._listings.find(path, lambda body: int(body.get("pages") or 0)) or None

    def attach(self, journal: int, voucher: str, pdf: bytes, *, key: str) -> Reply:
        """See ``EconomicVouchers``. ``ValueError`` is a mistake in this program, as PDFs are checked before."""
        if not 0 < len(pdf) <= LARGEST_PDF:
            raise ValueError(f"a file of {len(pdf)} bytes cannot be attached")
        body, content_type = multipart(pdf, key=key)
        path = f"{voucher_path(journal, voucher)}/attachment/file"
        return self._calls.upload(path, body, content_type, key, extra_seconds=len(pdf) / _SLOWEST)

    def attach_document(self, path: str, year: str, voucher: int, pdf: bytes, *, key: str) -> int | None:
        """Attach a PDF to a voucher, booked or in a journal (documents service); return the document's number.

        ``onConflict`` asks to refuse where a document is there already, instead of merging the two. Raises ``Refused``
        with the service's codes, and what every write raises; None: the answer does not tell the number.
        """
        fields = {"AccountingYear": year, "VoucherNumber": str(voucher), "onConflict": "1"}
        body, content_type = multipart(pdf, key=key, fields=fields)
        reply = self._calls.upload(path, body, content_type, key, extra_seconds=len(pdf) / _SLOWEST)
        number = reply.body.get("number") if isinstance(reply.body, Mapping) else reply.body
        return number if isinstance(number, int) else None

    def _in_journals(self) -> Iterator[VoucherFound]:
        """Yield what stands in journals, of all but the last one twice: a voucher may move to one read before.

        The export's own journal is the last, as it has the most pages.
        """
        journals = [journal.number for journal in self._listings.every("/journals", parsers.journal)]
        numbers = sorted(journals, key=lambda number: number == self._own_journal)
        for number in (*numbers, *numbers[:-1]):
            yield from self.standing(number)

    def standing(self, journal: int) -> list[VoucherFound]:
        """See ``EconomicVouchers``."""
        parse = partial(_in_journal, journal=journal, export=self._export_name)
        listed = self._listings.every(f"/journals/{journal}/vouchers", parse)
        return [voucher for vouchers in listed for voucher in vouchers]

    def _booked(self, first: date, last: date) -> Iterator[VoucherFound]:
        query = query_encoded(between("date", first, last))
        parse = partial(_booked_entry, export=self._export_name)
        years = self._listings.every("/accounting-years", lambda body: (body, parsers.accounting_year(body, ())))
        for body, year in years:
            if year.first <= last and first <= year.last:
                path = f"{year_path(self._listings, body)}/entries"
                entries = [entry for entry in self._listings.every(path, parse, query) if entry]
                yield from _vouchers(entries, journal=None, year=year.year, numbers=())


def multipart(pdf: bytes, *, key: str, fields: Mapping[str, str] | None = None) -> tuple[bytes, str]:
    """Return body and content type of the form that carries a PDF, after further fields (RFC 7578).

    The boundary follows from ``key`` and does not occur in the file: the same file and key give the same bytes.
    """
    boundaries = (hashlib.sha256(f"{key}:{turn}".encode()).hexdigest()[:40] for turn in count())
    boundary = next(boundary for boundary in boundaries if boundary.encode() not in pdf)
    edge = f"--{boundary}".encode()
    named = [
        b"".join((edge, f'\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()))
        for name, value in (fields or {}).items()
    ]
    body = b"".join((*named, edge, b"\r\n", _PART, pdf, b"\r\n", edge, b"--\r\n"))
    return body, f"multipart/form-data; boundary={boundary}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _MarkedEntry:
    document_reference: str
    voucher: int
    #: Its text carries the marker, not only what resembles it.
    marked: bool
    #: What the customer owes by it; zero on entries without a customer.
    owed: Decimal = ZERO
    invoice_number: int | None = None
    currency: str = ""
    customer: int | None = None
    date: str = ""
    vat: tuple[tuple[str, Decimal], ...] = ()


def _in_journal(body: Json, journal: int, export: str) -> tuple[VoucherFound, ...]:
    """Read one of ``/journals/{n}/vouchers``; usually it carries no reference of ours, or one."""
    voucher = whole_number(body["voucherNumber"])
    rows = [(kind, row) for kind, of_kind in body["entries"].items() for row in of_kind]
    entries = [entry for kind, row in rows if (entry := _marked_entry(row, voucher, export, owing=kind == _OWING))]
    if not entries:
        return ()
    numbers = tuple(number for _, row in rows if (number := _entry_number(row)))
    return tuple(_vouchers(entries, journal=journal, year=voucher_year(body), numbers=numbers))


def _booked_entry(body: Json, export: str) -> _MarkedEntry | None:
    """Read one of ``/accounting-years/{y}/entries``; None when it carries no marker."""
    text = _text(body)
    if not (marked(text) or resembling_mark(text, export)):
        return None
    return _marked_entry(body, whole_number(body["voucherNumber"]), export, owing=True)


def _marked_entry(entry: Json, voucher: int, export: str, *, owing: bool) -> _MarkedEntry | None:
    mark = marked(_text(entry))
    reference = mark or resembling_mark(_text(entry), export)
    if reference is None:
        return None
    # Never rounded: a difference from the source below the øre is a difference.
    amount = Decimal(str(entry.get("amount") or 0))
    owes = owing and bool(entry.get("customer"))
    currency = entry.get("currency") or ""
    return _MarkedEntry(
        document_reference=reference,
        voucher=voucher,
        marked=mark is not None,
        owed=amount if owes else ZERO,
        invoice_number=invoice_number(entry) if owes else None,
        currency=str(currency.get("code", "") if isinstance(currency, Mapping) else currency),
        customer=int(entry["customer"]["customerNumber"]) if owes else None,
        date=str(entry.get("date") or ""),
        vat=tuple(_by_code(entry, amount)),
    )


def _by_code(entry: Json, amount: Decimal) -> Iterator[tuple[str, Decimal]]:
    """Yield the revenue under each VAT code: against a customer's amount, or an entry's own with its sign turned."""
    for side, revenue in (("contraVatAccount", amount), ("vatAccount", -amount)):
        code = (entry.get(side) or {}).get("vatCode")
        if code:
            yield str(code), revenue


def _vouchers(
    entries: Iterable[_MarkedEntry], *, journal: int | None, year: str, numbers: tuple[int, ...]
) -> Iterator[VoucherFound]:
    """Put marked entries together to vouchers, one for each reference and number."""
    by_voucher: dict[tuple[str, int], list[_MarkedEntry]] = {}
    for entry in entries:
        by_voucher.setdefault((normal_reference(entry.document_reference), entry.voucher), []).append(entry)
    for (_, voucher), ours in by_voucher.items():
        yield VoucherFound(
            document_reference=ours[0].document_reference,
            journal=journal,
            year=year,
            number=voucher,
            gross=sum((entry.owed for entry in ours), ZERO),
            currency=_only({entry.currency for entry in ours if entry.currency}),
            customers=frozenset(entry.customer for entry in ours if entry.customer),
            dates=frozenset(entry.date for entry in ours if entry.date),
            by_vat_code=_summed(pair for entry in ours for pair in entry.vat),
            entries=numbers,
            unclear=not any(entry.marked for entry in ours),
            invoice_number=next((entry.invoice_number for entry in ours if entry.invoice_number), None),
        )


def _only(currencies: set[str]) -> str:
    """Return the one currency; several are written together, which is no invoice's."""
    return "+".join(sorted(currencies))


def _summed(pairs: Iterable[tuple[str, Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for code, amount in pairs:
        sums[code] = sums.get(code, ZERO) + amount
    return tuple(sorted(sums.items()))


def voucher_year(body: Json) -> str:
    """Return the year as the voucher's own address spells it: it may carry a suffix (``2025_6_2026a``, reported)."""
    segment, dash, _ = str(body.get("self") or "").rpartition("/")[2].rpartition("-")
    year = segment_text(segment) if dash else str(body["accountingYear"]["year"])
    if not year:
        raise ValueError("a voucher without an accounting year")
    return year


def _entry_number(entry: Json) -> int | None:
    """Return the entry's number, from its address where no property has it."""
    number = str(entry.get("journalEntryNumber") or str(entry.get("self") or "").rpartition("/")[2])
    return int(number) if number.isdecimal() else None


def invoice_number(entry: Json) -> int | None:
    """Return the invoice number of an entry, under whichever name it carries one."""
    number = next((str(entry[name]) for name in _INVOICE_NUMBERS if entry.get(name)), "")
    return int(number) if number.isdecimal() else None


def _text(entry: Json) -> str:
    return str(entry.get("text") or "")
