"""Words for states, phases and history entries, in English; the catalogues translate them."""

from collections.abc import Mapping

from worker.domain.access import Action
from worker.domain.action_log import Act
from worker.domain.approval import PUBLISH, ApprovalState
from worker.domain.batch import BatchAction, BatchState
from worker.domain.causes import CauseState
from worker.domain.certificate import Verdict
from worker.domain.period_hold import EXPORT_PERIOD
from worker.domain.period_report import Phase
from worker.domain.record import State
from worker.domain.signs_of_life import Part
from worker.web.language import mark

STATES: Mapping[State, str] = {
    State.RECEIVED: mark("received"),
    State.QUEUED: mark("queued"),
    State.EXPORTING: mark("being exported"),
    State.WAITING: mark("waiting"),
    State.EXPORTED: mark("exported"),
    State.DEAD: mark("failed"),
}
PHASES: Mapping[Phase, str] = {
    Phase.TAKING_IN: mark("being taken in"),
    Phase.CHECKING: mark("being checked"),
    Phase.HELD: mark("needs a second person's yes"),
    Phase.EXPORTING: mark("being exported"),
    Phase.NEEDS_A_PERSON: mark("needs a person"),
    Phase.DIFFERS: mark("differs from e-conomic"),
    Phase.DONE: mark("done"),
}
BATCH_ACTIONS: Mapping[BatchAction, str] = {
    BatchAction.REQUEUE: mark("Queue again"),
    BatchAction.REEXPORT: mark("Export again"),
    BatchAction.MARK_EXPORTED: mark("Mark as exported"),
    BatchAction.DISCARD: mark("Discard"),
}
BATCH_STATES: Mapping[BatchState, str] = {
    BatchState.RUNNING: mark("running"),
    BatchState.CANCELLED: mark("cancelled"),
    BatchState.DONE: mark("done"),
}
#: How an export's invoices get into the books.
METHODS: Mapping[str, str] = {
    "invoice": mark("Invoices, drafted and booked"),
    "voucher": mark("Vouchers in a journal"),
}
#: How the result of an invoice in a batch begins.
BATCH_RESULTS: Mapping[str, str] = {
    "": mark("not begun"),
    "begun": mark("under way"),
    "exported": mark("exported"),
    "dead": mark("failed again"),
    "left": mark("left alone, as it had moved on"),
}
CAUSE_STATES: Mapping[CauseState, str] = {
    CauseState.GONE: mark("The cause is gone in e-conomic"),
    CauseState.STILL: mark("The cause is still there"),
    CauseState.UNKNOWN: mark("Whether the cause is gone cannot be told"),
}
#: Why a question about a cause has no answer, as ``worker.workflow.probe`` says it.
NO_ANSWERS = (
    mark("No single call to e-conomic shows whether this is gone; an export, or a person's look, does."),
    mark("e-conomic shows this only when it refuses an invoice, so its answer proves nothing."),
)
#: What a certificate found of an invoice that waits for a person; the others are no work.
VERDICTS: Mapping[Verdict, str] = {
    Verdict.DIFFERS: mark("differs"),
    Verdict.MISSING: mark("missing in e-conomic"),
    Verdict.TWICE: mark("more than once in e-conomic"),
    Verdict.EDITED: mark("edited by hand in e-conomic"),
    Verdict.NUMBER_TAKEN: mark("its number is taken by something else"),
    Verdict.UNEXPECTED: mark("in e-conomic although it was not exported"),
}
APPROVALS: Mapping[ApprovalState, str] = {
    ApprovalState.WAITING: mark("waits for a second person"),
    ApprovalState.APPROVED: mark("approved"),
    ApprovalState.DONE: mark("approved and done"),
    ApprovalState.REFUSED: mark("refused"),
    ApprovalState.EXPIRED: mark("expired"),
}
#: What somebody asks for.
ASKED: Mapping[str, str] = {
    Action.REQUEUE: mark("Queue again"),
    Action.REEXPORT: mark("Export again"),
    BatchAction.DISCARD: mark("Discard"),
    Action.MARK_EXPORTED: mark("Count as exported"),
    PUBLISH: mark("Publish as planned"),
    EXPORT_PERIOD: mark("Export the period"),
}
PARTS: Mapping[Part, str] = {
    Part.WORKER: mark("Worker"),
    Part.INTAKE: mark("Intake"),
    Part.SWEEPS: mark("Sweeps"),
    Part.PAGE: mark("Page"),
    Part.WATCH: mark("Folder watch"),
}
#: What the log of actions says was done; an entry of another version is shown as it is.
ACTS: Mapping[str, str] = {
    Act.REQUEUE: mark("Queued again"),
    Act.REEXPORT: mark("Exported again"),
    Act.MARK_EXPORTED: mark("Marked as exported"),
    Act.DISCARD: mark("Discarded"),
    Act.BATCH: mark("Batch confirmed"),
    Act.CANCEL_BATCH: mark("Batch cancelled"),
    Act.ACCEPT_CONFLICT: mark("Conflict accepted"),
    Act.ACCEPT_DIFFERENCE: mark("Difference accepted"),
    Act.EXPLAIN_NUMBERS: mark("Numbers explained"),
    Act.PAUSE: mark("Export paused"),
    Act.RESUME: mark("Export resumed"),
    Act.RESEND_EVENT: mark("Event sent again"),
    Act.DISCARD_EVENT: mark("Event discarded"),
    Act.CONNECT: mark("Agreement connected"),
    Act.ADD_USER: mark("User added"),
    Act.CHANGE_ROLE: mark("User's role changed"),
    Act.CHANGE_PASSWORD: mark("User's password changed"),
    Act.REMOVE_USER: mark("User removed"),
    Act.DISCARD_MESSAGES: mark("Messages discarded"),
    Act.ASK_APPROVAL: mark("Asked for a second person"),
    Act.APPROVE: mark("Approved"),
    Act.REJECT: mark("Rejected"),
}
#: What the store writes into the history of an invoice; an entry of another version is shown as it is.
HISTORY: Mapping[str, str] = {
    "received": mark("Received from Opter"),
    "replaced": mark("Replaced by a newer version from Opter"),
    "joined": mark("Also part of another period"),
    "conflict-accepted": mark("A person accepted the conflict"),
    "conflict": mark("Came again with other content after it had been posted"),
    "queued": mark("Checked and queued"),
    "claimed": mark("A worker began"),
    "draft-intended": mark("About to create the draft"),
    "draft-found": mark("Draft found in e-conomic"),
    "draft-refused": mark("e-conomic refused the draft"),
    "drafted": mark("Draft created in e-conomic"),
    "totals-differ": mark("The draft's totals differ from Opter's"),
    "customer-differs": mark("The draft is not on this customer's account"),
    "draft-discarded": mark("Draft deleted again"),
    "book-intended": mark("About to book"),
    "booking-refused": mark("e-conomic refused to book"),
    "booked": mark("Booked in e-conomic"),
    "voucher-intended": mark("About to post the voucher"),
    "bulk-voucher-intended": mark("About to post the voucher, together with others"),
    "bulk-voucher-refused": mark("e-conomic refused the vouchers posted together: none was created"),
    "bulk-voucher-not-sent": mark("Not posted together: the call was not made"),
    "bulk-voucher-unread": mark("Posted together, not yet read back"),
    "bulk-voucher-remembered": mark("e-conomic remembered an earlier call: looked up"),
    "voucher-found": mark("Voucher found in e-conomic"),
    "voucher-refused": mark("e-conomic refused the voucher"),
    "attach-intended": mark("About to attach the PDF"),
    "create-allowed": mark("Looked up in e-conomic: not there, so it may be created"),
    "not-found-once": mark("Looked up once: not there"),
    "retry": mark("Tries again later"),
    "dead": mark("Failed"),
    "requeued": mark("Queued again by a person"),
    "reexport": mark("Exported again by a person's order"),
    "by-hand": mark("Marked as exported by a person"),
    "discarded": mark("Discarded by a person: it is to be in no books"),
    "pdf-intended": mark("About to attach the PDF to what is booked"),
    "pdf-found": mark("A PDF was found attached in e-conomic"),
    "pdf-attached": mark("PDF attached in e-conomic"),
    "pdf-refused": mark("The PDF could not be attached"),
    "credit-match-intended": mark("About to match the credit note with its invoice"),
    "credit-matched": mark("Credit note matched with its invoice in e-conomic"),
    "credit-left": mark("The matching of the credit note is left to a person"),
    "difference-accepted": mark("A difference in e-conomic was accepted by a person"),
    "lease-expired": mark("The worker did not come back; another takes over"),
    "due": mark("Its time has come"),
    "paused": mark("Waits, as the export is paused"),
}
