"""The invoices of an event, one at a time and as often as wanted: inside the event, or in a file kept on disk."""

import gzip
import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol

from worker.domain.reasons import EventReason, failure
from worker.errors import Unavailable
from worker.intake.event_errors import refused
from worker.intake.json_walk import JsonWalk, Slice
from worker.intake.parsing import MOST_BYTES, whole

#: Quick rather than small: an invoice's JSON shrinks to a tenth.
_LEVEL = 1


class InvoiceItems(Protocol):
    """Can be iterated again and again."""

    def __iter__(self) -> Iterator[tuple[str, bytes, Slice]]:
        """Yield where an invoice stands (for people), the bytes it lies in and its extent in them."""


class InlineInvoices:
    """The array of invoices inside an event."""

    def __init__(self, raw: bytes, at: int) -> None:
        """``at`` is where the array begins."""
        self._raw = raw
        self._at = at

    def __iter__(self) -> Iterator[tuple[str, bytes, Slice]]:
        """See ``InvoiceItems``."""
        for number, extent in enumerate(JsonWalk(self._raw, self._at).items()):
            yield f"data.invoices[{number}]", self._raw, extent


class Lines:
    """A file with an invoice a line (NDJSON); empty lines are skipped."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __iter__(self) -> Iterator[tuple[str, bytes, Slice]]:
        """See ``InvoiceItems``. A line that is too long for an invoice ends the file."""
        self._file.seek(0)
        with gzip.GzipFile(fileobj=self._file, mode="rb") as lines:
            number = 0
            while line := lines.readline(MOST_BYTES + 1):
                number += 1
                if line.strip():
                    yield f"line {number}", line, whole(line)


@contextmanager
def kept_on_disk(blocks: Iterable[bytes], sha256: str) -> Iterator[Lines]:
    """Keep a file if its hash is right. Raises ``EventRefused``, and ``Unavailable`` when the disk is full."""
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as file:
        try:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL) as packed:
                for block in blocks:
                    digest.update(block)
                    packed.write(block)
        except OSError as error:
            text = f"The file cannot be kept in {tempfile.gettempdir()} while it is read: {error.strerror}."
            raise Unavailable(failure(EventReason.INVOICES_FILE_UNAVAILABLE, text)) from None
        if digest.hexdigest() != sha256:
            text = f"The file's SHA-256 is {digest.hexdigest()}; the event says {sha256}."
            raise refused(EventReason.INVOICES_FILE_MISMATCH, text, field="data.invoicesRef.sha256", value=sha256)
        yield Lines(file)
