"""Reasons that lie in who the customer is."""

from worker.invoicing.codes import Entry, Reason

CUSTOMER = {
    Reason.CUSTOMER_AMBIGUOUS: Entry(
        title="Several customers fit",
        cause=(
            "More than one customer in e-conomic fits the invoice's customer; the program never picks one of several."
        ),
        next_step=(
            "Decide which customer it is and enter that number as sales ledger number in Opter, or merge the "
            "double in e-conomic; then send the invoice again or re-queue it."
        ),
    ),
    Reason.CUSTOMER_CONTRADICTION: Entry(
        title="Customer number belongs to another company",
        cause="The customer with this number in e-conomic has another corporate id than the invoice's customer.",
        next_step=(
            "Correct the sales ledger number in Opter or the corporate id in either system; then send or re-queue."
        ),
    ),
    Reason.CUSTOMER_BARRED: Entry(
        title="Customer barred",
        cause="The customer is barred in e-conomic, so no invoice can be booked on it.",
        next_step="Open the customer in e-conomic and remove the bar, then re-queue.",
    ),
    Reason.CUSTOMER_NUMBER_UNFIT: Entry(
        title="Customer number unusable",
        cause=(
            "The customer's sales ledger number does not fit e-conomic (whole numbers from 1 to 999 999 999), and "
            "there is neither a corporate id nor a full address by which the customer could be found again."
        ),
        next_step=(
            "Give the customer a sales ledger number of at most nine digits, or a corporate id, in Opter and send "
            "the invoice again."
        ),
    ),
}
