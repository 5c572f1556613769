"""Reason codes: stable names with the words that a person reads, one table for each origin.

Scripts, dashboards and ``requeue --reason`` rely on the codes. This file holds the machinery and the reasons that
lie in the event or in our own processes; those of an accounting system stand beside its adapter.
"""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Self

from worker.errors import Failure, InvalidInvoice


class ReasonCode(StrEnum):
    """Why an invoice, an event or an export does not go on: the base of every table.

    A member is written as ``NAME = (code, heading, cause, next step)``.
    """

    #: A few words: the heading in lists and notices.
    heading: str
    #: What causes it.
    cause: str
    #: What a person does now, in plain words.
    next_step: str

    def __new__(cls, code: str, heading: str, cause: str, next_step: str) -> Self:
        """Return a member that is its code, with its words beside it."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.heading, member.cause, member.next_step = heading, cause, next_step
        return member


class EventReason(ReasonCode):
    """Reasons found in the event itself, before anything is written anywhere."""

    EVENT_UNREADABLE = (
        "event-unreadable",
        "Event cannot be read",
        "What arrived on the queue is not a JSON document in UTF-8.",
        "Have whoever sends the events look at the stored bytes, correct the sender, and send the event again.",
    )
    EVENT_UNSUPPORTED = (
        "event-unsupported",
        "Event of an unknown kind or version",
        "The event's specversion, type or content type is not one that this version understands.",
        "Send opter.invoice-period.closed.v1 events, or upgrade this program to a version that knows the new kind.",
    )
    EVENT_INVALID = (
        "event-invalid",
        "Event breaks the contract",
        "A field of the event is missing, unknown, or has a value that the contract does not allow.",
        "Correct the named field at the sender and send the event again; what is right beside it is in its period.",
    )
    FILE_UNREADABLE = (
        "file-unreadable",
        "File cannot be read",
        "A file is not what its format says: broken, in another format, or with parts that are not allowed.",
        "Have whoever writes the files look at the named place, and put the corrected file into the folder again.",
    )
    MAPPING_INVALID = (
        "mapping-invalid",
        "Mapping incomplete or wrong",
        "The mapping or stylesheet of the export does not fit the file: a column, account or code has no counterpart.",
        "Add what is named to the mapping or stylesheet, and put the file into the folder again.",
    )
    EVENT_CONFLICT = (
        "event-conflict",
        "Event came again with other content",
        "Its id was taken in before with other content. New invoices were added, unsent ones replaced.",
        "Compare the period with Opter, then discard the event (`events dead discard`); give each event its own id.",
    )
    EVENT_KILLS = (
        "event-kills-intake",
        "Event kills the intake",
        "The intake was killed each time that it read this event, probably as memory ran out.",
        "Send the invoices by reference (invoicesRef) or split the period, or requeue it once there is more memory.",
    )
    EVENT_TOO_LARGE = (
        "event-too-large",
        "Event too large",
        "The event, or the file it points to, is larger than the configured limit.",
        "Send the invoices by reference (invoicesRef), or split the period, or raise the limit in the settings.",
    )
    EXPORT_UNKNOWN = (
        "export-unknown",
        "Export not configured",
        "The event names an export that has no entry in the exports file.",
        "Add the export to the exports file, or correct the name at the sender, and send the event again.",
    )
    EVENT_ELSEWHERE = (
        "event-elsewhere",
        "Event for another store",
        "The event came through the queue of one store, and its export is in another one.",
        "Have the sender push it onto the queue of the store that is named (`publish` does so), and discard this one.",
    )
    INVOICES_FILE_REFUSED = (
        "invoices-file-refused",
        "File outside the allowed places",
        "The event points to a file outside the allowed folders and hosts.",
        "Put the file in an allowed place, or allow the folder or host in the settings, and send the event again.",
    )
    INVOICES_FILE_MISMATCH = (
        "invoices-file-mismatch",
        "File differs from what the event says",
        "The file that the event points to has another hash or another number of invoices than announced.",
        "Write the file completely before sending the event, and send the event again with the file's own hash.",
    )
    INVOICES_FILE_UNAVAILABLE = (
        "invoices-file-unavailable",
        "File cannot be fetched",
        "The file that the event points to is missing or its host does not answer.",
        "Make the file available under the address in the event and send the event again.",
    )
    INVALID_SUMS = (
        "invalid-sums",
        "Amounts do not add up",
        "The invoice's lines, VAT, rounding and totals do not agree with each other.",
        "Correct the invoice in Opter, or have the sender of the events corrected, and send the period again.",
    )
    CONTROL_TOTALS = (
        "control-totals",
        "Period does not add up",
        "The invoices of the event do not add up to its control totals, or their number differs from its count.",
        "An invoice is missing, doubled or changed in the event: have the sender corrected, send the period again.",
    )
    DUPLICATE_NUMBER = (
        "duplicate-number",
        "Number used twice in one event",
        "Two invoices of the event, or two lines of an invoice, have the same number.",
        "Remove the double in Opter, or set invoice_series for number series per invoice type; send it again.",
    )
    CONFLICT = (
        "conflict",
        "Changed after it was posted",
        "Opter sent the invoice again with other content, after it had been posted.",
        "Compare the two. If the new content is right, credit the posted invoice in Opter and invoice it anew.",
    )


class ProcessReason(ReasonCode):
    """Reasons of our own processes; most of them pass by themselves."""

    OUTCOME_UNKNOWN = (
        "outcome-unknown",
        "Outcome not known yet",
        "A request was sent and no usable answer came, so it may or may not have taken effect.",
        "Nothing: it is looked up before anything is sent again. Do not enter the invoice by hand meanwhile.",
    )
    STORE_UNAVAILABLE = (
        "store-unavailable",
        "Redis does not answer",
        "The program's store cannot be reached, so nothing may be sent.",
        "Start Redis or restore the connection; the export goes on by itself.",
    )
    BROKER_UNAVAILABLE = (
        "broker-unavailable",
        "The broker does not answer",
        "What carries messages between intake and workers (RabbitMQ, or a Redis of its own) cannot be reached.",
        "Start it or restore the connection; what is due is sent again by itself, and nothing is lost.",
    )
    ARCHIVE_UNAVAILABLE = (
        "archive-unavailable",
        "The archive does not answer",
        "The archive of completed periods cannot be read, so it cannot be told what is in it already.",
        "Restore the archive or the connection to it (the setting `archive.url`); everything goes on by itself.",
    )
    CLOCKS_DISAGREE = (
        "clocks-disagree",
        "Clocks disagree",
        "The clocks of Redis' host and of the accounting system differ by more than is allowed: no age can be trusted.",
        "Set the clock of the host of Redis (NTP); everything goes on by itself once the two agree.",
    )
    LOOKED_UP_TWICE = (
        "looked-up-twice",
        "Looked up once more before it is posted",
        "The store is new, was emptied or may have lost writes: the accounting system may have more than it knows.",
        "Nothing: it goes on by itself after a second lookup. Do not enter the invoice by hand meanwhile.",
    )
    BUSY = (
        "busy",
        "Another worker has it",
        "Another worker is working on this invoice, or creating the customer or product that it needs.",
        "Nothing: it goes on as soon as that worker is done.",
    )
    WORKER_STOPPED = (
        "worker-stopped",
        "Worker was stopped",
        "The worker was stopped before it was done, so it sent nothing more.",
        "Nothing: another worker goes on with it, or this one when it is started again.",
    )
    ORIGINAL_AWAITED = (
        "original-awaited",
        "Waiting for the invoice that it credits",
        "The correction came before the invoice that it credits was exported; it waits as corrections says.",
        (
            "Nothing, as long as that invoice is on its way. If it has failed, correct and re-queue it, "
            "or mark it as exported if it was entered by hand: the correction follows by itself."
        ),
    )
    PAYMENTS_UNDELIVERED = (
        "payments-undelivered",
        "Payments not handed over",
        "A run of payments could not be written to its folder or was not taken by its address.",
        "Correct the folder or the address; the next run hands it over first. Nothing is lost or reported twice.",
    )
    EXPORT_PAUSED = (
        "export-paused",
        "Export paused",
        "The whole export is stopped because of its set-up or by a person's order.",
        "See why with `status`, remove the cause, and resume the export. Its invoices wait; none is lost.",
    )
    NO_WORKER = (
        "no-worker",
        "No worker is running",
        "Invoices wait, and for 40 seconds no worker has shown a sign of life.",
        "Start one, or end one that hangs and start it again (`worker`, or `up` for all). Nothing is lost.",
    )
    NO_INTAKE = (
        "no-intake",
        "No intake is running",
        "For 40 seconds no intake has shown a sign of life: events wait, and what stands still is not picked up.",
        "Start it, or end one that hangs and start it again (`intake`, or `up` for all). Nothing is lost.",
    )
    ATTEMPTS_EXHAUSTED = (
        "attempts-exhausted",
        "Given up after many attempts",
        "The invoice was tried the allowed number of times and failed each time.",
        "See the last error and the history; once the cause is removed, re-queue.",
    )
    WORKER_KILLED = (
        "worker-killed",
        "Worker died on this invoice",
        "The worker process was killed several times in a row while exporting this invoice.",
        "Look at the memory and the log of the workers; when they are stable, re-queue.",
    )
    INTERNAL_ERROR = (
        "internal-error",
        "Error in this program",
        "The program failed in an unforeseen way.",
        "Report it with the log lines of this invoice. After the fix, re-queue.",
    )


def neutral_reason(code: str) -> ReasonCode:
    """Return the reason of an event or of our own processes with this code. Raises ``KeyError`` for another."""
    known: dict[str, ReasonCode] = {reason.value: reason for reason in (*EventReason, *ProcessReason)}
    return known[code]


def failure(  # noqa: PLR0913  # one keyword for each field of a Failure
    reason: ReasonCode,
    description: str,
    *,
    field: str = "",
    value: str = "",
    remote_message: str = "",
    log_id: str = "",
    next_step: str | None = None,
) -> Failure:
    """Return the failure for this reason, with its table's next step unless a better one is known here."""
    return Failure(
        reason=reason.value,
        description=description,
        next_step=reason.next_step if next_step is None else next_step,
        field=field,
        value=value,
        remote_message=remote_message,
        log_id=log_id,
    )


def invalid(reason: ReasonCode, description: str, *, field: str = "", value: object = "") -> InvalidInvoice:
    """Return the refusal by our own checks for this reason, to be raised."""
    return InvalidInvoice(failure(reason, description, field=field, value=str(value)))


def merged(failures: Iterable[Failure]) -> Failure:
    """Return one failure that says all of these, under the first one's reason. Raises ValueError for none."""
    distinct = list(dict.fromkeys(failures))
    if not distinct:
        raise ValueError("no failure to merge")
    return replace(
        distinct[0],
        description=_numbered(part.description for part in distinct),
        next_step=_numbered(dict.fromkeys(part.next_step for part in distinct)),
        remote_message="; ".join(part.remote_message for part in distinct if part.remote_message),
        log_id=next((part.log_id for part in distinct if part.log_id), ""),
    )


def _numbered(texts: Iterable[str]) -> str:
    every = list(texts)
    return every[0] if len(every) == 1 else " ".join(f"({n}) {text}" for n, text in enumerate(every, start=1))
