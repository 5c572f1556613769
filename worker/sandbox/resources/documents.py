"""The documents service, 4.0.1: which vouchers, booked or in a journal, have a document attached.

Its errors and its multipart fields are documented; that its documents can be listed and filtered is inferred.
"""

from collections.abc import Iterator

from worker.sandbox.resources.lookup import NUMBER, TEXT, listing
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, Call, Json


def list_all(agreement: Agreement, _call: Call) -> Answer:
    """List attached documents."""
    return listing(list(_documents(agreement)), {"accountingYear": TEXT, "number": NUMBER, "voucherNumber": NUMBER})


def next_number(agreement: Agreement) -> int:
    """Return the next document number."""
    number = agreement.counters.get("document", 1)
    agreement.counters["document"] = number + 1
    return number


def _documents(agreement: Agreement) -> Iterator[Json]:
    for number, document in agreement.documents.items():
        yield {
            "number": number,
            "accountingYear": document["year"],
            "voucherNumber": document["voucherNumber"],
            "pageCount": document["pages"],
        }
    for key, files in agreement.attachments.items():
        _, year, voucher = key
        number = agreement.document_numbers[key]
        yield {"number": number, "accountingYear": year, "voucherNumber": voucher, "pageCount": len(files)}


SERVICE = "/documentsapi/v4.0.1/AttachedDocuments"
ROUTES: tuple[Route, ...] = (Route(method="GET", path=SERVICE, handler=list_all, roles=BOOKKEEPING),)
