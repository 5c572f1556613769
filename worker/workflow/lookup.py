"""Our document or voucher in e-conomic, found by our reference, and compared to its source.

Found, not found and unknown are three answers: an outage raises, so it is never absence.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from worker.domain.identity import resembles, same_reference
from worker.domain.reasons import failure
from worker.domain.record import Step
from worker.economic.mapping.documents import compare_totals, identified
from worker.economic.mapping.master_data import Document, VoucherFound
from worker.economic.mapping.reasons import VoucherReason
from worker.economic.mapping.voucher_comparison import Expected, compare_voucher, expected_voucher
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, Rejected
from worker.workflow.context import ExportContext, VoucherScan, span
from worker.workflow.customers_and_products import matching_number
from worker.workflow.execution import Execution


def find_document(execution: Execution) -> Document | None:
    """Return the one document that carries our reference; a booked one wins over its draft.

    Raises ``Rejected`` when there are several: only a person can tell which one is right.
    """
    remembered = _remembered(execution)
    if remembered:
        return remembered
    found = listed_documents(execution.context, [execution.record.id])
    booked = [document for document in found if document.booked]
    candidates = booked or _drafts_themselves(execution, found)
    if len({document.number for document in candidates}) > 1:
        raise Rejected(_several_documents(execution, candidates))
    for draft in _drafts_themselves(execution, found) if booked else ():
        _note_left_draft(execution, draft)
    return candidates[0] if candidates else _by_number(execution) or _written_otherwise(execution)


def listed_documents(context: ExportContext, references: Collection[str]) -> list[Document]:
    """Return what listings show under these references; whether they show our latest says how far they lag."""
    began, lag = context.clock(), context.listing_lag
    witnesses = lag.witnesses()
    found = context.economic.documents(list(dict.fromkeys((*references, *witnesses))))
    final = [document for document in found if document.booked or not context.export.booking.book]
    lag.seen(frozenset(_shown(witnesses, (document.document_reference for document in final))), began)
    return list(identified(references, found))


def _shown(witnesses: Sequence[str], references: Iterable[str]) -> Iterator[str]:
    every = list(references)
    return (witness for witness in witnesses if any(same_reference(witness, reference) for reference in every))


def _written_otherwise(execution: Execution) -> Document | None:
    """Return our document if a person wrote its reference so that no exact search finds it.

    Raises ``Rejected`` for several, and for what only resembles our reference: posting again might double it.
    """
    economic = execution.context.economic
    listed = economic.resembling([execution.record.id])
    found = [near if near.booked else economic.draft(near.number) for near in listed]
    there = [document for document in found if document]
    ours = [document for document in there if is_ours(execution, document)]
    if len(ours) > 1:
        raise Rejected(_several_documents(execution, ours))
    unclear = [document for document in there if resembles(execution.record.id, document.document_reference)]
    if unclear and not ours:
        kinds = (f"{'booked invoice' if near.booked else 'draft'} {near.number}" for near in unclear)
        where = f"{', '.join(kinds)} ({unclear[0].document_reference!r})"
        raise Rejected(reference_unclear(execution.record.id, where, "references.other"))
    return ours[0] if ours else None


def reference_unclear(reference: str, where: str, field: str) -> Failure:
    """Return the question whether something that carries our reference in another form is this invoice."""
    text = f"Reference {reference} is written otherwise in e-conomic, at {where}."
    return failure(EconomicReason.REFERENCE_UNCLEAR, text, field=field, value=reference)


def _remembered(execution: Execution) -> Document | None:
    """Return what an earlier export has booked: booked invoices stay, even if a person changed their reference.

    Another reference on another customer is another invoice: the export has moved to another agreement.
    """
    number = execution.progress.booked_number
    document = execution.context.economic.booked(number) if number else None
    if document is None:
        return None
    ours = is_ours(execution, document) or execution.progress.customer_number in {
        None,
        document.customer,
    }
    return document if ours else None


def is_ours(execution: Execution, document: Document) -> bool:
    """Tell whether a document that was read by its number carries our reference."""
    return same_reference(execution.record.id, document.document_reference)


def _drafts_themselves(execution: Execution, found: Sequence[Document]) -> list[Document]:
    """Read listed drafts one by one: a listing may show one that has been booked or changed, a resource does not."""
    drafts = (execution.context.economic.draft(listed.number) for listed in found if not listed.booked)
    return [draft for draft in drafts if draft and is_ours(execution, draft)]


def _note_left_draft(execution: Execution, draft: Document) -> None:
    """Remark a draft that stands beside the booked invoice."""
    execution.note(f"Draft {draft.number} stands beside the booked invoice: delete it, as booking it would double it")


def _by_number(execution: Execution) -> Document | None:
    """Read what was named: the draft of an answer, or Opter's number. A listing may lag, a resource does not."""
    economic, number = execution.context.economic, execution.progress.draft_number
    document = economic.draft(number) if number else None
    if not (document and is_ours(execution, document)):
        named = number and execution.context.export.booking.numbers == "opter"
        document = economic.booked(execution.invoice.invoice_number) if named else None
    return document if document and is_ours(execution, document) else None


def note_changes(execution: Execution, document: Document) -> None:
    """Remark what a person changed of our draft before it was booked; amounts have been compared."""
    invoice, customer = execution.invoice, execution.progress.customer_number
    if execution.context.export.booking.numbers == "opter" and document.number != invoice.invoice_number:
        execution.note(f"invoiceNumber: {document.number} in e-conomic, where it was booked by hand")
    if customer and document.customer != customer:
        execution.note(f"customer: {document.customer} in e-conomic, not {customer}")
    if document.date != invoice.invoice_date.isoformat():
        execution.note(f"invoiceDate: {document.date} in e-conomic")


def booked_amounts(execution: Execution, document: Document) -> tuple[str, ...]:
    """Return what was booked where the tolerance let it differ from the source, and remark it; else nothing."""
    invoice = execution.invoice
    booked = (document.net, document.vat, document.gross)
    if booked == (invoice.net, invoice.vat, invoice.gross):
        return ()
    execution.note(
        f"amounts: booked with net {document.net}, VAT {document.vat}, gross {document.gross}; Opter has net "
        f"{invoice.net}, VAT {invoice.vat}, gross {invoice.gross} (within booking.tolerance)"
    )
    return tuple(map(str, booked))


def check_booked(execution: Execution, document: Document) -> None:
    """Refuse a booked invoice that is not the source to the øre: what is booked stays. Raises ``Rejected``."""
    difference = compare_totals(execution.invoice, document, execution.context.export.booking.tolerance)
    if difference:
        raise Rejected(_booked_differs(document, difference))


def _several_documents(execution: Execution, documents: Sequence[Document]) -> Failure:
    kind = "booked invoices" if documents[0].booked else "drafts"
    numbers = ", ".join(str(document.number) for document in documents)
    text = f"Invoice {execution.invoice.invoice_number} stands in e-conomic more than once, as {kind} {numbers}."
    return failure(EconomicReason.DUPLICATE_DOCUMENTS, text, field="references.other", value=execution.record.id)


def _booked_differs(document: Document, difference: Failure) -> Failure:
    text = f"It is booked in e-conomic as {document.number}, with other amounts. {difference.description}"
    return failure(EconomicReason.BOOKED_DIFFERS, text, field=difference.field, value=difference.value)


def find_voucher(execution: Execution) -> VoucherFound | None:
    """Return the one voucher that carries our reference; a booked one wins over its entries in a journal.

    A voucher that the preflight or an earlier record knows of may be in the scan that another invoice needed moments
    ago; that it is *not* there is believed only after a lookup of our own. Raises ``Rejected`` when there are several.
    """
    named = _voucher_by_number(execution)
    if named:
        return named
    intent = execution.progress.intent
    if intent and intent.step == Step.BULK_VOUCHER:
        return _posted_together(execution, intent.at)
    if not (execution.progress.intent or execution.progress.not_found_since or execution.progress.voucher):
        found = only_voucher(execution, recent_scan(execution).of(execution.record.id))
        if found:
            return found
    first, last = span(execution.invoice.invoice_date, execution.invoice.invoice_date)
    context = execution.context
    began, witnesses = context.clock(), context.listing_lag.witnesses()
    listed = context.economic.vouchers(frozenset({execution.record.id, *witnesses}), first, last)
    shown = _shown(witnesses, (voucher.document_reference for voucher in listed))
    context.listing_lag.seen(frozenset(shown), began)
    return only_voucher(execution, list(identified([execution.record.id], listed)))


def _posted_together(execution: Execution, posted_at: float) -> VoucherFound | None:
    """Find the voucher in a scan begun since it was posted, which serves the others of the same call as well.

    Its absence is believed only from a scan begun when the call can be on its way no more (see ``turn``).
    """
    over = posted_at + execution.context.key_memory
    scan = recent_scan(execution, newer_than=over if execution.context.clock() >= over else posted_at)
    execution.read_at = scan.at
    return only_voucher(execution, scan.of(execution.record.id))


def _voucher_by_number(execution: Execution) -> VoucherFound | None:
    """Read the voucher that the progress names: listings may lag, and what is not there may have moved."""
    progress = execution.progress
    if not progress.voucher or progress.journal is None:
        return None
    there = execution.context.economic.voucher(progress.journal, progress.voucher)
    ours = [voucher for voucher in identified([execution.record.id], there) if not voucher.unclear]
    return ours[0] if len(ours) == 1 else None


def recent_scan(execution: Execution, *, newer_than: float = 0.0) -> VoucherScan:
    """Return a scan of all vouchers around the invoice's date. Raises ``Busy`` and e-conomic's errors."""
    context = execution.context
    day = execution.invoice.invoice_date
    return context.voucher_scans.recent(context.economic, day, context.clock(), newer_than)


def only_voucher(execution: Execution, found: Sequence[VoucherFound]) -> VoucherFound | None:
    """Return the voucher if there is one.

    Raises ``Rejected`` for several, and for one that only resembles ours: only a person can tell which is right.
    """
    unclear, found = [each for each in found if each.unclear], [each for each in found if not each.unclear]
    if unclear and not found:
        where = ", ".join(f"voucher {each.number} of {each.year}" for each in unclear)
        raise Rejected(reference_unclear(execution.record.id, where, "text"))
    candidates = [voucher for voucher in found if voucher.booked] or found
    if len({(voucher.year, voucher.number) for voucher in candidates}) > 1:
        raise Rejected(_several_vouchers(execution, candidates))
    for left in found:
        # The same number in both is one that was booked between the two listings.
        if candidates[0].booked and not left.booked and left.number != candidates[0].number:
            execution.note(
                f"Voucher {left.number} in journal {left.journal} stands beside the booked one: delete it there"
            )
    return candidates[0] if candidates else None


def check_voucher_found(execution: Execution, found: VoucherFound) -> tuple[str, ...]:
    """Refuse a voucher that is not the source to the øre; return what to remark about one that is.

    A voucher in a journal without its invoice number stops the whole export, as every following one would lack it too.
    Raises ``Rejected``.
    """
    difference = compare_voucher(execution.invoice, found, expected(execution, found))
    if difference:
        raise Rejected(difference)
    date = execution.invoice.invoice_date.isoformat()
    if found.dates - {date}:
        execution.note(f"invoiceDate: {', '.join(sorted(found.dates))} in e-conomic")
    if found.invoice_number == execution.invoice.invoice_number or found.booked:
        return ()
    if found.invoice_number is not None:
        return (f"invoiceNumber: its customer entry carries {found.invoice_number} in e-conomic",)
    name = execution.context.export.voucher.invoice_number_property
    if name == "both":
        return ("invoiceNumber: sent under both names, and shown by e-conomic under neither",)
    ignored = _ignored(execution, found, name)
    execution.context.store.pause(execution.record.export, ignored)
    raise Rejected(ignored)


def expected(execution: Execution, found: VoucherFound) -> Expected:
    """The customer is known from our own posting; after a wiped store it is looked up, for what it is worth."""
    context, customer = execution.context, execution.progress.customer_number
    if customer is None and found.customers:
        customer = matching_number(context, execution.invoice)
    master_data = context.economic.master_data(frozenset())
    return expected_voucher(execution.invoice, context.export, master_data, customer)


def _ignored(execution: Execution, found: VoucherFound, name: str) -> Failure:
    text = (
        f"Voucher {found.number} of {found.year} stands in journal {found.journal} without invoice number "
        f"{execution.invoice.invoice_number}, which was sent as {name}."
    )
    return failure(VoucherReason.INVOICE_NUMBER_IGNORED, text, field="voucher.invoice_number_property", value=name)


def _several_vouchers(execution: Execution, vouchers: Sequence[VoucherFound]) -> Failure:
    where = "booked" if vouchers[0].booked else "in journals"
    numbers = ", ".join(f"{voucher.number} of {voucher.year}" for voucher in vouchers)
    text = (
        f"Invoice {execution.invoice.invoice_number} stands in e-conomic more than once, {where}: vouchers {numbers}."
    )
    step = (
        "Look at them in e-conomic. Delete the superfluous voucher from its journal; if it is booked, reverse it and "
        "remove the mark from its text. Then re-queue."
    )
    return failure(EconomicReason.DUPLICATE_DOCUMENTS, text, field="text", value=execution.record.id, next_step=step)
