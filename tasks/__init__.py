"""The Celery tasks: an id in, and out what Celery and Flower show of its outcome. What they do stands in ``worker``.

What is shown is a view: recovery goes by the store, whatever is shown here. A dead letter is a failed task, what goes
on by itself is a retry with its time, what is done succeeds. Texts hold ids, reasons and next steps from the tables: no
customer, no amount, no traceback. With messages that are acknowledged early neither a failure nor a retry sends
anything again (Celery docs, "Tasks: acks_late"; only ``Task.retry`` publishes).
"""

from datetime import UTC, datetime
from typing import Any, NoReturn

from celery.exceptions import Retry
from celery.worker.request import Request
from typing_extensions import override

from config.names import AGREEMENT_TASK, ARCHIVE_TASK, CAUSES_TASK, EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK
from worker.app import app, lifecycle
from worker.domain.record import InvoiceRecord
from worker.economic.mapping.reasons import REASONS
from worker.workflow.exporter import ExecutionResult
from worker.workflow.preflight import PreflightResult


class Shown:
    """A result whose text Flower shows as it stands."""

    def __init__(self, text: str) -> None:
        self.text = text

    @override
    def __repr__(self) -> str:
        return self.text


class DeadLetter(Exception):
    """What a person has to see to; its text is what Flower shows."""

    @override
    def __repr__(self) -> str:
        return str(self)


class Later(Retry):  # type: ignore[misc]  # Celery ships no types
    """What goes on by itself, at the time that it names or when the cause is gone."""

    def __init__(self, text: str, due_at: float = 0.0) -> None:
        when = datetime.fromtimestamp(due_at, UTC) if due_at else None
        self.text = f"{text}; again {when:%Y-%m-%d %H:%M:%S}Z" if when else text
        super().__init__(self.text, exc=None, when=when)

    @override
    def __repr__(self) -> str:
        return self.text


class QuietRequest(Request):  # type: ignore[misc]  # Celery ships no types
    """Celery's request, which tells Flower of no traceback: for what is expected it would only frighten."""

    def send_event(self, type: str, **fields: Any) -> None:  # noqa: A002  # Celery's own parameter name
        """Send an event without its traceback."""
        fields.pop("traceback", None)
        super().send_event(type, **fields)


#: Options of every task of ours; what is raised on purpose is logged in a line.
SHOWN_QUIETLY = {"Request": QuietRequest, "throws": (DeadLetter,)}

_LATER = {
    "store-unavailable": "Redis did not answer: the store sends it again",
    "given-back": "worker stopped: another one goes on with it",
    "lease-lost": "lease lost: another worker goes on with it",
    "claimed-elsewhere": "another worker has it",
}
_UNCLAIMED = {
    "paused": "export paused: it goes on after `opter-economic export resume`",
    "unknown": "not in the store: nothing to do",
}


def show_invoice(invoice_id: str, outcome: ExecutionResult | None, *, page: str = "") -> Shown:
    """Return what a finished execution shows. Raises ``DeadLetter`` and ``Later``.

    ``page`` is the page's address, where it has one: the text then ends with the way to the invoice there.
    """
    if outcome is None:
        raise DeadLetter(f"{invoice_id}: its export is not in the exports file -> Put it back.")
    record, result = outcome.record, outcome.result
    if result in _LATER:
        raise Later(f"{invoice_id}: {_LATER[result]}")
    if record is None:
        return _unclaimed(invoice_id, outcome.why)
    if result == "dead":
        fail(record, page=page)
    if result == "waiting":
        raise Later(
            f"{invoice_id}: {record.failure.reason if record.failure else 'waits'}{_link(page, record)}", record.due_at
        )
    if result == "queued":
        raise Later(f"{invoice_id}: {_UNCLAIMED['paused']}")
    return Shown(f"{_done(record)}{_link(page, record)}")


def show_check(period_id: str, outcome: PreflightResult | None, *, page: str = "") -> Shown:
    """Return what the check of a period shows, ``page`` as for invoices.

    Raises ``DeadLetter`` when invoices failed it, and ``Later``.
    """
    link = f" | {page}/periods/{period_id}" if page else ""
    if outcome is None:
        raise DeadLetter(f"{period_id}: its export is not in the exports file, or Redis did not answer.")
    if outcome.result == "deferred":
        raise Later(f"{period_id}: {outcome.reason}: the check is tried again by itself")
    if outcome.result in _LATER:
        raise Later(f"{period_id}: {_LATER[outcome.result]}")
    if outcome.dead:
        step = f"opter-economic failed list --period {period_id}"
        raise DeadLetter(f"{period_id}: {outcome.dead} dead letters, {outcome.queued} queued -> {step}{link}")
    waiting = f", {outcome.held} wait for a second person's yes" if outcome.held else ""
    return Shown(f"{outcome.result}, {outcome.queued} queued{waiting}{link}")


def fail(record: InvoiceRecord, *, page: str = "") -> NoReturn:
    """Show a dead letter: id, reason and the next step of the table, never a text that may quote the invoice."""
    reason = record.failure.reason if record.failure else "unknown"
    step = REASONS[reason].next_step if reason in REASONS else f"opter-economic invoice {record.id}"
    raise DeadLetter(f"{record.id}: {reason} -> {step}{_link(page, record)}")


def _link(page: str, record: InvoiceRecord) -> str:
    return f" | {page}/invoices/{record.id}" if page else ""


def _unclaimed(invoice_id: str, why: str) -> Shown:
    if why == "paused":
        raise Later(f"{invoice_id}: {_UNCLAIMED['paused']}")
    return Shown(_UNCLAIMED.get(why, f"nothing to do: {why}"))


def _done(record: InvoiceRecord) -> str:
    progress = record.progress
    number = progress.booked_number or progress.voucher or progress.draft_number
    outcome = record.outcome.value if record.outcome else record.state.value
    adopted = ", was already there" if progress.adopted else ""
    return f"{outcome} {number}{adopted}" if number else outcome


@app.task(name=EXPORT_TASK, **SHOWN_QUIETLY)  # type: ignore[untyped-decorator]  # Celery ships no types
def export_invoice(invoice_id: str) -> Shown:
    """Export one invoice; every outcome is recorded in the store before it is shown."""
    with lifecycle.using(invoice_id) as runtime:
        outcome = runtime.export_invoice(invoice_id, export_invoice.request.id or "")
        return show_invoice(invoice_id, outcome, page=runtime.settings.web.public_url)


@app.task(name=PREFLIGHT_TASK, **SHOWN_QUIETLY)  # type: ignore[untyped-decorator]  # Celery ships no types
def check_period(period_id: str) -> Shown:
    """Check a period before its first write; every outcome is recorded in the store before it is shown."""
    with lifecycle.using(period_id) as runtime:
        return show_check(period_id, runtime.check_period(period_id), page=runtime.settings.web.public_url)


@app.task(name=RECONCILE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def reconcile_period(period_id: str) -> None:
    """Read a period back from e-conomic; its certificate is kept in the store."""
    with lifecycle.using(period_id) as runtime:
        runtime.reconcile_period(period_id)


@app.task(name=AGREEMENT_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def check_agreement(agreement_id: str) -> None:
    """Check an export's agreement as a whole; what was found is kept in the store and shown."""
    with lifecycle.using(agreement_id) as runtime:
        runtime.check_agreement(agreement_id)


@app.task(name=CAUSES_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def check_causes(causes_id: str) -> None:
    """Ask about the causes of an export's dead letters; those that are gone let their invoices go on."""
    with lifecycle.using(causes_id) as runtime:
        runtime.check_causes(causes_id)


@app.task(name=ARCHIVE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def archive_period(period_id: str) -> None:
    """Write a completed period short, or move it into the archive once its time has come."""
    with lifecycle.using(period_id) as runtime:
        runtime.archive_period(period_id)
