"""What a refusal by e-conomic means for the invoice that it was about; both methods judge alike."""

from worker.domain.record import Intent
from worker.economic.mapping.accounting_years import on_hold, refused_date, waits
from worker.errors import ExportError, OnHold, Refused, Rejected
from worker.workflow.execution import Execution

#: Said when an idempotency key was used for something else before (reported by integrators).
_CLASHES = frozenset({"PayloadChanged", "URLChanged"})
#: Keys that e-conomic remembers as refused are left behind one by one; more than this in one execution is no accident.
_MOST = 10
#: Seconds between two looks at whether the books have been opened.
HELD_FOR = 3600.0


def count(execution: Execution, refusal: Refused) -> None:
    """Note a refusal; raises it when there have been too many in this execution."""
    execution.refusals += 1
    if execution.refusals > _MOST:
        raise refusal


def clashes(refusal: Refused) -> bool:
    """Tell whether the key was used before, for something else: what it was has to be looked for."""
    return bool(refusal.codes & _CLASHES)


def about_the_key(refusal: Refused) -> bool:
    """Tell whether it speaks of an earlier request rather than of this one, so that another key may be tried."""
    return refusal.replayed or clashes(refusal)


def may_have_done(execution: Execution, intent: Intent, refusal: Refused) -> bool:
    """Tell whether the write may have been done all the same: by a request before this one, whose answer was lost."""
    return clashes(refusal) or (intent != execution.own and not refusal.replayed)


def codes(refusal: Refused) -> str:
    """Return its codes for the history, or its status."""
    return " ".join(sorted(refusal.codes)) or str(refusal.status)


def check_worth_repeating(execution: Execution, body: str) -> None:
    """Raise the verdict on this execution's refusal, unless looking everything up again changes what is sent.

    Once it may be repeated unchanged: when what it refers to did not exist (E06000) and has been looked up again.
    """
    refusal = execution.refusal
    if refusal and body == execution.refused_body and not ("E06000" in refusal.codes and execution.refusals == 1):
        raise final_error(execution, refusal)


def final_error(execution: Execution, refusal: Refused) -> ExportError:
    """Return what becomes of the invoice: a refusal of its date is named as such, and waits where the export says."""
    found = refused_date(execution.invoice.invoice_date, refusal.failure, refusal.codes)
    if found is None:
        return refusal
    if waits([found], execution.context.export):
        return OnHold(on_hold(found), retry_after=HELD_FOR)
    return Rejected(found)
