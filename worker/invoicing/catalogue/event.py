"""Reasons found in the event itself, before anything is written anywhere."""

from worker.invoicing.codes import Entry, Reason

EVENT = {
    Reason.EVENT_UNREADABLE: Entry(
        title="Event cannot be read",
        cause="What arrived on the queue is not a JSON document in UTF-8.",
        next_step=(
            "Have whoever sends the events look at the stored bytes, correct the sender, and send the event again."
        ),
    ),
    Reason.EVENT_UNSUPPORTED: Entry(
        title="Event of an unknown kind or version",
        cause="The event's specversion, type or content type is not one that this version understands.",
        next_step=(
            "Send opter.invoice-period.closed.v1 events, or upgrade this program to a version that knows the new kind."
        ),
    ),
    Reason.EVENT_INVALID: Entry(
        title="Event breaks the contract",
        cause="A field of the event is missing, unknown, or has a value that the contract does not allow.",
        next_step="Correct the named field at the sender and send the event again; nothing of it has been exported.",
    ),
    Reason.EVENT_TOO_LARGE: Entry(
        title="Event too large",
        cause="The event, or the file it points to, is larger than the configured limit.",
        next_step=(
            "Send the invoices by reference (invoicesRef), or split the period, or raise the limit in the settings."
        ),
    ),
    Reason.EXPORT_UNKNOWN: Entry(
        title="Export not configured",
        cause="The event names an export that has no entry in the exports file.",
        next_step="Add the export to the exports file, or correct the name at the sender, and send the event again.",
    ),
    Reason.REFERENCE_REFUSED: Entry(
        title="File outside the allowed places",
        cause="The event points to a file outside the allowed folders and hosts.",
        next_step=(
            "Put the file in an allowed place, or allow the folder or host in the settings, and send the event again."
        ),
    ),
    Reason.REFERENCE_MISMATCH: Entry(
        title="File differs from what the event says",
        cause="The file that the event points to has another hash or another number of invoices than announced.",
        next_step=(
            "Write the file completely before sending the event, and send the event again with the file's own hash."
        ),
    ),
    Reason.REFERENCE_UNAVAILABLE: Entry(
        title="File cannot be fetched",
        cause="The file that the event points to is missing or its host does not answer.",
        next_step="Make the file available under the address in the event and send the event again.",
    ),
    Reason.INVALID_SUMS: Entry(
        title="Amounts do not add up",
        cause="The invoice's lines, VAT, rounding and totals do not agree with each other.",
        next_step=(
            "Correct the invoice in Opter, or have the sender of the events corrected, and send the period again."
        ),
    ),
    Reason.CONTROL_TOTALS: Entry(
        title="Period does not add up",
        cause="The invoices of the event do not add up to its control totals, or their number differs from its count.",
        next_step=(
            "An invoice is missing, doubled or changed in the event: have the sender corrected, send the period again."
        ),
    ),
    Reason.DUPLICATE_NUMBER: Entry(
        title="Number used twice in one event",
        cause="Two invoices of the event, or two lines of an invoice, have the same number.",
        next_step=(
            "Remove the double in Opter, or set invoice_series for number series per invoice type; send it again."
        ),
    ),
    Reason.CONFLICT: Entry(
        title="Changed after it was posted",
        cause="Opter sent the invoice again with other content, after it had been posted to e-conomic.",
        next_step=(
            "Compare the two. If the new content is right, credit the posted invoice in Opter and invoice it anew."
        ),
    ),
}
