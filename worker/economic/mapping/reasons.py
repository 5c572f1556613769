"""Reason codes of the mapping: the agreement's set-up, vouchers, customers."""

from collections.abc import Mapping

from worker.domain.reasons import EventReason, ProcessReason, ReasonCode
from worker.economic.reasons import EconomicReason
from worker.errors import Failure


class SetUpReason(ReasonCode):
    """Reasons that lie in how the agreement, or the exports file, is set up."""

    PRODUCT_GROUP_MISSING = (
        "product-group-missing",
        "Product groups missing in e-conomic",
        "No product group in e-conomic is named or numbered like Opter's sales account.",
        (
            "Create the product groups in e-conomic (Sales > Product groups), named like the sales accounts, "
            "or map the accounts in the exports file under codes.sales_accounts; then re-queue the invoices."
        ),
    )
    PRODUCT_GROUP_AMBIGUOUS = (
        "product-group-ambiguous",
        "Several product groups fit a sales account",
        "More than one product group in e-conomic is named or numbered like Opter's sales account.",
        "Name the right group's number in the exports file under codes.sales_accounts, then re-queue.",
    )
    PRODUCT_BARRED = (
        "product-barred",
        "Product barred",
        "The product that should stand on the line is barred in e-conomic, and no other product of its group fits.",
        "Open the product in e-conomic and remove the bar, then re-queue.",
    )
    PRODUCT_NUMBER_TAKEN = (
        "product-number-taken",
        "Product number taken",
        "The numbers that a new product could have are used by products of other groups in e-conomic.",
        "Create one product in the product group in e-conomic, with any free number, then re-queue.",
    )
    PAYMENT_TERMS_MISSING = (
        "payment-terms-missing",
        "Payment terms missing in e-conomic",
        "No payment terms in e-conomic correspond to Opter's payment condition.",
        (
            "Create payment terms with these days and of this kind in e-conomic (Settings > Payment terms), "
            "or map the condition's name in the exports file under codes.payment_conditions; then re-queue."
        ),
    )
    PAYMENT_TERMS_AMBIGUOUS = (
        "payment-terms-ambiguous",
        "Several payment terms fit",
        "More than one of e-conomic's payment terms corresponds to Opter's payment condition.",
        "Map the condition's name to one of them in the exports file (codes.payment_conditions), then re-queue.",
    )
    DUE_DATE_MISMATCH = (
        "due-date-mismatch",
        "Due date differs",
        "The due date on Opter's invoice is not the one that e-conomic's payment terms give.",
        (
            "Map the condition to the right payment terms, or create one of the kind 'due date' in e-conomic so that "
            "Opter's date can be sent, or set booking.due_date_mismatch to remark; then re-queue."
        ),
    )
    VAT_ZONE_MISSING = (
        "vat-zone-missing",
        "VAT zone missing in e-conomic",
        "The VAT zone number in the exports file does not exist in e-conomic.",
        "Correct the zone numbers in the exports file (table vat) to those in e-conomic, then re-queue.",
    )
    VAT_ACCOUNT_MISSING = (
        "vat-account-missing",
        "Product group not set up for a VAT zone",
        "The product group has no usable sales account, or its account no usable VAT code, for the VAT zone.",
        "Choose a sales account for this zone on the product group in e-conomic, then re-queue.",
    )
    VAT_MISMATCH = (
        "vat-mismatch",
        "VAT would differ from Opter's",
        "e-conomic takes VAT from product group and VAT zone, and that rate is not the one on Opter's invoice.",
        (
            "Check the customer's country and VAT number and the VAT code in Opter, and the customer's VAT zone in "
            "e-conomic. If both are right, map the sales account to a product group of its own with the right VAT, for "
            "these invoices only: other VAT on the group that is used now would break the invoices that it fits. Then "
            "re-queue."
        ),
    )
    CURRENCY_UNKNOWN = (
        "currency-unknown",
        "Currency missing in e-conomic",
        "The invoice's currency does not exist in e-conomic.",
        "Add the currency in e-conomic (Settings > Currencies), then re-queue.",
    )
    EXCHANGE_RATE_INVALID = (
        "exchange-rate-invalid",
        "Exchange rate unusable",
        "The exchange rate on the invoice cannot be the price of 100 units of its currency.",
        (
            "Correct the rate in Opter and send the invoice again, or send none to use e-conomic's rate of the day. "
            "If the rate is right, widen booking.rate_band in the exports file and re-queue."
        ),
    )
    LAYOUT_MISSING = (
        "layout-missing",
        "Layout missing in e-conomic",
        "The layout number in the exports file does not exist in e-conomic, or that layout has been deleted.",
        "Set customers.layout in the exports file to an existing layout, then re-queue.",
    )
    CUSTOMER_GROUP_MISSING = (
        "customer-group-missing",
        "Customer group missing in e-conomic",
        "The customer group for new customers in the exports file does not exist in e-conomic.",
        "Set customers.group in the exports file to an existing customer group, then re-queue.",
    )
    ACCOUNTING_YEAR_MISSING = (
        "accounting-year-missing",
        "No accounting year for the invoice date",
        "The invoice date lies in no accounting year of e-conomic.",
        "Create the accounting year in e-conomic (Settings > Accounting years), then re-queue. No date is moved.",
    )
    ACCOUNTING_YEAR_CLOSED = (
        "accounting-year-closed",
        "Accounting year closed",
        "The invoice date lies in an accounting year that has been closed in e-conomic.",
        "Ask your accountant: reopen the year, or credit the invoice in Opter and invoice it with a later date.",
    )
    ACCOUNTING_PERIOD_CLOSED = (
        "accounting-period-closed",
        "Accounting period closed",
        "The invoice date lies in a period that has been closed in e-conomic.",
        "Reopen the period in e-conomic for as long as the export takes, then re-queue. No date is moved.",
    )
    ACCOUNTING_PERIOD_BARRED = (
        "accounting-period-barred",
        "Accounting period barred",
        "The invoice date lies in a period that is barred for entries in e-conomic.",
        "Remove the bar in e-conomic for as long as the export takes, then re-queue. No date is moved.",
    )
    ROUNDING_UNSUPPORTED = (
        "rounding-unsupported",
        "Rounded total",
        "Opter rounded the invoice's total, and an invoice in e-conomic cannot carry a rounding difference.",
        (
            "Switch total rounding off in Opter for coming invoices. For these: "
            "raise booking.tolerance in the exports file to at least the rounding, which leaves it out, and re-queue; "
            "or enter them by hand."
        ),
    )
    TEXT_REFUSED = (
        "text-refused",
        "Text unusable",
        "A text that e-conomic requires is empty once characters that cannot be printed are removed.",
        "Correct the named text in Opter and send the invoice again.",
    )
    BEFORE_FIRST_DATE = (
        "before-first-date",
        "Dated before the first date",
        "The invoice is dated before the export's first_date: older invoices were booked in another way.",
        (
            "If it is in e-conomic already, mark it as exported. "
            "If it is not, set first_date in the exports file to an earlier date and re-queue."
        ),
    )


class VoucherReason(ReasonCode):
    """Reasons of the voucher method: its set-up, its arithmetic, its PDFs."""

    VAT_CODE_UNPAIRED = (
        "vat-code-unpaired",
        "VAT codes without a counterpart",
        "Opter's VAT code is not paired with one of e-conomic's, which a voucher needs.",
        (
            "Pair the codes in the exports file under codes.tax_rates (Opter's code = e-conomic's code; "
            "an empty text for lines that carry no VAT code in e-conomic), then re-queue."
        ),
    )
    VAT_CODE_UNUSABLE = (
        "vat-code-unusable",
        "VAT codes missing or barred in e-conomic",
        "The VAT code that Opter's code is paired with does not exist in e-conomic, or is barred.",
        "Correct codes.tax_rates in the exports file, or open the VAT code in e-conomic; then re-queue.",
    )
    VAT_RATE_DIFFERS = (
        "vat-rate-differs",
        "Paired VAT code has another rate",
        "The VAT code that Opter's code is paired with has another rate in e-conomic than the invoice's line.",
        (
            "Pair Opter's code with a VAT code of the same rate (codes.tax_rates), "
            "or correct the rate in the system that is wrong; then re-queue."
        ),
    )
    LEDGER_ACCOUNT_MISSING = (
        "ledger-account-missing",
        "Accounts missing in e-conomic",
        "Opter's sales account is not the number of an account in e-conomic, and is not mapped to one.",
        (
            "Create the accounts in e-conomic, or map Opter's sales accounts to account numbers in the exports file "
            "under codes.ledger_accounts; then re-queue."
        ),
    )
    LEDGER_ACCOUNT_UNUSABLE = (
        "ledger-account-unusable",
        "Accounts that take no entries",
        "The account is barred, blocked for direct entries, or a heading or total rather than an account.",
        (
            "Open the account in e-conomic, or name another one in the exports file (codes.ledger_accounts, "
            "voucher.clearing_account, voucher.rounding_account); then re-queue."
        ),
    )
    JOURNAL_MISSING = (
        "journal-missing",
        "Journal missing in e-conomic",
        "The journal that vouchers should go to does not exist in e-conomic.",
        "Set journal in the exports file to the number of an existing journal, then re-queue.",
    )
    JOURNAL_RESTRICTED = (
        "journal-restricted",
        "Journal takes other entries",
        "The journal is restricted to a type of entry that the vouchers do not consist of.",
        (
            "Lift the restriction in the journal's settings in e-conomic, "
            "or set journal in the exports file to another journal; then re-queue."
        ),
    )
    CLEARING_ACCOUNT_MISSING = (
        "clearing-account-missing",
        "No clearing account",
        (
            "The invoice has several sales accounts or VAT codes, "
            "and no account is named to stand between the customer's entry and the revenue."
        ),
        (
            "Name an account that is used for nothing else in the exports file (voucher.clearing_account), "
            "or set voucher.layout to per-account; then re-queue."
        ),
    )
    VOUCHER_ROUNDING = (
        "voucher-rounding",
        "Rounding that cannot be posted",
        (
            "Opter rounded the total, or its VAT in another way than e-conomic will, "
            "and the difference may not go to a rounding account: none is named, or it is above the limit."
        ),
        (
            "Name a rounding account in the exports file (voucher.rounding_account) or raise voucher.most_rounding, "
            "then re-queue; or enter the invoice by hand and mark it as exported."
        ),
    )
    VOUCHER_EMPTY = (
        "voucher-empty",
        "Nothing to post",
        "Every amount of the invoice is zero, so a voucher for it would have no entries.",
        "Nothing has to reach the books: mark it as exported, or set booking.zero_total to skip and re-queue.",
    )
    VOUCHER_DIFFERS = (
        "voucher-differs",
        "Voucher that differs",
        "A voucher with this invoice's reference is in e-conomic already, and its customer or amounts are not Opter's.",
        (
            "Compare the two. Delete the voucher while it is in the journal and re-queue; "
            "if it is booked, correct it in e-conomic and mark the invoice as exported."
        ),
    )
    INVOICE_NUMBER_IGNORED = (
        "invoice-number-ignored",
        "e-conomic did not read the invoice number",
        (
            "The voucher was posted, but the customer's entry came back without its invoice number, "
            "so payments would not find it. e-conomic's schema and its examples name that property differently."
        ),
        (
            "Set voucher.invoice_number_property in the exports file to the other name. "
            "Delete the vouchers without a number from the journal, resume the export, and re-queue their invoices."
        ),
    )
    PDF_MISSING = (
        "pdf-missing",
        "PDF missing",
        "The invoice comes without a PDF, or its PDF is not where the event says.",
        (
            "Put the PDF in its place and re-queue, or have the sender name it and send the invoice again; "
            "or set voucher.missing_pdf to post, which posts vouchers without it and says so."
        ),
    )
    PDF_REFUSED = (
        "pdf-refused",
        "PDF outside the allowed places",
        "The invoice's PDF lies in a folder or on a host that the settings do not allow, or behind a redirect.",
        (
            "Put the PDF in an allowed place and send the invoice again, "
            "or allow its folder or host in the settings and re-queue; "
            "or set voucher.missing_pdf to post, which posts vouchers without it and says so."
        ),
    )
    PDF_UNUSABLE = (
        "pdf-unusable",
        "PDF unusable",
        "The file is no PDF, larger than the 9 MB that e-conomic takes, or another one than the event announced.",
        (
            "Put the right PDF in its place and re-queue, or send the invoice again; "
            "or set voucher.missing_pdf to post, which posts vouchers without it and says so."
        ),
    )


class CustomerReason(ReasonCode):
    """Reasons that lie in who the customer is."""

    CUSTOMER_AMBIGUOUS = (
        "customer-ambiguous",
        "Several customers fit",
        "More than one customer in e-conomic fits the invoice's customer; the program never picks one of several.",
        (
            "Decide which customer it is and enter that number as sales ledger number in Opter, "
            "or merge the double in e-conomic; then send the invoice again or re-queue it."
        ),
    )
    CUSTOMER_UNCONFIRMED = (
        "customer-unconfirmed",
        "Customer not confirmed",
        "A customer in e-conomic has this number, id or EAN, but another name, and nothing else confirms it.",
        (
            "If it is the same, let the name, or id and EAN, agree in Opter and e-conomic. If it is not, give each "
            "its own number or EAN. Then send the invoice again or re-queue it."
        ),
    )
    CUSTOMER_CONTRADICTION = (
        "customer-contradiction",
        "Customer number belongs to another company",
        "The customer with this number in e-conomic has another corporate id or EAN than the invoice's customer.",
        "Correct the sales ledger number in Opter or the corporate id in either system; then send or re-queue.",
    )
    CUSTOMER_BARRED = (
        "customer-barred",
        "Customer barred",
        "The customer is barred in e-conomic, so no invoice can be booked on it.",
        "Open the customer in e-conomic and remove the bar, then re-queue.",
    )
    CUSTOMER_MERGED = (
        "customer-merged",
        "Customer merged or moved",
        (
            "The customer that earlier invoices went to is barred, renamed, gone or another company's in e-conomic by "
            "now, and another customer there has this customer's id, or name and address."
        ),
        (
            "If the other customer is the right one, re-queue: the invoice goes to it. Where its name differs from "
            "Opter's, let the names agree first, or enter its number as sales ledger number in Opter and send the "
            "invoice again."
        ),
    )
    CUSTOMER_NUMBER_UNFIT = (
        "customer-number-unfit",
        "Customer number unusable",
        (
            "The customer's sales ledger number does not fit e-conomic (whole numbers from 1 to 999 999 999), "
            "and there is neither a corporate id nor a full address by which the customer could be found again."
        ),
        (
            "Give the customer a sales ledger number of at most nine digits, or a corporate id, "
            "in Opter and send the invoice again."
        ),
    )


#: Every table of reasons, in the order in which documents and notices show them.
REASON_TABLES: tuple[type[ReasonCode], ...] = (
    EventReason,
    SetUpReason,
    VoucherReason,
    CustomerReason,
    EconomicReason,
    ProcessReason,
)
#: Every reason by its code.
REASONS: Mapping[str, ReasonCode] = {code.value: code for table in REASON_TABLES for code in table}


#: Reasons that fresher master data of the agreement could remove: they are read again before one is believed.
_RE_READ: frozenset[ReasonCode] = frozenset(SetUpReason) - {
    SetUpReason.EXCHANGE_RATE_INVALID,
    SetUpReason.ROUNDING_UNSUPPORTED,
    SetUpReason.TEXT_REFUSED,
    SetUpReason.BEFORE_FIRST_DATE,
} | {
    VoucherReason.VAT_CODE_UNUSABLE,
    VoucherReason.VAT_RATE_DIFFERS,
    VoucherReason.LEDGER_ACCOUNT_MISSING,
    VoucherReason.LEDGER_ACCOUNT_UNUSABLE,
    VoucherReason.JOURNAL_MISSING,
    VoucherReason.JOURNAL_RESTRICTED,
}


def set_up_related(failure: Failure) -> bool:
    """Whether fresher master data could remove this failure, so that they must be read again first."""
    return failure.reason in _RE_READ
