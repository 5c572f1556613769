"""Events from the files of a folder: the invoices of some files as one period, its sums counted while they are read."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from worker.domain.invoice import Invoice, Pdf
from worker.domain.invoice_period import ControlTotal
from worker.domain.money import ZERO
from worker.domain.reasons import EventReason
from worker.domain.sums import EventSums
from worker.forward.folder import write
from worker.forward.names import portable
from worker.intake.event import EVENT_TYPE, SPEC_VERSION, Period
from worker.intake.event_errors import EventRefused, refused
from worker.intake.format_files import FileHead, HowToRead, read_file

#: An event up to this size holds its invoices; a larger one refers to a file, which is read with flat memory.
MOST_INLINE = 4 << 20


@dataclass(kw_only=True, slots=True)
class Batch:
    """Files that become one event."""

    names: list[str]
    head: FileHead
    count: int
    #: File with the invoices, one a line.
    lines: Path
    #: What proves that they are the whole period, as the intake checks it.
    checked: EventSums
    sums: dict[str, tuple[Decimal, Decimal, Decimal]] = field(default_factory=dict)
    #: Day of the last invoice.
    last: str = ""


def read_batch(  # noqa: PLR0913  # what to read, where to, and the signs of life
    folder: Path,
    names: Sequence[str],
    how: HowToRead,
    *,
    kept: Path,
    by_type: bool,
    alive: Callable[[], None],
    lines: str = "reading.part",
    head: FileHead | None = None,
) -> Batch:
    """Read these files into one file of invoices in ``kept``, which is called ``lines``.

    ``head`` is what a manifest says about their period.

    Raises ``EventRefused`` for the first file with problems, with all of them; ``OSError``.
    """
    checked = EventSums(by_type=by_type)
    batch = Batch(names=list(names), head=head or FileHead(), count=0, lines=kept / lines, checked=checked)
    with batch.lines.open("wb") as out:
        for name in names:
            own = FileHead()
            with (folder / name).open("rb") as file:
                for invoice, pdf in read_file(file, name, how, own):
                    alive()
                    _add(batch, invoice if pdf is None else _with_pdf(invoice, pdf, kept), out)
            _join(batch.head, own, name)
    return batch


def event_of(batch: Batch, *, export: str, now: float, kept: Path, inline: int) -> tuple[str, bytes]:
    """Return the event's id and bytes; the id follows from what is in it, more than ``inline`` bytes go to a file.

    Raises ``EventRefused``, ``OSError``.
    """
    if batch.head.export not in {None, export}:
        text = f"{batch.names[0]}: it names export {batch.head.export}, but lies in the folder of {export}."
        raise refused(EventReason.EXPORT_UNKNOWN, text, field="export", value=str(batch.head.export)[:100])
    digest, size = _digest(batch.lines), batch.lines.stat().st_size
    period = batch.head.period or _own_period(batch, digest)
    data: dict[str, Any] = {
        "export": export,
        "period": period.model_dump(mode="json", by_alias=True, exclude_none=True),
        "invoiceCount": batch.count if batch.head.invoice_count is None else batch.head.invoice_count,
        "controlTotals": _totals(batch),
    }
    stated = [ControlTotal(currency=total["currency"], **_amounts(total)) for total in data["controlTotals"]]
    if problems := batch.checked.problems(stated, data["invoiceCount"]):
        raise EventRefused(problems)
    said = json.dumps([data, digest], sort_keys=True)
    event_id = f"folder-{hashlib.sha256(said.encode()).hexdigest()[:32]}"
    if size <= inline:
        data["invoices"] = [json.loads(line) for line in batch.lines.read_bytes().splitlines()]
    else:
        large = kept / f"{event_id}.ndjson"
        batch.lines.replace(large)
        data["invoicesRef"] = {"url": large.resolve().as_uri(), "sha256": digest, "count": batch.count}
    event = {
        "specversion": SPEC_VERSION,
        "id": event_id,
        "source": f"/folder/{export}",
        "type": EVENT_TYPE,
        "time": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": data,
    }
    return event_id, json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _add(batch: Batch, invoice: Invoice, out: IO[bytes]) -> None:
    out.write(invoice.content().text.encode() + b"\n")
    batch.count += 1
    batch.checked.add(invoice)
    batch.last = max(batch.last, str(invoice.invoice_date))
    net, vat, gross = batch.sums.get(invoice.currency, (ZERO, ZERO, ZERO))
    batch.sums[invoice.currency] = (net + invoice.net, vat + invoice.vat, gross + invoice.gross)


def _with_pdf(invoice: Invoice, pdf: bytes, kept: Path) -> Invoice:
    """Keep the printed invoice that came inside the file, and refer to it."""
    digest = hashlib.sha256(pdf).hexdigest()
    path = kept / f"{digest}.pdf"
    if not path.exists():
        write(path, pdf)
    reference = Pdf(url=path.resolve().as_uri(), sha256=digest, bytes=len(pdf))
    return invoice.model_copy(update={"pdf": reference})


def _join(batch: FileHead, head: FileHead, name: str) -> None:
    """Let every file of a batch say the same about its period, or nothing."""
    for part in ("export", "period", "invoice_count", "control_totals"):
        before, now = getattr(batch, part), getattr(head, part)
        if before is not None and now is not None and before != now:
            text = f"{name}: its {part.replace('_', ' ')} differs from that of its manifest or the files before it."
            raise refused(EventReason.EVENT_INVALID, text, field=part)
        if now is not None:
            setattr(batch, part, now)


def _own_period(batch: Batch, digest: str) -> Period:
    """Return a period for files that name none: its number follows from the content, its name is the last day."""
    number = int(digest[:16], 16) % 899_999_999_999 + 100_000_000_000
    name = f"{batch.last} ({portable(batch.names[0])})"[:100]
    return Period(id=number, name=name, closed_at=f"{batch.last}T00:00:00Z")


def _totals(batch: Batch) -> list[dict[str, str]]:
    if batch.head.control_totals is not None:
        return [total.model_dump(mode="json", by_alias=True) for total in batch.head.control_totals]
    return [
        {"currency": currency, "net": str(net), "vat": str(vat), "gross": str(gross)}
        for currency, (net, vat, gross) in sorted(batch.sums.items())
    ]


def _amounts(total: dict[str, str]) -> dict[str, Any]:
    return {name: Decimal(total[name]) for name in ("net", "vat", "gross")}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
