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


def judge(harness: Harness, scenario: Scenario, *, excused: bool = False) -> list[str]:
    """Return everything that is wrong; ``excused``: the schedule itself made the sandbox find fault."""
    return [
        *_end(harness, scenario.invoice, scenario.ends),
        *leftovers(harness, drafts=scenario.ends == "drafted"),
        *shared(harness, customers=scenario.new_customers, products=scenario.new_products, ends=scenario.ends),
        *([] if excused else findings(harness)),
    ]


def _end(harness: Harness, invoice: Invoice, ends: str) -> list[str]:
    record = harness.record(f"main-{invoice.invoice_number}")
    invoice = Invoice.model_validate_json(record.content)  # the source may have corrected it
    if ends.startswith("voucher"):
        return vouchers.ended(harness, record, invoice, booked=ends == "voucher-booked")
    mine = [one for one in harness.documents() if one.document_reference == record.id]
    if ends == "dead":
        honest = record.state is State.DEAD and record.failure is not None
        return ([] if honest else [f"{record.id} is {record.state}"]) + [f"left behind: {one}" for one in mine]
    return ended(record, invoice, mine, booked=ends == "booked")


def ended(record: InvoiceRecord, invoice: Invoice, mine: list[Document], *, booked: bool = True) -> list[str]:
    """Return what is wrong with an invoice that must be in e-conomic once, equal to the source."""
    wrong = [] if record.state is State.EXPORTED else [f"{record.id} is {record.state}: {record.failure}"]
    if [one.booked for one in mine] != [booked]:
        return [*wrong, f"{record.id} stands {len(mine)} times: {mine}"]
    [document] = mine
    if (document.net, document.vat, document.gross) != (invoice.net, invoice.vat, invoice.gross):
        wrong.append(f"{record.id} has other amounts")
    known = record.progress.booked_number if booked else record.progress.draft_number
    if record.state is State.EXPORTED and known != document.number:
        wrong.append(f"{record.id}: the ledger says {known}, e-conomic {document.number}")
    return wrong


def leftovers(harness: Harness, *, drafts: bool = False) -> list[str]:
    """Return stray drafts and faults of the program."""
    standing = harness.sandbox.agreement.drafts.items()
    found = [f"stray draft {number}" for number, one in standing if one["references"]["other"].startswith("main-")]
    strangers = [one for one in harness.sandbox.agreement.booked.values() if one["references"]["other"] == STRANGER]
    return [
        *([] if drafts else found),
        *(f"booked for somebody else: {one}" for one in strangers),
        *(f"bug: {error!r}" for error in harness.reported),
    ]


def shared(harness: Harness, *, customers: int, products: int, ends: str = "booked") -> list[str]:
    """Return what is wrong with the number of customers and products created."""
    agreement = harness.sandbox.agreement
    created = {
        "customers": (len(agreement.customers) - len(_SEEDED.customers), customers),
        "products": (len(agreement.products) - len(_SEEDED.products), products),
    }
    return [
        f"{found} {name} created instead of {wanted}"
        for name, (found, wanted) in created.items()
        if found != wanted and not (ends == "dead" and found < wanted)
    ]


def findings(harness: Harness) -> list[str]:
    """Return what the real e-conomic would have ignored or refused as our mistake."""
    return [
        f"finding: {one.method} {one.path}: {one.what}" for one in harness.sandbox.server_state.request_log.findings
    ]
