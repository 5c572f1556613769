"""Vouchers of one agreement: found by their marker, and their attachments."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from itertools import count
from typing import Any

from worker.economic import parsers, urls, voucher_parsers
from worker.economic.api_calls import Answer, ApiCalls
from worker.economic.listings import Listings
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.master_data_cache import year_address
from worker.economic.port import LARGEST_PDF
from worker.economic.urls import voucher_path

_PART = b'Content-Disposition: form-data; name="file"; filename="invoice.pdf"\r\nContent-Type: application/pdf\r\n\r\n'


#: Bytes a second that a line is trusted to take at the slowest, on top of an ordinary call's deadline.
_SLOWEST = 1_000_000


class Vouchers:
    """Reads and uploads of the voucher method. An upload gets ``deadline`` seconds, and more with its size."""

    def __init__(self, calls: ApiCalls, reading: Listings, *, deadline: float) -> None:
        self._calls = calls
        self._reading = reading
        self._deadline = deadline

    def find(self, references: frozenset[str] | None, first: date, last: date) -> list[VoucherFound]:
        """See ``EconomicVouchers``. Journals and years are listed anew: one made a moment ago may hold the voucher."""
        if references is not None and not references:
            return []
        found = [*self._in_journals(), *self._booked(first, last)]
        ours = (voucher for voucher in found if references is None or voucher.document_reference in references)
        return list({(one.document_reference, one.journal, one.year, one.number): one for one in ours}.values())

    def attachment(self, journal: int, voucher: str) -> int | None:
        """See ``EconomicVouchers``. A description without pages is none: uploading then tells."""
        return self._reading.find(f"{voucher_path(journal, voucher)}/attachment", _pages) or None

    def attach(self, journal: int, voucher: str, pdf: bytes, key: str) -> Answer:
        """See ``EconomicVouchers``. ``ValueError`` is a mistake in this program, as PDFs are checked before."""
        if not 0 < len(pdf) <= LARGEST_PDF:
            raise ValueError(f"a file of {len(pdf)} bytes cannot be attached")
        deadline = self._deadline + len(pdf) / _SLOWEST
        body, content_type = multipart(pdf, key=key)
        path = f"{voucher_path(journal, voucher)}/attachment/file"
        return self._calls.upload(path, body, content_type, key, deadline=deadline)

    def _in_journals(self) -> Iterator[VoucherFound]:
        for journal in self._reading.every("/journals", parsers.journal):
            read = partial(voucher_parsers.in_journal, journal=journal.number)
            for vouchers in self._reading.every(f"/journals/{journal.number}/vouchers", read):
                yield from vouchers

    def _booked(self, first: date, last: date) -> Iterator[VoucherFound]:
        query = urls.encoded(urls.between("date", first, last))
        for body, year in self._reading.every(
            "/accounting-years", lambda body: (body, parsers.accounting_year(body, ()))
        ):
            if year.first <= last and first <= year.last:
                address = year_address(self._reading, body)
                marks = self._reading.every(f"{address}/entries", voucher_parsers.booked_mark, query)
                yield from voucher_parsers.booked((mark for mark in marks if mark), year.year)


def _pages(body: Mapping[str, Any]) -> int:
    return int(body.get("pages") or 0)


def multipart(pdf: bytes, *, key: str) -> tuple[bytes, str]:
    """Return body and content type of the form that carries a PDF (RFC 7578).

    The boundary follows from ``key`` and does not occur in the file: the same file under the same key is the same bytes.
    """
    boundaries = (hashlib.sha256(f"{key}:{turn}".encode()).hexdigest()[:40] for turn in count())
    boundary = next(boundary for boundary in boundaries if boundary.encode() not in pdf)
    edge = f"--{boundary}".encode()
    body = b"".join((edge, b"\r\n", _PART, pdf, b"\r\n", edge, b"--\r\n"))
    return body, f"multipart/form-data; boundary={boundary}"
