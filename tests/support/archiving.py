"""Periods that have come to their end, and the parts that move them into an archive."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import redis
from support.clock import ManualClock
from support.samples import customer, invoice, line
from support.store import steps
from support.store.certificate_rules import EQUAL, certificate

from worker.archive.database import Database
from worker.archive.log import Archive
from worker.archive.mover import ArchiveRules, Mover
from worker.domain.archive import ArchiveEntry, EntryKind, entry_body, entry_of
from worker.domain.certificate import stored
from worker.domain.invoice_period import NewInvoice
from worker.domain.record import Continue, Finish, Outcome
from worker.store.archiving import RedisArchiving
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

DAY = 86_400.0
#: Invoices that the tests' moves take at once.
CHUNK = 10
#: When the certificates are read; 2027-01-15T08:00:00Z, as ``ManualClock`` begins.
AT = "2027-01-15T08:00:00+00:00"


def archive_at(path: Path) -> Archive:
    return Archive(Database(f"sqlite:///{path}"))


def new_invoice(number: int, *, net: str = "100.00") -> NewInvoice:
    """Return an invoice as an event brings it, whole."""
    made = invoice(
        line(net),
        line("-20.00", account="3012", rate="0.00"),
        invoice_number=number,
        customer=customer(code=f"C-{number % 30}", ledger_number=1001 + number % 30, corporate_id=None),
    )
    content = made.content()
    return NewInvoice(
        id=f"main-{number}",
        export="main",
        invoice_number=number,
        invoice_type="invoice",
        region=None,
        content=content.text,
        content_hash=content.sha256,
    )


def send(store: RedisStore, *invoices: NewInvoice, number: int = 881, event: str = steps.EVENT) -> str:
    """Take an event in; return the id of its period."""
    period = steps.period(number, count=len(invoices))
    store.open_period(period, event)
    store.register(period.id, event, invoices)
    store.close_event(period.id, event, frozenset({hashlib.sha256(event.encode()).hexdigest()}))
    return period.id


def export(store: RedisStore, period_id: str) -> list[str]:
    """Check a period and export what the check passes, as a worker would."""
    fence = store.claim_period(period_id)
    assert fence is not None
    received = list(store.received(period_id))
    read = {record.id: record.content_hash for record in received}
    ids = store.pass_preflight(period_id, fence, read=read, queued=list(read), lookup=frozenset(), dead={})
    store.finish_preflight(period_id, fence, notice="")
    store.published(ids)
    for place, invoice_id in enumerate(ids):
        record = store.save(steps.claim(store, invoice_id), Continue(event="draft-intended"))
        record = store.save(
            record.with_progress(customer_number=1001, draft_number=30 + place), Continue(event="drafted")
        )
        booked = record.with_progress(booked_number=record.invoice_number)
        store.save(booked, Finish(outcome=Outcome.BOOKED, detail=str(record.invoice_number)))
    return list(ids)


def certify(store: RedisStore, period_id: str, *, at: str = AT) -> str:
    """Read a period back by itself, with nothing to object; return the certificate's id."""
    claimed = store.claim_reconcile(period_id, lease=900.0)
    assert claimed is not None
    findings = [
        EQUAL.model_copy(update={"id": record.id, "invoice_number": record.invoice_number})
        for record in store.invoices(period_id, None)
    ]
    made = certificate(*findings, at=at).model_copy(update={"period": period_id})
    kept = stored(made)
    assert store.add_certificate(kept, (), claimed=claimed)
    return kept.id


def complete(
    store: RedisStore, numbers: Sequence[int], *, number: int = 881, event: str = steps.EVENT, at: float | None = None
) -> str:
    """Bring a period to its end: exported, read back at a time, equal; return its id."""
    period_id = send(store, *map(new_invoice, numbers), number=number, event=event)
    export(store, period_id)
    read_at = AT if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
    certify(store, period_id, at=read_at)
    return period_id


def give_archive(store: RedisStore, archive: Archive) -> None:
    """Let a store read another archive from now on."""
    store.open_archive = lambda: archive
    vars(store).pop("archive", None)  # it may have been opened


def moving(store: RedisStore, client: redis.Redis, archive: Archive, clock: ManualClock, *, prefix: str) -> Mover:
    """Return what moves the periods of a store into an archive, which the store then reads."""
    live = RedisArchiving(client, prefix=prefix, policy=StorePolicy(), clock=clock)
    live.archive = archive
    give_archive(store, archive)
    rules = ArchiveRules(archive_after=90 * DAY, chunk=CHUNK)
    return Mover(store=live, archive=archive, period=store.period, summary=store.summary, rules=rules, clock=clock)


def invoice_entry(
    number: int, *, name: str = "Acme A/S", date: str = "2026-11-20", note: str = "", period: str = "main-p881"
) -> ArchiveEntry:
    """Return the entry of an archived invoice, with no more in it than the archive itself reads."""
    content = json.dumps({"customer": {"code": "C-1", "name": name}}, ensure_ascii=False)
    digest = hashlib.sha256(content.encode()).hexdigest()
    older = [note] if note else []
    body = entry_body(
        EntryKind.INVOICE,
        f"main-{number}",
        periods=(period,),
        date=date,
        fields={"content": content, "hash": digest},
        older=older,
    )
    return entry_of(body)
