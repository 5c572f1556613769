"""Which question to e-conomic shows that the cause of a failure is gone, and what its answer says. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.reasons import ReasonCode
from worker.economic.mapping.master_data import MasterData, Section
from worker.economic.mapping.period_check import check_against_agreement
from worker.economic.mapping.reasons import CustomerReason, SetUpReason, VoucherReason
from worker.errors import Failure


class Whole(StrEnum):
    """What is asked otherwise than by reading parts of the master data."""

    #: Everything that the check of a period reads: product groups with their products and accounts, VAT, and so on.
    MASTER_DATA = "master data"
    #: The customer is looked up as the export does it.
    CUSTOMER = "customer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """How a cause is asked about, one question for however many invoices failed for it."""

    #: The parts read, a call or two each; or what is asked instead. No part: the exports file alone decides.
    of: frozenset[Section] | Whole
    #: Whether it lies in the set-up, so that invoices go on by themselves when it is gone, unless set otherwise.
    set_up: bool = True


def _parts(*sections: Section) -> Question:
    return Question(of=frozenset(sections))


_WHOLE = Question(of=Whole.MASTER_DATA)
_CUSTOMER = Question(of=Whole.CUSTOMER, set_up=False)
#: The default terms of new customers are checked after their group, so that both are read for either.
_DEFAULTS = _parts(Section.CUSTOMER_GROUPS, Section.TERMS)

#: Reason -> question; one that is not here, nor in ``NOT_ASKED``, comes from elsewhere and shows only in an export.
QUESTIONS: Mapping[ReasonCode, Question] = {
    SetUpReason.PRODUCT_GROUP_MISSING: _parts(Section.GROUPS),
    SetUpReason.PRODUCT_GROUP_AMBIGUOUS: _parts(Section.GROUPS),
    SetUpReason.PRODUCT_BARRED: _WHOLE,
    SetUpReason.PRODUCT_NUMBER_TAKEN: _WHOLE,
    SetUpReason.PAYMENT_TERMS_MISSING: _DEFAULTS,
    SetUpReason.PAYMENT_TERMS_AMBIGUOUS: _DEFAULTS,
    SetUpReason.DUE_DATE_MISMATCH: _WHOLE,
    SetUpReason.VAT_ZONE_MISSING: _parts(Section.ZONES),
    SetUpReason.VAT_ACCOUNT_MISSING: _WHOLE,
    SetUpReason.VAT_MISMATCH: _WHOLE,
    SetUpReason.CURRENCY_UNKNOWN: _parts(Section.CURRENCIES),
    SetUpReason.EXCHANGE_RATE_INVALID: _WHOLE,
    SetUpReason.LAYOUT_MISSING: _parts(Section.LAYOUTS),
    SetUpReason.CUSTOMER_GROUP_MISSING: _parts(Section.CUSTOMER_GROUPS),
    SetUpReason.ACCOUNTING_YEAR_MISSING: _parts(Section.YEARS),
    SetUpReason.ACCOUNTING_YEAR_CLOSED: _parts(Section.YEARS),
    SetUpReason.ACCOUNTING_PERIOD_CLOSED: _parts(Section.YEARS),
    SetUpReason.ACCOUNTING_PERIOD_BARRED: _parts(Section.YEARS),
    SetUpReason.ROUNDING_UNSUPPORTED: _parts(),
    SetUpReason.BEFORE_FIRST_DATE: _parts(),
    VoucherReason.VAT_CODE_UNPAIRED: _WHOLE,
    VoucherReason.VAT_CODE_UNUSABLE: _WHOLE,
    VoucherReason.VAT_RATE_DIFFERS: _WHOLE,
    VoucherReason.LEDGER_ACCOUNT_MISSING: _WHOLE,
    VoucherReason.LEDGER_ACCOUNT_UNUSABLE: _WHOLE,
    VoucherReason.JOURNAL_MISSING: _parts(Section.JOURNALS),
    VoucherReason.JOURNAL_RESTRICTED: _parts(Section.JOURNALS),
    VoucherReason.CLEARING_ACCOUNT_MISSING: _WHOLE,
    VoucherReason.VOUCHER_ROUNDING: _WHOLE,
    VoucherReason.VOUCHER_EMPTY: _WHOLE,
    CustomerReason.CUSTOMER_AMBIGUOUS: _CUSTOMER,
    CustomerReason.CUSTOMER_UNCONFIRMED: _CUSTOMER,
    CustomerReason.CUSTOMER_CONTRADICTION: _CUSTOMER,
    CustomerReason.CUSTOMER_BARRED: _CUSTOMER,
}

#: Reasons of invoices that no reading shows to be gone: it lies in the invoice itself, or only an export tries it.
NOT_ASKED: frozenset[ReasonCode] = frozenset(
    {
        SetUpReason.TEXT_REFUSED,
        VoucherReason.VOUCHER_DIFFERS,
        VoucherReason.INVOICE_NUMBER_IGNORED,
        VoucherReason.PDF_MISSING,
        VoucherReason.PDF_REFUSED,
        VoucherReason.PDF_UNUSABLE,
        CustomerReason.CUSTOMER_MERGED,
        CustomerReason.CUSTOMER_NUMBER_UNFIT,
    }
)


def question(reason: str) -> Question | None:
    """Return how a reason is asked about; None: nothing but an export, or a person's look, shows that it is gone."""
    return next((asked for code, asked in QUESTIONS.items() if code == reason), None)


def still_there(
    failure: Failure, invoice: Invoice, export: ExportConfig, master_data: MasterData, own_zone: int | None = None
) -> Failure | None:
    """Return the failure as it is now, by the very rules of the check of a period; None when it would not come.

    ``master_data`` needs to hold what the reason's question reads, no more: other failures are passed over.
    """
    return next(
        (
            now
            for now in check_against_agreement(invoice, export, master_data, own_zone)
            if (now.reason, now.field, now.value) == (failure.reason, failure.field, failure.value)
        ),
        None,
    )


def proves_nothing(failure: Failure, export: ExportConfig, master_data: MasterData) -> bool:
    """Tell whether an answer without the failure says nothing: e-conomic itself named it, and no reading shows it.

    A barred period, for example, shows in legacy REST only when e-conomic refuses an entry in it.
    """
    if failure.reason == SetUpReason.ACCOUNTING_PERIOD_BARRED:
        return not export.read_barred_periods or master_data.bars_unknown
    return bool(failure.remote_message)
