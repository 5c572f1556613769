"""What must hold when everything rests: each invoice once or not at all with a reason, nothing else left behind."""

from support.chaos import vouchers
from support.chaos.scenarios import Scenario
from support.harness import Harness

from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord, State
from worker.economic.mapping.master_data import Document
from worker.sandbox.seed import standard_agreement

#: Reference of a draft that is not ours.
STRANGER = "somebody-else"
_SEEDED = standard_agreement()


def check_end_state(harness: Harness, scenario: Scenario, *, excused: bool = False) -> list[str]:
    """Return everything that is wrong; ``excused``: the schedule itself made the sandbox find fault."""
    return [
        *_end(harness, scenario.invoice, scenario.ends),
        *leftovers(harness, drafts=scenario.ends == "drafted"),
        *created(harness, customers=scenario.new_customers, products=scenario.new_products, ends=scenario.ends),
        *([] if excused else findings(harness)),
    ]


def _end(harness: Harness, invoice: Invoice, ends: str) -> list[str]:
    record = harness.record(f"main-{invoice.invoice_number}")
    invoice = Invoice.model_validate_json(record.content)  # the source may have corrected it
    if ends.startswith("voucher"):
        return vouchers.ended(harness, record, invoice, booked=ends == "voucher-booked")
    documents = [document for document in harness.documents() if document.document_reference == record.id]
    if ends == "dead":
        honest = record.state is State.DEAD and record.failure is not None
        return ([] if honest else [f"{record.id} is {record.state}"]) + [
            f"left behind: {document}" for document in documents
        ]
    return ended(record, invoice, documents, booked=ends == "booked")


def ended(record: InvoiceRecord, invoice: Invoice, documents: list[Document], *, booked: bool = True) -> list[str]:
    """Return what is wrong with an invoice that must be in e-conomic once, equal to the source."""
    wrong = [] if record.state is State.EXPORTED else [f"{record.id} is {record.state}: {record.failure}"]
    if [document.booked for document in documents] != [booked]:
        return [*wrong, f"{record.id} stands {len(documents)} times: {documents}"]
    [document] = documents
    if (document.net, document.vat, document.gross) != (invoice.net, invoice.vat, invoice.gross):
        wrong.append(f"{record.id} has other amounts")
    known = record.progress.booked_number if booked else record.progress.draft_number
    if record.state is State.EXPORTED and known != document.number:
        wrong.append(f"{record.id}: the store says {known}, e-conomic {document.number}")
    return wrong


def leftovers(harness: Harness, *, drafts: bool = False) -> list[str]:
    """Return stray drafts and faults of the program."""
    agreement = harness.sandbox.agreement
    stray = [number for number, draft in agreement.drafts.items() if draft["references"]["other"].startswith("main-")]
    strangers = [booked for booked in agreement.booked.values() if booked["references"]["other"] == STRANGER]
    return [
        *([] if drafts else [f"stray draft {number}" for number in stray]),
        *(f"booked for somebody else: {booked}" for booked in strangers),
        *(f"bug: {error!r}" for error in harness.reported),
    ]


def created(harness: Harness, *, customers: int, products: int, ends: str = "booked") -> list[str]:
    """Return what is wrong with the number of customers and products created."""
    agreement = harness.sandbox.agreement
    numbers = {
        "customers": (len(agreement.customers) - len(_SEEDED.customers), customers),
        "products": (len(agreement.products) - len(_SEEDED.products), products),
    }
    return [
        f"{seen} {name} created instead of {wanted}"
        for name, (seen, wanted) in numbers.items()
        if seen != wanted and not (ends == "dead" and seen < wanted)
    ]


def findings(harness: Harness) -> list[str]:
    """Return what the real e-conomic would have ignored or refused as our mistake."""
    log = harness.sandbox.server_state.request_log
    return [f"finding: {finding.method} {finding.path}: {finding.what}" for finding in log.findings]
