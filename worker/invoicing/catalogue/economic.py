"""Reasons that e-conomic gives, or that are seen in what it holds."""

from worker.invoicing.codes import Entry, Reason

ECONOMIC = {
    Reason.TOTALS_MISMATCH: Entry(
        title="Totals differ",
        cause="e-conomic computed another net, VAT or gross amount than Opter's invoice has; its draft was deleted.",
        next_step=(
            "Compare the two sums. A difference of a few øre: allow it with booking.tolerance. A larger one: "
            "check the VAT code behind the product group. Then re-queue."
        ),
    ),
    Reason.BOOKED_DIFFERS: Entry(
        title="Booked with other amounts",
        cause="The invoice is booked in e-conomic already, and its amounts are not those of Opter's invoice.",
        next_step=(
            "Compare the two. Booking cannot be undone: credit the invoice in e-conomic or correct it with a credit "
            "note from Opter, then mark it as exported."
        ),
    ),
    Reason.NUMBER_TAKEN: Entry(
        title="Invoice number taken",
        cause="Another invoice in e-conomic already has this number.",
        next_step=(
            "Look the number up in e-conomic. If it is this very invoice, entered by hand, mark it as exported. "
            "Otherwise give Opter a number series of its own, or set booking.numbers to economic; then re-queue."
        ),
    ),
    Reason.REFUSED_BY_ECONOMIC: Entry(
        title="Refused by e-conomic",
        cause="e-conomic refused the request for a reason that this program does not know.",
        next_step="Read e-conomic's message, correct what it names and re-queue. Its support asks for the log id.",
    ),
    Reason.DUPLICATE_DOCUMENTS: Entry(
        title="Twice in e-conomic",
        cause="Two documents in e-conomic carry this invoice's reference, although one at most should.",
        next_step=(
            "Look at both in e-conomic. Delete the superfluous draft, or credit the superfluous booked invoice "
            "and change its 'other reference'; then re-queue."
        ),
    ),
    Reason.POSTED_OTHERWISE: Entry(
        title="Posted by the other method",
        cause="The invoice is in e-conomic already, posted by the method that this export used before.",
        next_step=(
            "If what is in e-conomic is right, mark it as exported. Otherwise set method in the exports file back, "
            "delete the draft, or the voucher from its journal, and re-queue: the method that began it makes it anew."
        ),
    ),
    Reason.TOKENS_REFUSED: Entry(
        title="Access tokens refused",
        cause="e-conomic does not accept the access tokens of this export: wrong, or the access was withdrawn.",
        next_step=(
            "Grant the app access to the agreement again, put the new token in place, prove it with `export "
            "check`, and resume the export. Its invoices wait; none is lost."
        ),
    ),
    Reason.ROLE_MISSING: Entry(
        title="Role or module missing",
        cause="The app lacks a role, or the agreement a module, that the export needs.",
        next_step="Have the role or module added in e-conomic, prove it with `export check`, and resume the export.",
    ),
    Reason.AGREEMENT_MISMATCH: Entry(
        title="Tokens of another agreement",
        cause="The access tokens belong to another agreement than this export is bound to.",
        next_step=(
            "Put the token of the right agreement in place, or, if the export is to write to this one from now on, set "
            "agreement in the exports file to its number; then restart the workers and resume the export."
        ),
    ),
}
