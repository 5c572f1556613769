"""Before anything of an invoice is sent: whether it is to be posted at all, and whether it is its turn."""

from worker.domain import credit_notes
from worker.domain.exclusions import left_out
from worker.domain.record import Finish, Progress, State, Step
from worker.errors import Held
from worker.workflow.execution import Job

#: e-conomic's largest invoice number.
_LARGEST = 999_999_999
_INVOICE_STEPS = frozenset({Step.DRAFT, Step.BOOK})


def admitted(job: Job) -> bool:
    """Tell whether to go on; an invoice that is left out on purpose has been finished instead.

    What has begun goes on to its end. Raises ``Held`` for a correction that waits for its original, and e-conomic's
    errors.
    """
    if job.admitted or _begun(job.progress):
        return True
    outcome = left_out(job.invoice, job.desk.export)
    if outcome:
        job.save(Finish(outcome=outcome))
        return False
    await_original(job)
    job.admitted = True
    return True


def method_of(job: Job) -> str:
    """Return the method by which an invoice was begun, else its export's: posted by both, it would be owed twice.

    A look that finds nothing takes the traces away, and with them the tie to the former method.
    """
    progress = job.progress
    step = progress.intent.step if progress.intent else ""
    if progress.voucher or (step and step not in _INVOICE_STEPS):
        return "voucher"
    if progress.draft_number or progress.booked_number or progress.verdict or step:
        return "invoice"
    return job.desk.export.method


def _begun(progress: Progress) -> bool:
    known = progress.draft_number or progress.booked_number or progress.voucher
    return bool(progress.look or progress.intent or progress.verdict or known)


def await_original(job: Job) -> None:
    """Let a correction go on, or raise ``Held`` while its original is awaited; what it goes on without is noted.

    Waiting costs one trip to the ledger each time; e-conomic is asked only for what the ledger never had.
    """
    export, invoice = job.desk.export, job.invoice
    references = tuple(
        one for one in credit_notes.original_references(invoice, export, job.record.region) if one != job.record.id
    )
    if not references:
        return
    found = credit_notes.standing(references, job.desk.ledger.states(references))
    if found is None:
        if not _booked(job):
            job.note(credit_notes.UNKNOWN)
        return
    original, state = found
    if state is State.EXPORTED:
        return
    if credit_notes.is_held(export, job.record.received_at, job.desk.clock()):
        why = credit_notes.awaited(invoice, original, state, export)
        raise Held(why, retry_after=credit_notes.patience(state))
    job.note(credit_notes.TOO_EARLY)


def _booked(job: Job) -> bool:
    """Older than this program, most likely: under Opter's number it can be seen in e-conomic, else nowhere."""
    number, export = job.invoice.credits_invoice_number or 0, job.desk.export
    asked = export.method == "invoice" and export.booking.numbers == "opter" and number <= _LARGEST
    return asked and job.desk.economic.booked(number) is not None
