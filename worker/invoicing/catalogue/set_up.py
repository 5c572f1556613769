"""Reasons that lie in how the agreement, or the exports file, is set up."""

from worker.invoicing.codes import Entry, Reason

SET_UP = {
    Reason.PRODUCT_GROUP_MISSING: Entry(
        title="Product groups missing in e-conomic",
        cause="No product group in e-conomic is named or numbered like Opter's sales account.",
        next_step=(
            "Create the product groups in e-conomic (Sales > Product groups), named like the sales accounts, or "
            "map the accounts in the exports file under codes.sales_accounts; then re-queue the invoices."
        ),
        set_up=True,
    ),
    Reason.PRODUCT_GROUP_AMBIGUOUS: Entry(
        title="Several product groups fit a sales account",
        cause="More than one product group in e-conomic is named or numbered like Opter's sales account.",
        next_step="Name the right group's number in the exports file under codes.sales_accounts, then re-queue.",
        set_up=True,
    ),
    Reason.PRODUCT_BARRED: Entry(
        title="Product barred",
        cause=(
            "The product that should stand on the line is barred in e-conomic, and no other product of its group fits."
        ),
        next_step="Open the product in e-conomic and remove the bar, then re-queue.",
        set_up=True,
    ),
    Reason.PRODUCT_NUMBER_TAKEN: Entry(
        title="Product number taken",
        cause="The numbers that a new product could have are used by products of other groups in e-conomic.",
        next_step="Create one product in the product group in e-conomic, with any free number, then re-queue.",
        set_up=True,
    ),
    Reason.PAYMENT_TERMS_MISSING: Entry(
        title="Payment terms missing in e-conomic",
        cause="No payment terms in e-conomic correspond to Opter's payment condition.",
        next_step=(
            "Create payment terms with these days and of this kind in e-conomic (Settings > Payment terms), or "
            "map the condition's name in the exports file under codes.payment_conditions; then re-queue."
        ),
        set_up=True,
    ),
    Reason.PAYMENT_TERMS_AMBIGUOUS: Entry(
        title="Several payment terms fit",
        cause="More than one of e-conomic's payment terms corresponds to Opter's payment condition.",
        next_step=(
            "Map the condition's name to one of them in the exports file (codes.payment_conditions), then re-queue."
        ),
        set_up=True,
    ),
    Reason.DUE_DATE_MISMATCH: Entry(
        title="Due date differs",
        cause="The due date on Opter's invoice is not the one that e-conomic's payment terms give.",
        next_step=(
            "Map the condition to the right payment terms, or create one of the kind 'due date' in e-conomic so "
            "that Opter's date can be sent, or set booking.due_date_mismatch to remark; then re-queue."
        ),
        set_up=True,
    ),
    Reason.VAT_ZONE_MISSING: Entry(
        title="VAT zone missing in e-conomic",
        cause="The VAT zone number in the exports file does not exist in e-conomic.",
        next_step="Correct the zone numbers in the exports file (table vat) to those in e-conomic, then re-queue.",
        set_up=True,
    ),
    Reason.VAT_ACCOUNT_MISSING: Entry(
        title="Product group not set up for a VAT zone",
        cause="The product group has no usable sales account, or its account no usable VAT code, for the VAT zone.",
        next_step="Choose a sales account for this zone on the product group in e-conomic, then re-queue.",
        set_up=True,
    ),
    Reason.VAT_MISMATCH: Entry(
        title="VAT would differ from Opter's",
        cause="e-conomic takes VAT from product group and VAT zone, and that rate is not the one on Opter's invoice.",
        next_step=(
            "Check the customer's country and VAT number and the VAT code in Opter; or give the product group an "
            "account with the right VAT code in e-conomic, or map the sales account to another group; then "
            "re-queue."
        ),
        set_up=True,
    ),
    Reason.CURRENCY_UNKNOWN: Entry(
        title="Currency missing in e-conomic",
        cause="The invoice's currency does not exist in e-conomic.",
        next_step="Add the currency in e-conomic (Settings > Currencies), then re-queue.",
        set_up=True,
    ),
    Reason.EXCHANGE_RATE_INVALID: Entry(
        title="Exchange rate unusable",
        cause="The exchange rate on the invoice is not a positive price of 100 units.",
        next_step=(
            "Correct the rate in Opter and send the invoice again, or send none to use e-conomic's rate of the day."
        ),
    ),
    Reason.LAYOUT_MISSING: Entry(
        title="Layout missing in e-conomic",
        cause="The layout number in the exports file does not exist in e-conomic, or that layout has been deleted.",
        next_step="Set customers.layout in the exports file to an existing layout, then re-queue.",
        set_up=True,
    ),
    Reason.CUSTOMER_GROUP_MISSING: Entry(
        title="Customer group missing in e-conomic",
        cause="The customer group for new customers in the exports file does not exist in e-conomic.",
        next_step="Set customers.group in the exports file to an existing customer group, then re-queue.",
        set_up=True,
    ),
    Reason.ACCOUNTING_YEAR_MISSING: Entry(
        title="No accounting year for the invoice date",
        cause="The invoice date lies in no accounting year of e-conomic.",
        next_step=(
            "Create the accounting year in e-conomic (Settings > Accounting years), then re-queue. No date is moved."
        ),
        set_up=True,
    ),
    Reason.ACCOUNTING_YEAR_CLOSED: Entry(
        title="Accounting year closed",
        cause="The invoice date lies in an accounting year that has been closed in e-conomic.",
        next_step=(
            "Ask your accountant: reopen the year, or credit the invoice in Opter and invoice it with a later date."
        ),
        set_up=True,
    ),
    Reason.ACCOUNTING_PERIOD_CLOSED: Entry(
        title="Accounting period closed",
        cause="The invoice date lies in a period that has been closed in e-conomic.",
        next_step="Reopen the period in e-conomic for as long as the export takes, then re-queue. No date is moved.",
        set_up=True,
    ),
    Reason.ACCOUNTING_PERIOD_BARRED: Entry(
        title="Accounting period barred",
        cause="The invoice date lies in a period that is barred for entries in e-conomic.",
        next_step="Remove the bar in e-conomic for as long as the export takes, then re-queue. No date is moved.",
        set_up=True,
    ),
    Reason.ROUNDING_UNSUPPORTED: Entry(
        title="Rounded total",
        cause="Opter rounded the invoice's total, and an invoice in e-conomic cannot carry a rounding difference.",
        next_step=(
            "Switch total rounding off in Opter for coming invoices. For these: raise booking.tolerance in the "
            "exports file to at least the rounding, which leaves it out, and re-queue; or enter them by hand."
        ),
    ),
    Reason.TEXT_REFUSED: Entry(
        title="Text unusable",
        cause="A text that e-conomic requires is empty once characters that cannot be printed are removed.",
        next_step="Correct the named text in Opter and send the invoice again.",
    ),
    Reason.BEFORE_FIRST_DATE: Entry(
        title="Dated before the first date",
        cause="The invoice is dated before the export's first_date: older invoices were booked in another way.",
        next_step=(
            "If it is in e-conomic already, mark it as exported. If it is not, set first_date in the exports file to "
            "an earlier date and re-queue."
        ),
    ),
}
