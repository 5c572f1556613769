"""Everything that a draft needs, gathered: reference data, customer, products; then the payload, frozen."""

from dataclasses import dataclass

from worker.errors import InvalidInvoice
from worker.export.job import Job
from worker.export.parties import customer_number, forget_customer, product_number
from worker.invoicing.draft import draft_payload
from worker.invoicing.encoding import encode
from worker.invoicing.preflight import check_invoice, sales_accounts
from worker.invoicing.reasons import merged, set_up_related
from worker.invoicing.reference import ReferenceData

#: Seconds.
_FRESH = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRequest:
    """A draft ready to be sent."""

    #: Canonical JSON.
    body: str
    customer_number: int
    remarks: tuple[str, ...]


def draft_request(job: Job) -> DraftRequest:
    """Return the draft of this invoice. Raises ``Rejected`` for what a person must change, and e-conomic's errors."""
    reference = checked_reference(job)
    customer = customer_number(job.desk, job.invoice, reference)
    products = {
        account: product_number(job.desk, account, reference) for account in sorted(sales_accounts([job.invoice]))
    }
    draft = draft_payload(job.invoice, job.desk.export, reference, job.record.id, customer, products)
    return DraftRequest(body=encode(draft.payload), customer_number=customer, remarks=draft.remarks)


def checked_reference(job: Job) -> ReferenceData:
    """Return reference data that this invoice can be mapped with; what is missing is re-read once before believed."""
    accounts = sales_accounts([job.invoice])
    reference = job.desk.economic.reference_data(accounts, newer_than=job.fresh_since)
    failures = check_invoice(job.invoice, job.desk.export, reference)
    if any(set_up_related(one) for one in failures):
        reference = job.desk.economic.reference_data(accounts, newer_than=job.desk.clock())
        failures = check_invoice(job.invoice, job.desk.export, reference)
    if failures:
        raise InvalidInvoice(merged(failures))
    return reference


def doubt_reference_data(job: Job) -> None:
    """After a refusal: what was read earlier may be outdated, the customer's number too.

    A minute is fresh enough, so that many refusals in a row do not read everything as many times.
    """
    reference = job.desk.economic.reference_data(frozenset())
    forget_customer(job.desk, job.invoice, reference.agreement)
    job.fresh_since = job.desk.clock() - _FRESH
