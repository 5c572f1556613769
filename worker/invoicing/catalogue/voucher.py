"""Reasons of the voucher method: its set-up, its arithmetic, its PDFs."""

from worker.invoicing.codes import Entry, Reason

VOUCHER = {
    Reason.VAT_CODE_UNPAIRED: Entry(
        title="VAT codes without a counterpart",
        cause="Opter's VAT code is not paired with one of e-conomic's, which a voucher needs.",
        next_step=(
            "Pair the codes in the exports file under codes.tax_rates (Opter's code = e-conomic's code; an empty text "
            "for lines that carry no VAT code in e-conomic), then re-queue."
        ),
    ),
    Reason.VAT_CODE_UNUSABLE: Entry(
        title="VAT codes missing or barred in e-conomic",
        cause="The VAT code that Opter's code is paired with does not exist in e-conomic, or is barred.",
        next_step="Correct codes.tax_rates in the exports file, or open the VAT code in e-conomic; then re-queue.",
        set_up=True,
    ),
    Reason.VAT_RATE_DIFFERS: Entry(
        title="Paired VAT code has another rate",
        cause="The VAT code that Opter's code is paired with has another rate in e-conomic than the invoice's line.",
        next_step=(
            "Pair Opter's code with a VAT code of the same rate (codes.tax_rates), or correct the rate in the system "
            "that is wrong; then re-queue."
        ),
        set_up=True,
    ),
    Reason.LEDGER_ACCOUNT_MISSING: Entry(
        title="Accounts missing in e-conomic",
        cause="Opter's sales account is not the number of an account in e-conomic, and is not mapped to one.",
        next_step=(
            "Create the accounts in e-conomic, or map Opter's sales accounts to account numbers in the exports file "
            "under codes.ledger_accounts; then re-queue."
        ),
        set_up=True,
    ),
    Reason.LEDGER_ACCOUNT_UNUSABLE: Entry(
        title="Accounts that take no entries",
        cause="The account is barred, blocked for direct entries, or a heading or total rather than an account.",
        next_step=(
            "Open the account in e-conomic, or name another one in the exports file (codes.ledger_accounts, "
            "voucher.clearing_account, voucher.rounding_account); then re-queue."
        ),
        set_up=True,
    ),
    Reason.JOURNAL_MISSING: Entry(
        title="Journal missing in e-conomic",
        cause="The journal that vouchers should go to does not exist in e-conomic.",
        next_step="Set journal in the exports file to the number of an existing journal, then re-queue.",
        set_up=True,
    ),
    Reason.JOURNAL_RESTRICTED: Entry(
        title="Journal takes other entries",
        cause="The journal is restricted to a type of entry that the vouchers do not consist of.",
        next_step=(
            "Lift the restriction in the journal's settings in e-conomic, or set journal in the exports file to "
            "another journal; then re-queue."
        ),
        set_up=True,
    ),
    Reason.CLEARING_ACCOUNT_MISSING: Entry(
        title="No clearing account",
        cause=(
            "The invoice has several sales accounts or VAT codes, and no account is named that stands between the "
            "customer's post and the revenue."
        ),
        next_step=(
            "Name an account that is used for nothing else in the exports file (voucher.clearing_account), or set "
            "voucher.layout to per-account; then re-queue."
        ),
    ),
    Reason.VOUCHER_ROUNDING: Entry(
        title="Rounding that cannot be posted",
        cause=(
            "Opter rounded the total, or its VAT in another way than e-conomic will, and the difference may not go to "
            "a rounding account: none is named, or it is above the limit."
        ),
        next_step=(
            "Name a rounding account in the exports file (voucher.rounding_account) or raise voucher.most_rounding, "
            "then re-queue; or enter the invoice by hand and mark it as exported."
        ),
    ),
    Reason.VOUCHER_EMPTY: Entry(
        title="Nothing to post",
        cause="Every amount of the invoice is zero, so a voucher for it would have no entries.",
        next_step=(
            "Nothing has to reach the books: mark it as exported, or set booking.zero_total to settle and re-queue."
        ),
    ),
    Reason.VOUCHER_DIFFERS: Entry(
        title="Voucher with another amount",
        cause="A voucher with this invoice's reference is in e-conomic already, and its amount is not Opter's.",
        next_step=(
            "Compare the two. Delete the voucher while it is in the journal and re-queue; if it is booked, correct it "
            "in e-conomic and mark the invoice as exported."
        ),
    ),
    Reason.INVOICE_NUMBER_IGNORED: Entry(
        title="e-conomic did not read the invoice number",
        cause=(
            "The voucher was posted, but the customer's entry came back without its invoice number, so payments would "
            "not find it. e-conomic's schema and its examples name that property differently."
        ),
        next_step=(
            "Set voucher.invoice_number_property in the exports file to the other name. Delete the vouchers without a "
            "number from the journal, resume the export, and re-queue their invoices."
        ),
    ),
    Reason.PDF_MISSING: Entry(
        title="PDF missing",
        cause="The invoice comes without a PDF, or its PDF is not where the event says.",
        next_step=(
            "Put the PDF in its place and re-queue, or have the sender name it and send the invoice again; or set "
            "voucher.missing_pdf to post, which posts vouchers without it and says so."
        ),
    ),
    Reason.PDF_REFUSED: Entry(
        title="PDF outside the allowed places",
        cause="The invoice's PDF lies in a folder or on a host that the settings do not allow, or behind a redirect.",
        next_step=(
            "Put the PDF in an allowed place and send the invoice again, or allow its folder or host in the settings "
            "and re-queue; or set voucher.missing_pdf to post, which posts vouchers without it and says so."
        ),
    ),
    Reason.PDF_UNUSABLE: Entry(
        title="PDF unusable",
        cause="The file is no PDF, larger than the 9 MB that e-conomic takes, or another one than the event announced.",
        next_step=(
            "Put the right PDF in its place and re-queue, or send the invoice again; or set voucher.missing_pdf to "
            "post, which posts vouchers without it and says so."
        ),
    ),
}
