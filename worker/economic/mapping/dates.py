"""Dates: whether e-conomic's books are open on one, and which payment terms lead to Opter's due date.

A date of Opter's is never moved.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache

from config.exports import ExportConfig
from worker.domain.invoice import Invoice, PaymentCondition
from worker.domain.reasons import ReasonCode, failure, invalid
from worker.economic.mapping.master_data import AccountingYear, PaymentTerms
from worker.economic.mapping.reasons import SetUpReason
from worker.economic.mapping.refusals import named, names_date
from worker.errors import Failure, InvalidInvoice, Refused

#: What a person can open; ``closed_period = "hold"`` waits for it.
_OPENABLE = frozenset(
    {
        SetUpReason.ACCOUNTING_YEAR_MISSING.value,
        SetUpReason.ACCOUNTING_YEAR_CLOSED.value,
        SetUpReason.ACCOUNTING_PERIOD_CLOSED.value,
        SetUpReason.ACCOUNTING_PERIOD_BARRED.value,
    }
)
#: e-conomic's codes that speak of the date wherever they stand: the journals service's names, the words that
#: integrators match, and E04870, with which bookings in barred periods were refused (integrators, August 2026).
_REFUSED_DATE = re.compile(
    r"AccountingYear\w*(Closed|Barred|DoesNotExist)|PeriodClosed|PeriodBarred|InClosedPeriod|ClosedAccountingYear|^E04870$"
)


def year_of(day: date, years: Sequence[AccountingYear]) -> AccountingYear:
    """Return the accounting year in which entries on this day may be made. Raises ``InvalidInvoice``."""
    year = next((year for year in years if year.first <= day <= year.last), None)
    if year is None:
        raise _refused(SetUpReason.ACCOUNTING_YEAR_MISSING, day, "which lies in no accounting year of e-conomic")
    if year.closed:
        why = f"and accounting year {year.year} is closed in e-conomic"
        raise _refused(SetUpReason.ACCOUNTING_YEAR_CLOSED, day, why)
    for period in (period for period in year.periods if period.first <= day <= period.last):
        span = f"and the period {period.first} to {period.last}"
        if period.closed:
            raise _refused(SetUpReason.ACCOUNTING_PERIOD_CLOSED, day, f"{span} is closed in e-conomic")
        if period.barred:
            raise _refused(SetUpReason.ACCOUNTING_PERIOD_BARRED, day, f"{span} is barred in e-conomic")
    return year


def waits(failures: Iterable[Failure], export: ExportConfig) -> bool:
    """Whether an invoice with these failures, at least one, waits for a person to open the books."""
    reasons = {failure.reason for failure in failures}
    return export.closed_period == "hold" and bool(reasons) and reasons <= _OPENABLE


def on_hold(failure: Failure) -> Failure:
    """Return the failure of an invoice that waits, saying that nobody has to re-queue it."""
    step = "Open the accounting year or period in e-conomic: the invoice goes on by itself within about an hour."
    return replace(failure, next_step=step)


def refused_date(day: date, refusal: Refused) -> Failure | None:
    """Return what a refusal by e-conomic means when its codes name the date and nothing else that is known, else None.

    Periods are barred without legacy REST showing it, and master data may be minutes old.
    """
    by_name = any(_REFUSED_DATE.search(code) for code in refusal.codes)
    if not (by_name or names_date(refusal.complaints)) or named(refusal.failure, refusal.complaints):
        return None
    text = f"The invoice is dated {day}, and e-conomic takes no entries on that date."
    reason = SetUpReason.ACCOUNTING_PERIOD_BARRED
    said = refusal.failure
    message, log_id = said.remote_message or said.description, said.log_id
    return failure(reason, text, field="invoiceDate", value=str(day), remote_message=message, log_id=log_id)


def _refused(reason: ReasonCode, day: date, why: str) -> InvalidInvoice:
    return invalid(reason, f"The invoice is dated {day}, {why}.", field="invoiceDate", value=day)


#: e-conomic's ``paymentTermsType`` whose due date is sent rather than computed.
OWN_DATE = "dueDate"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedTerms:
    """The terms to put on an invoice."""

    terms: PaymentTerms
    #: The date to send; only with terms of the kind ``dueDate``, e-conomic computes it for the others.
    due_date: date | None = None
    remarks: tuple[str, ...] = ()


def resolve_terms(invoice: Invoice, terms: Sequence[PaymentTerms], export: ExportConfig) -> ResolvedTerms:
    """Choose the terms and compare due dates. Raises ``InvalidInvoice``.

    A due date that was overridden in Opter is sent as it is when the agreement has exactly one term of the kind
    ``dueDate``; otherwise the difference is a remark or a refusal, as ``booking.due_date_mismatch`` says.
    """
    chosen = choose_terms(invoice.payment_condition, terms, export.codes.payment_conditions)
    computed = due_date(chosen, invoice.invoice_date)
    if computed == invoice.due_date:
        return ResolvedTerms(terms=chosen)
    own_date = [chosen] if chosen.kind == OWN_DATE else [term for term in terms if term.kind == OWN_DATE]
    can_send = invoice.due_date >= invoice.invoice_date  # e-conomic refuses an earlier date: E04760
    if len(own_date) == 1 and can_send and (computed or chosen.kind == OWN_DATE):
        return ResolvedTerms(terms=own_date[0], due_date=invoice.due_date)
    return _differing(invoice, chosen, computed, refuse=export.booking.due_date_mismatch == "refuse")


def choose_terms(condition: PaymentCondition, terms: Sequence[PaymentTerms], names: Mapping[str, str]) -> PaymentTerms:
    """Return the terms for a condition: by the name that ``names`` maps it to, by its own name, or by days.

    A name of its own counts unless the terms mean something else: "30 dage" of 14 days is no match. Days count among
    terms of the condition's kind only: "30 days net" is not "30 days from the end of the month", and terms paid in cash
    post to an account of their own, so they are never guessed. Raises ``InvalidInvoice`` naming the candidates when
    several or none fit.
    """
    mapped = next((theirs for ours, theirs in names.items() if _same(ours, condition.name)), None)
    kind = "invoiceMonth" if condition.from_end_of_month else "net"
    by_days = [term for term in terms if (term.kind, term.days) == (kind, condition.days)]
    if mapped is None:
        wanted = f"named {condition.name!r} or " if condition.name else ""
        wanted += f"of kind {kind} with {condition.days} days"
        by_name = [term for term in terms if _same(term.name, condition.name) and _may_mean(term, condition)]
        fitting = by_name or by_days
    else:
        wanted, fitting = f"named {mapped!r}", [term for term in terms if _same(term.name, mapped)]
    if len(fitting) > 1:  # equal names are told apart by their days
        fitting = [term for term in fitting if term in by_days] or fitting
    if len(fitting) != 1:
        raise _not_one(condition, wanted, fitting, terms)
    return fitting[0]


def _may_mean(term: PaymentTerms, condition: PaymentCondition) -> bool:
    """Whether terms of the condition's name are not plainly others: of a kind that counts days otherwise."""
    if term.kind in {"net", "invoiceMonth"}:
        kind = "invoiceMonth" if condition.from_end_of_month else "net"
        return (term.kind, term.days) == (kind, condition.days)
    return term.kind != "paidInCash" or not (condition.days or condition.from_end_of_month)


def terms_named(name: str, terms: Sequence[PaymentTerms]) -> PaymentTerms:
    """Return the terms with this name. Raises ``InvalidInvoice``."""
    return choose_terms(PaymentCondition(name=name, days=0), terms, {name: name})


def due_date(terms: PaymentTerms, invoice_date: date) -> date | None:
    """Return the due date that e-conomic will compute; None for kinds whose computation is not documented.

    ``net`` counts from the invoice date, ``invoiceMonth`` from the last day of its month (e-conomic REST docs, Payment
    terms: "Løbende måned"); ``paidInCash`` is due at once.
    """
    if terms.kind == "net":
        return invoice_date + timedelta(days=terms.days)
    if terms.kind == "invoiceMonth":
        last = monthrange(invoice_date.year, invoice_date.month)[1]
        return invoice_date.replace(day=last) + timedelta(days=terms.days)
    return invoice_date if terms.kind == "paidInCash" else None


def _differing(invoice: Invoice, chosen: PaymentTerms, computed: date | None, *, refuse: bool) -> ResolvedTerms:
    theirs = f"give {computed}" if computed else f"are of kind {chosen.kind}, whose date e-conomic decides"
    text = f"Due date is {invoice.due_date} in Opter; e-conomic's payment terms {_label(chosen)} {theirs}."
    if refuse or chosen.kind == OWN_DATE:
        raise invalid(SetUpReason.DUE_DATE_MISMATCH, text, field="dueDate", value=invoice.due_date)
    return ResolvedTerms(terms=chosen, remarks=(text,))


def _not_one(
    condition: PaymentCondition, wanted: str, fitting: Sequence[PaymentTerms], terms: Sequence[PaymentTerms]
) -> InvalidInvoice:
    meaning = f"{condition.days} days{' from the end of the month' if condition.from_end_of_month else ''}"
    ours = f"payment condition {condition.name!r} ({meaning})"
    if fitting:
        reason = SetUpReason.PAYMENT_TERMS_AMBIGUOUS
        text = f"Several payment terms {wanted} fit {ours}: {', '.join(map(_label, fitting))}."
    else:
        reason = SetUpReason.PAYMENT_TERMS_MISSING
        known = ", ".join(map(_label, terms)) or "none"
        text = f"e-conomic has no payment terms {wanted} for {ours}. It has: {known}."
    return invalid(reason, text, field="paymentCondition", value=condition.name or meaning)


def _label(terms: PaymentTerms) -> str:
    return f"{terms.number} {terms.name!r}"


def _same(ours: str, theirs: str) -> bool:
    return _plain(ours) == _plain(theirs)


@lru_cache(maxsize=1024)  # of a handful of names, each asked for with every invoice
def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
