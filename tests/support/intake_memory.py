"""What reading one event costs in memory: ``python intake_memory.py KIND SIZE``, in a process of its own.

Prints the size of the event or file in bytes and by how much the process grew at its peak; RLIMIT_AS bounds all of it.
"""

import hashlib
import json
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import structlog
from support.events import event, invoices, reader  # the path has to be set first
from support.intake import consumer
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export
from typing_extensions import override

from worker.domain.invoice_period import NewInvoice, Registered

LIMIT = 512 << 20
LARGEST = 256 << 20


class Counting(MemoryStore):
    """A store that only counts: the invoices themselves are Redis' affair."""

    count = 0

    @override
    def register(self, period_id: str, event_key: str, invoices: Sequence[NewInvoice]) -> Registered:
        self.count += len(invoices)
        return Registered(added=tuple(invoice.id for invoice in invoices))


def main(kind: str, size: int, folder: Path) -> dict[str, float]:
    """Let a consumer read one event of this kind; return what it took."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    raw, bytes_ = KINDS[kind](size, folder)
    queue, store = MemoryEventQueue(MemoryEvents(), consumer="one"), Counting()
    queue.publish(raw)
    tested = consumer(
        queue,
        store,
        reader=reader(export(), folders=(folder,), limit=LARGEST),
        event_limit=LARGEST,
    )
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
    before = _kilobytes("VmRSS")
    began = time.monotonic()
    tested.turn(threading.Event())
    seconds = time.monotonic() - began
    # Not getrusage: what it says begins with the size of the process that started this one.
    peak = _kilobytes("VmHWM")
    return {
        "bytes": bytes_,
        "before": before * 1024,
        "grown": (peak - before) * 1024,
        "invoices": store.count,
        "seconds": seconds,
        "dead": len(queue.dead()),
        "waiting": queue.waiting(),
    }


def _kilobytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _skeleton(items: bytes, **data: Any) -> tuple[bytes, int]:
    document = event(invoices(1), **data)
    document["data"]["invoices"] = "here"
    raw = json.dumps(document).encode().replace(b'"here"', items)
    return raw, len(raw)


def _many(size: int) -> Iterator[bytes]:
    [one] = invoices(1)
    one["customer"]["name"] = "Ærø \N{GRINNING FACE} A/S"
    whole = json.dumps(one, ensure_ascii=False).encode()
    for number in range(size // len(whole)):
        yield whole.replace(b"100001", str(100001 + number).encode())


def _totals(count: int) -> dict[str, Any]:
    sums = {"net": f"{count * 1000}.00", "vat": f"{count * 250}.00", "gross": f"{count * 1250}.00"}
    return {"invoiceCount": count, "controlTotals": [{"currency": "DKK", **sums}]}


def _inline(size: int, _: Path) -> tuple[bytes, int]:
    items = list(_many(size))
    return _skeleton(b"[" + b",".join(items) + b"]", **_totals(len(items)))


def _file(size: int, folder: Path) -> tuple[bytes, int]:
    digest, count = hashlib.sha256(), 0
    path = folder / "period.ndjson"
    with path.open("wb") as file:
        for line in _many(size):
            file.write(line + b"\n")
            digest.update(line + b"\n")
            count += 1
    place = {"url": f"file://{path}", "sha256": digest.hexdigest(), "count": count}
    document = event(invoices(1), invoices=..., invoicesRef=place, **_totals(count))
    return json.dumps(document).encode(), path.stat().st_size


def _repeated_keys(size: int, _: Path) -> tuple[bytes, int]:
    return _skeleton(b"[{" + b'"a":1,' * (size // 6) + b'"a":1}]')


def _repeated_names(size: int, _: Path) -> tuple[bytes, int]:
    raw = b"{" + b'"a":1,' * (size // 6) + b'"a":1}'
    return raw, len(raw)


def _invoices_of_a_wrong_type(size: int, _: Path) -> tuple[bytes, int]:
    return _skeleton(b"[" + b"1," * (size // 2) + b"1]")


def _lines_of_a_wrong_type(size: int, _: Path) -> tuple[bytes, int]:
    return _skeleton(b'[{"lines":[' + b"1," * (size // 2) + b"1]}]")


def _empty_lines(size: int, _: Path) -> tuple[bytes, int]:
    """One invoice, whose every line lacks every field: more errors than bytes."""
    return _skeleton(b'[{"lines":[' + b"{}," * (size // 3) + b"{}]}]")


def _invoices_of_empty_lines(size: int, _: Path) -> tuple[bytes, int]:
    """As many of the largest of these as there is room for."""
    one = b'{"lines":[' + b"{}," * 16_000 + b"{}]}"
    return _skeleton(b"[" + b",".join([one] * (size // len(one))) + b"]")


def _order_numbers_of_a_wrong_type(size: int, _: Path) -> tuple[bytes, int]:
    return _skeleton(b'[{"orderNumbers":[' + b"1," * (size // 2) + b"1]}]")


def _one_invoice(size: int, _: Path) -> tuple[bytes, int]:
    """One invoice of nothing but right lines, hundreds of thousands in an event of 28 MiB."""
    [one] = invoices(1)
    [line] = one["lines"]
    lines = b",".join([json.dumps(line).encode()] * (size // len(json.dumps(line))))
    one["lines"] = "all"
    return _skeleton(b"[" + json.dumps(one).encode().replace(b'"all"', b"[" + lines + b"]") + b"]")


def _unknown_fields(size: int, _: Path) -> tuple[bytes, int]:
    fields = bytearray()
    for number in range(size // 12):
        fields += b'"k%07d":1,' % number
    return _skeleton(b"[{" + fields[:-1] + b"}]")


def _brackets(size: int, _: Path) -> tuple[bytes, int]:
    return _skeleton(b"[" + b"[]," * (size // 3) + b"[]]")


def _control_totals(size: int, _: Path) -> tuple[bytes, int]:
    count = 2_000
    [one] = _totals(1)["controlTotals"]
    currencies = [chr(65 + n // 676 % 26) + chr(65 + n // 26 % 26) + chr(65 + n % 26) for n in range(count)]
    totals = [one | {"currency": currency} for currency in currencies]
    return _skeleton(b"[" + b",".join(_many(size)) + b"]", controlTotals=totals)


KINDS = {
    "inline": _inline,
    "file": _file,
    "repeated-keys": _repeated_keys,
    "repeated-names": _repeated_names,
    "invoices-of-a-wrong-type": _invoices_of_a_wrong_type,
    "lines-of-a-wrong-type": _lines_of_a_wrong_type,
    "empty-lines": _empty_lines,
    "invoices-of-empty-lines": _invoices_of_empty_lines,
    "order-numbers-of-a-wrong-type": _order_numbers_of_a_wrong_type,
    "one-invoice": _one_invoice,
    "unknown-fields": _unknown_fields,
    "brackets": _brackets,
    "control-totals": _control_totals,
}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(json.dumps(main(sys.argv[1], int(sys.argv[2]), Path(folder))) + "\n")
