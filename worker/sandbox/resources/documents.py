"""The documents service, 4.0.1: which vouchers, booked or in a journal, have a document attached.

Its errors and its multipart fields are documented; that its documents can be listed and filtered is inferred.
"""

from collections.abc import Iterator

from worker.sandbox.failures import problem
from worker.sandbox.resources.lookup import NUMBER, TEXT, existing, listing, number_in
from worker.sandbox.routes import BOOKKEEPING, Route
from worker.sandbox.state import Agreement, Answer, Call, Json

#: Files of at most 9 MB, and numbers of at most nine digits (the service's documentation).
_LARGEST, _HIGHEST = 9_000_000, 999_999_999


def list_all(agreement: Agreement, _call: Call) -> Answer:
    """List attached documents."""
    return listing(list(_documents(agreement)), {"accountingYear": TEXT, "number": NUMBER, "voucherNumber": NUMBER})


def attach(agreement: Agreement, call: Call) -> Answer:
    """Attach a PDF to a voucher, booked or in a journal: 201 with its number alone.

    A second document is merged into the first, or refused where ``onConflict`` is 1 (the service's documentation).
    """
    year, voucher = _checked(agreement, call)
    content = call.file or b""
    there = [each["number"] for each in _documents(agreement) if _place(each) == (year, voucher)]
    if there and call.form.get("onConflict") == "1":
        raise problem(400, "The voucher has a document already.", "DocumentAlreadyAttachedToVoucher")
    if there and there[0] in agreement.documents:
        kept = agreement.documents[there[0]]
        agreement.documents[there[0]] = kept | {"pages": kept["pages"] + 1, "file": kept["file"] + content}
        return Answer(status=201, body={"number": there[0]})
    number = next_number(agreement)
    agreement.documents[number] = {"year": year, "voucherNumber": voucher, "file": content, "pages": 1}
    return Answer(status=201, body={"number": number})


def _checked(agreement: Agreement, call: Call) -> tuple[str, int]:
    """Return the voucher that a request names; refuse what the service refuses, with its codes."""
    year, voucher, content = call.form.get("AccountingYear", ""), call.form.get("VoucherNumber", ""), call.file or b""
    if year not in agreement.years:
        raise problem(400, f"Accounting year '{year}' was not found.", "AccountingYearNotFound")
    if not voucher.isdecimal() or not 1 <= int(voucher) <= _HIGHEST:
        raise problem(400, f"'{voucher}' is not the number of a voucher.", "InvalidVoucherNumber")
    if not content.startswith(b"%PDF-") or len(content) > _LARGEST:
        raise problem(400, "The file is no PDF, or too large.", "InvalidFileData")
    key = year, int(voucher)
    if not _stands(agreement, *key):
        raise problem(400, f"There is no voucher {voucher} in {year}.", "UnableToAttach")
    if key in _electronic(agreement):
        raise problem(400, "The invoice was sent electronically.", "CannotAttachToElectronicInvoice")
    return key


def _place(document: Json) -> tuple[str, int]:
    return document["accountingYear"], document["voucherNumber"]


def delete(agreement: Agreement, call: Call) -> Answer:
    """Delete a document."""
    number = number_in(call, "documentNumber")
    existing(agreement.documents, number)
    del agreement.documents[number]
    return Answer(status=204, body=None)


def _stands(agreement: Agreement, year: str, voucher: int) -> bool:
    booked = any((row["year"], row["voucherNumber"]) == (year, voucher) for row in agreement.booked_entries)
    return booked or any(key[1:] == (year, voucher) for key in agreement.vouchers)


def _electronic(agreement: Agreement) -> set[tuple[str, int]]:
    """Return the vouchers of invoices that were sent electronically; a test marks them so."""
    sent = {number for number, invoice in agreement.booked.items() if invoice.get("electronic")}
    rows = agreement.booked_entries if sent else []
    return {(row["year"], row["voucherNumber"]) for row in rows if row["invoice"] in sent}


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
ROUTES: tuple[Route, ...] = (
    Route(method="GET", path=SERVICE, handler=list_all, roles=BOOKKEEPING),
    Route(method="POST", path=SERVICE, handler=attach, roles=BOOKKEEPING, upload=True),
    Route(method="DELETE", path=f"{SERVICE}/{{documentNumber}}", handler=delete, roles=BOOKKEEPING),
)
