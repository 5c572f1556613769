"""Our voucher, found by its marker, and compared to its source."""

from collections.abc import Sequence

from worker.domain.reasons import failure
from worker.economic.mapping.documents import compare_voucher
from worker.economic.mapping.master_data import VoucherFound
from worker.economic.mapping.reasons import VoucherReason
from worker.economic.reasons import EconomicReason
from worker.errors import Failure, Rejected
from worker.workflow.execution import Execution
from worker.workflow.voucher_scan_cache import span


def find(execution: Execution) -> VoucherFound | None:
    """Return the one voucher that carries our reference; a booked one wins over its entries in a journal.

    What a period's preflight or an earlier record has promised may have been seen for another invoice moments ago; that
    something is *not* there is only believed of a look of our own. Raises ``Rejected`` when there are several.
    """
    if not (execution.progress.intent or execution.progress.not_found_since or execution.progress.voucher):
        seen = execution.context.voucher_scans.recent(
            execution.context.economic, execution.invoice.invoice_date, execution.context.clock()
        )
        found = the_one(execution, seen.of(execution.record.id))
        if found:
            return found
    first, last = span(execution.invoice.invoice_date, execution.invoice.invoice_date)
    return the_one(execution, execution.context.economic.vouchers(frozenset({execution.record.id}), first, last))


def the_one(execution: Execution, found: Sequence[VoucherFound]) -> VoucherFound | None:
    """Return the voucher if there is one. Raises ``Rejected`` for several: only a person can tell which is right."""
    candidates = [voucher for voucher in found if voucher.booked] or found
    if len({(voucher.year, voucher.number) for voucher in candidates}) > 1:
        raise Rejected(_several(execution, candidates))
    for left in found:
        # The same number in both is one that was booked between the two listings.
        if candidates[0].booked and not left.booked and left.number != candidates[0].number:
            execution.note(
                f"Voucher {left.number} in journal {left.journal} stands beside the booked one: delete it there"
            )
    return candidates[0] if candidates else None


def check_found(execution: Execution, found: VoucherFound) -> tuple[str, ...]:
    """Refuse a voucher that is not the source to the øre; return what to remark about one that is.

    A voucher in a journal without its invoice number stops the whole export, as every following one would lack it too.
    Raises ``Rejected``.
    """
    difference = compare_voucher(execution.invoice, found)
    if difference:
        raise Rejected(difference)
    if found.invoice_number == execution.invoice.invoice_number or found.booked:
        return ()
    if found.invoice_number is not None:
        return (f"invoiceNumber: its customer entry carries {found.invoice_number} in e-conomic",)
    name = execution.context.export.voucher.invoice_number_property
    if name == "both":
        return ("invoiceNumber: sent under both names, and told by e-conomic under neither",)
    ignored = _ignored(execution, found, name)
    execution.context.store.pause(execution.record.export, ignored)
    raise Rejected(ignored)


def _ignored(execution: Execution, found: VoucherFound, name: str) -> Failure:
    text = (
        f"Voucher {found.number} of {found.year} stands in journal {found.journal} without invoice number "
        f"{execution.invoice.invoice_number}, which was sent as {name}."
    )
    return failure(VoucherReason.INVOICE_NUMBER_IGNORED, text, field="voucher.invoice_number_property", value=name)


def _several(execution: Execution, vouchers: Sequence[VoucherFound]) -> Failure:
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
