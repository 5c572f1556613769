"""Reason codes of a certificate's differences: what each means, and what a person does about it."""

from collections.abc import Mapping

from worker.domain.certificate import Verdict
from worker.domain.reasons import ReasonCode


class ReconcileReason(ReasonCode):
    """Differences between Opter's invoices and what e-conomic holds, found by reading it back."""

    DIFFERS = (
        "certificate-differs",
        "Stands otherwise in e-conomic",
        "The invoice stands in e-conomic once, but a field of it is not Opter's.",
        (
            "Compare the two values. Correct e-conomic or, for a booked invoice, credit it in Opter and invoice anew; "
            "or accept the difference with a reason. Then reconcile the period again."
        ),
    )
    MISSING = (
        "certificate-missing",
        "Not in e-conomic",
        (
            "The invoice counts as exported, and e-conomic has it neither under its number nor under its reference: it "
            "was deleted there, or marked as exported without having been entered."
        ),
        (
            "Re-export it: it is looked up once more, and posted if it is not there. If it was entered under another "
            "number, mark it as exported with that number as the reason, or accept the difference."
        ),
    )
    TWICE = (
        "certificate-twice",
        "More than once in e-conomic",
        "More than one document in e-conomic carries the invoice's number or reference, so the customer owes twice.",
        "Compare them in e-conomic, credit or delete the superfluous one, and reconcile the period again.",
    )
    EDITED = (
        "certificate-edited",
        "Voucher changed by hand",
        "The voucher is not as it was posted: its text, date, customer, amount or accounts have been changed since.",
        (
            "Ask who keeps the books why. If it is meant, accept the difference with the reason; otherwise correct the "
            "voucher in e-conomic and reconcile the period again."
        ),
    )
    NUMBER_TAKEN = (
        "certificate-number-taken",
        "Number used by another document",
        "A document in e-conomic that this program did not post carries the invoice's number.",
        (
            "Look it up in e-conomic. If it is this very invoice, entered by hand, mark it as exported; otherwise give "
            "Opter a number series of its own, and re-export the invoice."
        ),
    )
    UNEXPECTED = (
        "certificate-unexpected",
        "In e-conomic though not exported",
        "The invoice failed or was left out here, and e-conomic holds it all the same.",
        "If what stands there is right, mark the invoice as exported; otherwise credit or delete it in e-conomic.",
    )


#: The reason of each verdict that is work.
OF_VERDICT: Mapping[Verdict, ReconcileReason] = {
    Verdict.DIFFERS: ReconcileReason.DIFFERS,
    Verdict.MISSING: ReconcileReason.MISSING,
    Verdict.TWICE: ReconcileReason.TWICE,
    Verdict.EDITED: ReconcileReason.EDITED,
    Verdict.NUMBER_TAKEN: ReconcileReason.NUMBER_TAKEN,
    Verdict.UNEXPECTED: ReconcileReason.UNEXPECTED,
}
