"""Short ways to bring a store to where a test begins."""

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from worker.domain.invoice_period import ControlTotal, NewInvoice, PeriodRecord
from worker.domain.record import Continue, InvoiceRecord
from worker.domain.store_port import SharedRecord, Store, Unclaimed
from worker.errors import Failure

EVENT = "/opter/acme/1#e-1"
FAILURE = Failure(
    reason="product-group-missing",
    description="Sales account 3010 has no product group in e-conomic.",
    next_step="Create the product group 3010, then re-queue.",
    field="lines.salesAccount",
    value="3010",
)
#: The content hashes of new invoices, unless a test names others.
READ = defaultdict[str, str](lambda: "one")
#: A save that keeps the lease.
GOING_ON = Continue(event="drafted")


def period(number: int = 881, *, export: str = "main", count: int = 2) -> PeriodRecord:
    total = ControlTotal(currency="DKK", net=Decimal("100.00"), vat=Decimal("25.00"), gross=Decimal("125.00"))
    return PeriodRecord(
        id=f"{export}-p{number}",
        export=export,
        number=number,
        name=f"2026-{number}A",
        region=None,
        closed_at="2026-11-20T15:04:05Z",
        invoice_count=count,
        control_totals=(total,),
    )


def content_of(word: str) -> str:
    """Return the content that an invoice is given by this word: 125 DKK for "one", a credit note for all others."""
    net, vat, gross, units = (
        ("100.00", "25.00", "125.00", "") if word == "one" else ("-0.29", "-0.07", "-0.36", '"a":"b"')
    )
    return (
        f'{{"currency":"DKK","customer":{{"code":"K{word}","name":"{word} ÆØÅ"}},"gross":"{gross}",'
        f'"lines":[{{"economicUnits":{{{units}}}}}],"net":"{net}","vat":"{vat}"}}'
    )


def new_invoice(number: int, *, export: str = "main", content: str = "one") -> NewInvoice:
    return NewInvoice(
        id=f"{export}-{number}",
        export=export,
        invoice_number=number,
        invoice_type="invoice",
        region=None,
        content=content_of(content),
        content_hash=content,
    )


def take_in(
    store: Store,
    *numbers: int,
    export: str = "main",
    period_number: int = 881,
    event: str = EVENT,
) -> PeriodRecord:
    """Register these invoices in a period and close the event."""
    whole = period(period_number, export=export, count=len(numbers))
    store.open_period(whole, event)
    store.register(whole.id, event, [new_invoice(number, export=export) for number in numbers])
    store.close_event(whole.id, event)
    return whole


def queue(store: Store, *numbers: int, export: str = "main", period_number: int = 881) -> list[str]:
    """Take these invoices in and let the preflight pass them all."""
    whole = take_in(store, *numbers, export=export, period_number=period_number, event=f"{export}{period_number}")
    return check(store, whole.id)


def check(store: Store, period_id: str) -> list[str]:
    """Run a preflight that passes everything received."""
    fence = store.claim_period(period_id)
    assert fence is not None
    ids = [record.id for record in store.received(period_id)]
    passed = store.pass_preflight(period_id, fence, read=READ, queued=ids, lookup=frozenset(), dead={})
    store.finish_preflight(period_id, fence, notice="")
    return list(passed)


def dead_letter(store: Store, *numbers: int) -> list[str]:
    """Take these invoices in and let the preflight refuse them all."""
    whole = take_in(store, *numbers)
    fence = store.claim_period(whole.id)
    assert fence is not None
    ids = [f"main-{number}" for number in numbers]
    store.pass_preflight(whole.id, fence, read=READ, queued=[], lookup=frozenset(), dead=dict.fromkeys(ids, FAILURE))
    store.finish_preflight(whole.id, fence, notice="")
    return ids


def claim(store: Store, invoice_id: str) -> InvoiceRecord:
    """Claim an invoice that can be claimed."""
    record = store.claim(invoice_id)
    assert not isinstance(record, Unclaimed)
    return record


def stored(store: Store, invoice_id: str) -> InvoiceRecord:
    """Return the record as it is now, without its history."""
    record = store.invoice(invoice_id)
    assert record is not None
    return replace(record, history=())


def events(store: Store, invoice_id: str) -> list[tuple[str, str]]:
    """Return what the history says."""
    record = store.invoice(invoice_id)
    assert record is not None
    return [(entry.event, entry.detail) for entry in record.history]


def counts(store: Store, period_id: str) -> dict[str, int]:
    """Return a period's counts by state name."""
    whole = store.period(period_id)
    assert whole is not None
    return {state.value: number for state, number in whole.counts.items()}


def state_of_period(store: Store, period_id: str) -> str:
    whole = store.period(period_id)
    assert whole is not None
    return whole.state.value


def numbered(creation: SharedRecord, number: str) -> SharedRecord:
    """Return the creation with its number known."""
    return replace(creation, number=number)
