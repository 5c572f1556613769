"""Everything that a draft needs, gathered: reference data, customer, products; then the payload, frozen."""

from dataclasses import dataclass

from worker.errors import Failure, Held, InvalidInvoice
from worker.export.job import Job
from worker.export.parties import customer_number, forget_customer, product_number
from worker.export.refusals import HELD_FOR
from worker.export.shared import Obtain, find_or_create
from worker.invoicing.accounting import held, waits
from worker.invoicing.booking import booking_payload
from worker.invoicing.draft import draft_payload
from worker.invoicing.encoding import encode
from worker.invoicing.preflight import check_invoice, grouped_accounts, sales_accounts
from worker.invoicing.reasons import merged, set_up_related
from worker.invoicing.reference import ReferenceData

#: Seconds.
_FRESH = 60.0

#: Seconds for which a reading of closed periods is believed.
_HELD_READING = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRequest:
    """A draft ready to be sent."""

    #: Canonical JSON.
    body: str
    customer_number: int
    remarks: tuple[str, ...]


def draft_request(job: Job, obtain: Obtain = find_or_create) -> DraftRequest:
    """Return the draft of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors."""
    reference = checked_reference(job)
    customer = customer_number(job.desk, job.invoice, reference, obtain)
    products = {
        account: product_number(job.desk, account, reference, obtain)
        for account in sorted(sales_accounts([job.invoice]))
    }
    draft = draft_payload(job.invoice, job.desk.export, reference, job.record.id, customer, products)
    return DraftRequest(body=encode(draft.payload), customer_number=customer, remarks=draft.remarks)


def booking_request(job: Job, draft_number: int) -> str:
    """Return the body that books this invoice's draft."""
    number = job.invoice.invoice_number if job.desk.export.booking.numbers == "opter" else None
    return encode(booking_payload(draft_number, number))


def checked_reference(job: Job) -> ReferenceData:
    """Return reference data that this invoice can be mapped with; what is missing is re-read once before believed.

    Raises ``InvalidInvoice``, and ``Held`` when it has to wait for the books to be opened.
    """
    export, now = job.desk.export, job.desk.clock()
    reference, failures = _checked(job, job.fresh_since)
    if any(set_up_related(one) for one in failures):
        # A whole period may wait for one closed month: each of its invoices does not need a reading of its own.
        newer_than = now - _HELD_READING if waits(failures, export) else now
        reference, failures = _checked(job, newer_than)
    if waits(failures, export):
        raise Held(held(merged(failures)), retry_after=HELD_FOR)
    if failures:
        raise InvalidInvoice(merged(failures))
    return reference


def _checked(job: Job, newer_than: float | None) -> tuple[ReferenceData, list[Failure]]:
    accounts = grouped_accounts([job.invoice], job.desk.export)
    reference = job.desk.economic.reference_data(accounts, newer_than=newer_than)
    return reference, check_invoice(job.invoice, job.desk.export, reference)


def doubt_reference_data(job: Job) -> None:
    """After a refusal: what was read earlier may be outdated, the customer's number too.

    A minute is fresh enough, so that many refusals in a row do not read everything as many times.
    """
    reference = job.desk.economic.reference_data(frozenset())
    forget_customer(job.desk, job.invoice, reference.agreement)
    job.fresh_since = job.desk.clock() - _FRESH
