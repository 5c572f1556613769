"""Before anything of an invoice is sent: whether it is to be posted at all, and whether it is its turn."""

from worker.domain import export_rules
from worker.domain.record import Finish, Progress, State, Step
from worker.errors import OnHold
from worker.workflow.execution import Execution

#: e-conomic's largest invoice number.
_LARGEST = 999_999_999
_INVOICE_STEPS = frozenset({Step.DRAFT, Step.BOOK})


def eligible(execution: Execution) -> bool:
    """Tell whether to go on; an invoice that is left out on purpose has been finished instead.

    What has begun goes on to its end. Raises ``OnHold`` for a correction that waits for its original, and e-conomic's
    errors.
    """
    if execution.eligible or _begun(execution.progress):
        return True
    outcome = export_rules.exclusion(execution.invoice, execution.context.export)
    if outcome:
        execution.save(Finish(outcome=outcome))
        return False
    await_original(execution)
    execution.eligible = True
    return True


def method_of(execution: Execution) -> str:
    """Return the method by which an invoice was begun, else its export's: posted by both, it would be owed twice.

    A look that finds nothing takes the traces away, and with them the tie to the former method.
    """
    progress = execution.progress
    step = progress.intent.step if progress.intent else ""
    if progress.voucher or (step and step not in _INVOICE_STEPS):
        return "voucher"
    if progress.draft_number or progress.booked_number or progress.pending_failure or step:
        return "invoice"
    return execution.context.export.method


def _begun(progress: Progress) -> bool:
    known = progress.draft_number or progress.booked_number or progress.voucher
    return bool(progress.lookup or progress.intent or progress.pending_failure or known)


def await_original(execution: Execution) -> None:
    """Let a correction go on, or raise ``OnHold`` while its original is awaited; what it goes on without is noted.

    Waiting costs one trip to the ledger each time; e-conomic is asked only for what the ledger never had.
    """
    export, invoice = execution.context.export, execution.invoice
    references = tuple(
        one
        for one in export_rules.original_references(invoice, export, execution.record.region)
        if one != execution.record.id
    )
    if not references:
        return
    found = export_rules.standing(references, execution.context.store.states(references))
    if found is None:
        if not _booked(execution):
            execution.note(export_rules.UNKNOWN)
        return
    original, state = found
    if state is State.EXPORTED:
        return
    if export_rules.is_on_hold(export, execution.record.received_at, execution.context.clock()):
        why = export_rules.awaited(invoice, original, state, export)
        raise OnHold(why, retry_after=export_rules.patience(state))
    execution.note(export_rules.TOO_EARLY)


def _booked(execution: Execution) -> bool:
    """Older than this program, most likely: under Opter's number it can be seen in e-conomic, else nowhere."""
    number, export = execution.invoice.credits_invoice_number or 0, execution.context.export
    asked = export.method == "invoice" and export.booking.numbers == "opter" and number <= _LARGEST
    return asked and execution.context.economic.booked(number) is not None
