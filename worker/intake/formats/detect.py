"""Which format a file is in: by what it holds, and by its name only where that leaves a choice."""

import re
from typing import BinaryIO, Literal

from worker.domain.reasons import EventReason
from worker.intake.event_errors import refused
from worker.intake.formats.our_json import read_json
from worker.intake.formats.own_xml import read_own_xml
from worker.intake.formats.port import FormatReader
from worker.intake.formats.rows import read_csv, read_xlsx
from worker.intake.formats.ubl import read_ubl

FormatName = Literal["json", "xml", "ubl", "csv", "xlsx"]
READERS: dict[FormatName, FormatReader] = {
    "json": read_json,
    "xml": read_own_xml,
    "ubl": read_ubl,
    "csv": read_csv,
    "xlsx": read_xlsx,
}
_UBL = re.compile(rb"urn:oasis:names:specification:ubl:schema:xsd:(Invoice|CreditNote)-2")
#: Bytes of the beginning that are looked at.
_START = 8192
_TABLES = (".csv", ".txt", ".tsv")


def detect(file: BinaryIO, name: str) -> FormatName:
    """Return the format; the file stands at its beginning again. Raises ``EventRefused``."""
    start = file.read(_START)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    # UTF-16 is read by its letters.
    letters = start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lstrip()
    if letters.startswith(b"<"):
        return "ubl" if _UBL.search(letters) else "xml"
    if name.lower().endswith(_TABLES):
        return "csv"
    if letters.startswith((b"{", b"[")):
        return "json"
    text = f"{name}: neither JSON, XML, UBL, CSV nor XLSX; name a CSV file .csv."
    raise refused(EventReason.FILE_UNREADABLE, text)
