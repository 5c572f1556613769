"""Reason codes of e-conomic: its answers, its documents, and the connection to it."""

from worker.domain.reasons import ReasonCode


class EconomicReason(ReasonCode):
    """Reasons in e-conomic's answers, in the documents found in it, or in the connection to it."""

    AGREEMENT_DIFFERS = (
        "agreement-differs",
        "Agreement not as needed",
        "The daily check found that the agreement lacks what the export needs, or that e-conomic answers otherwise.",
        "Run `opter-economic export check` and put right what it names, before the next period is exported.",
    )
    TOTALS_MISMATCH = (
        "totals-mismatch",
        "Totals differ",
        "e-conomic computed another net, VAT or gross amount than Opter's invoice has; its draft was deleted.",
        (
            "Compare the two sums. A difference of a few øre: allow it with booking.tolerance. A larger one: "
            "check the VAT code behind the product group. Then re-queue."
        ),
    )
    BOOKED_DIFFERS = (
        "booked-differs",
        "Booked with other amounts",
        "The invoice is booked in e-conomic already, and its amounts are not those of Opter's invoice.",
        (
            "Compare the two. Booking cannot be undone: credit the invoice in e-conomic or correct it with a credit "
            "note from Opter, then mark it as exported."
        ),
    )
    NUMBER_TAKEN = (
        "number-taken",
        "Invoice number taken",
        "Another invoice in e-conomic already has this number.",
        (
            "Look the number up in e-conomic. If it is this very invoice, entered by hand, mark it as exported. "
            "Otherwise give Opter a number series of its own, or set booking.numbers to economic; then re-queue."
        ),
    )
    ZERO_REFUSED = (
        "zero-total-refused",
        "Total of zero refused",
        "The invoice's total is zero, and e-conomic refused to book it.",
        (
            'If no account would move, set booking.zero_total to "skip" and re-queue. If revenue moves between '
            "accounts, enter that by hand and mark the invoice as exported."
        ),
    )
    REFUSED_BY_ECONOMIC = (
        "refused-by-economic",
        "Refused by e-conomic",
        "e-conomic refused the request for a reason that this program does not know.",
        "Read e-conomic's message, correct what it names and re-queue. Its support asks for the log id.",
    )
    DUPLICATE_DOCUMENTS = (
        "duplicate-documents",
        "Twice in e-conomic",
        "Two documents in e-conomic carry this invoice's reference, although one at most should.",
        (
            "Compare both in e-conomic. Delete the superfluous draft, "
            "or credit the superfluous booked invoice and change its 'other reference'; then re-queue."
        ),
    )
    REFERENCE_UNCLEAR = (
        "reference-unclear",
        "Reference written otherwise",
        "Something in e-conomic carries this invoice's reference in another form, so it may be this invoice already.",
        (
            "Look at it in e-conomic. If it is this invoice, mark it as exported, or write the reference as this "
            "program does and re-queue. If it is another, take the reference out of it and re-queue."
        ),
    )
    POSTED_OTHERWISE = (
        "posted-otherwise",
        "Posted by the other method",
        "The invoice is in e-conomic already, posted by the method that this export used before.",
        (
            "If what is in e-conomic is right, mark it as exported. "
            "Otherwise set method in the exports file back, delete the draft, or the voucher from its journal, "
            "and re-queue: the former method then creates it again."
        ),
    )
    TOKENS_REFUSED = (
        "tokens-refused",
        "Access tokens refused",
        "e-conomic does not accept the access tokens of this export: wrong, or the access was withdrawn.",
        (
            "Grant the app access to the agreement again, put the new token in place, test it with `export check`, "
            "and resume the export. Its invoices wait; none is lost."
        ),
    )
    ROLE_MISSING = (
        "role-missing",
        "Role or module missing",
        "The app lacks a role, or the agreement a module, that the export needs.",
        "Have the role or module added in e-conomic, test it with `export check`, and resume the export.",
    )
    AGREEMENT_MISMATCH = (
        "agreement-mismatch",
        "Tokens of another agreement",
        "The access tokens belong to another agreement than this export is bound to.",
        (
            "Put the token of the right agreement in place, or, if the export is to write to this one from now on, "
            "set agreement in the exports file to its number; then restart the workers and resume the export."
        ),
    )
    ECONOMIC_UNREACHABLE = (
        "economic-unreachable",
        "e-conomic cannot be reached",
        "No connection to e-conomic could be made; nothing was sent.",
        "Nothing: it is tried again by itself. If it lasts, check the network and e-conomic's status page.",
    )
    ECONOMIC_UNAVAILABLE = (
        "economic-unavailable",
        "e-conomic does not answer",
        "e-conomic answered with an error of its own, or not at all.",
        "Nothing: it is tried again by itself. If it lasts, look at e-conomic's status page.",
    )
    THROTTLED = (
        "throttled",
        "Waiting for e-conomic's rate limit",
        "The agreement's allowed number of calls is used up for the moment.",
        "Nothing: the export goes on as soon as e-conomic allows.",
    )
