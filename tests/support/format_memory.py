"""What a watcher needs for one file of many invoices: ``python format_memory.py FORMAT INVOICES``.

In a process of its own; its last line says how many invoices the event has that it publishes, the file's bytes and by
how much the process grew at its peak; 512 MiB bound all of it.
"""

import csv
import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from openpyxl import Workbook
from support.events import invoices  # the path has to be set first
from support.formats import to_xml
from support.intake_memory import LIMIT
from support.samples import export

from worker.intake.sources.folder_watch import FolderWatch

#: Bytes of invoices that an event holds itself; more go to a file beside it.
_INLINE = 1 << 10
_COLUMNS = (
    "invoiceNumber", "invoiceDate", "dueDate", "customer.code", "customer.name", "line.salesAccount", "line.vatRate",
    "line.net", "line.text",
)  # fmt: skip


def main(name: str, count: int, folder: Path) -> dict[str, int]:
    """Let a watcher take a file of so many invoices; return what it took."""
    path = folder / f"period.{name}"
    {"csv": _csv, "xlsx": _xlsx, "xml": _xml, "ndjson": _ndjson}[name](path, count)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    now, published = 0.0, list[bytes]()
    settings = export(source={"folder": folder, "stable_seconds": 1, "quiet_seconds": 1})
    watch = FolderWatch(settings, publish=published.append, clock=lambda: now, most_inline=_INLINE)
    before = _kilobytes("VmRSS")
    watch.turn()
    now += 10
    watch.turn()
    [event] = published
    grown = (_kilobytes("VmHWM") - before) * 1024
    read = json.loads(event)["data"]["invoicesRef"]["count"]
    return {"invoices": read, "bytes": (folder / "done" / path.name).stat().st_size, "grown": grown}


def _rows(count: int) -> Iterator[list[str]]:
    yield list(_COLUMNS)
    for number in range(100_001, 100_001 + count):
        customer = f"K{number % 900}"
        yield [
            str(number),
            "2026-11-20",
            "2026-12-20",
            customer,
            "Ærø A/S",
            "3010",
            "25,00",
            "1000,00",
            f"Tur {number}",
        ]


def _csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(_rows(count))


def _xlsx(path: Path, count: int) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Fakturaer")
    for row in _rows(count):
        sheet.append(row)
    book.save(path)


def _xml(path: Path, count: int) -> None:
    [one] = invoices(1)
    text = to_xml(one, "invoice").partition(b"?>")[2].strip()
    with path.open("wb") as file:
        file.write(b"<invoicePeriod><invoices>")
        for number in range(100_001, 100_001 + count):
            file.write(text.replace(b"100001", str(number).encode()))
        file.write(b"</invoices></invoicePeriod>")


def _ndjson(path: Path, count: int) -> None:
    [one] = invoices(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(100_001, 100_001 + count):
            file.write(json.dumps(one | {"invoiceNumber": number}) + "\n")


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(json.dumps(main(sys.argv[1], int(sys.argv[2]), Path(folder))) + "\n")
