"""Reasons on the way between here and e-conomic; most of them pass by themselves."""

from worker.invoicing.codes import Entry, Reason

TRANSIT = {
    Reason.ECONOMIC_UNREACHABLE: Entry(
        title="e-conomic cannot be reached",
        cause="No connection to e-conomic could be made; nothing was sent.",
        next_step="Nothing: it is tried again by itself. If it lasts, check the network and e-conomic's status page.",
    ),
    Reason.ECONOMIC_UNAVAILABLE: Entry(
        title="e-conomic does not answer",
        cause="e-conomic answered with an error of its own, or not at all.",
        next_step="Nothing: it is tried again by itself. If it lasts, look at e-conomic's status page.",
    ),
    Reason.THROTTLED: Entry(
        title="Waiting for e-conomic's rate limit",
        cause="The agreement's allowed number of calls is used up for the moment.",
        next_step="Nothing: the export goes on as soon as e-conomic allows.",
    ),
    Reason.OUTCOME_UNKNOWN: Entry(
        title="Outcome not known yet",
        cause="A request was sent and no usable answer came, so it may or may not have taken effect.",
        next_step=(
            "Nothing: e-conomic is asked before anything is sent again. Do not enter the invoice by hand meanwhile."
        ),
    ),
    Reason.LEDGER_DOWN: Entry(
        title="Redis does not answer",
        cause="The program's own store cannot be reached, so nothing may be sent.",
        next_step="Start Redis or restore the connection; the export goes on by itself.",
    ),
    Reason.BUSY: Entry(
        title="Another worker is at it",
        cause="Another worker is working on this invoice, or creating the customer or product that it needs.",
        next_step="Nothing: it goes on as soon as the other is done.",
    ),
    Reason.ORIGINAL_AWAITED: Entry(
        title="Waiting for the invoice that it credits",
        cause="The correction came before the invoice that it credits was exported; it waits as corrections says.",
        next_step=(
            "Nothing, as long as that invoice is on its way. If it has failed, mend and re-queue it, or settle it if "
            "it was entered by hand: the correction follows by itself."
        ),
    ),
    Reason.EXPORT_PAUSED: Entry(
        title="Export paused",
        cause="The export as a whole stands still because of its set-up or by a person's order.",
        next_step="See why with `status`, mend the cause, and resume the export. Its invoices wait; none is lost.",
    ),
    Reason.ATTEMPTS_EXHAUSTED: Entry(
        title="Given up after many attempts",
        cause="The invoice was tried the allowed number of times and the same kind of trouble came back each time.",
        next_step="See the last trouble and the history; once it has passed, re-queue.",
    ),
    Reason.WORKER_KILLED: Entry(
        title="Worker died on this invoice",
        cause="The worker process ended without a word several times in a row while exporting this invoice.",
        next_step="Look at the memory and the log of the workers; when they are stable, re-queue.",
    ),
    Reason.INTERNAL_ERROR: Entry(
        title="Error in this program",
        cause="The program failed in a way that it was not written for.",
        next_step="Report it with the log lines of this invoice. After the fix, re-queue.",
    ),
}
