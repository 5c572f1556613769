"""One turn of an export, common to both methods: create, send, and what an answer, a refusal or silence leads to.

A turn does one thing and records it. What the answers of e-conomic prove is the same for drafts and vouchers: a plain
success is taken up, a remembered one or an unreadable one leads to a lookup, and only a lookup that finds nothing
allows a create. The methods (``invoice_method``, ``voucher_method``) say what is sent and what follows.
"""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Continue, Intent, Step
from worker.economic.mapping.customer_payload import about_new_customer
from worker.economic.mapping.dates import on_hold, refused_date, waits
from worker.economic.port import Reply
from worker.errors import ExportError, Failure, OnHold, Refused, Rejected, TooEarly, Uncertain
from worker.workflow.context import SHORTEST
from worker.workflow.customer_proof import objection
from worker.workflow.customers_and_products import refresh_customer
from worker.workflow.execution import Action, Execution
from worker.workflow.requests import RECHECK_BOOKS, CreateRequest, doubt_master_data

#: What a lookup finds: a document or a voucher.
Found = TypeVar("Found")

#: Writes after which there is something to find; when such a key has aged, one lookup that finds nothing is enough.
_CREATES = frozenset({Step.DRAFT, Step.VOUCHER, Step.BULK_VOUCHER})
#: Writes that charge a customer, and are sent as they were recorded: whose number it is may have changed since.
_CHARGES = _CREATES | {Step.BOOK_VOUCHER}
#: Seconds at most between two looks for what a call for many may have posted.
_NEXT_OF_MANY = 300.0
#: Codes of a key that was used for something else before (reported by integrators).
_KEY_CLASHES = frozenset({"PayloadChanged", "URLChanged"})
#: Keys that e-conomic remembers as refused are left behind one by one; more than this in one execution is no accident.
_MOST_REFUSALS = 10


class Method(ABC, Generic[Found]):
    """What a method of export does in its own way. Its objects hold no state."""

    @abstractmethod
    def next_action(self, execution: Execution) -> Action:
        """Decide the next turn."""

    @abstractmethod
    def request(self, execution: Execution) -> CreateRequest:
        """Return the write that creates. Raises ``Rejected`` for what a person must change, and e-conomic's errors."""

    @abstractmethod
    def accept(self, execution: Execution, intent: Intent, reply: Reply) -> None:
        """Take up the plain success of a write."""

    @abstractmethod
    def find(self, execution: Execution) -> Found | None:
        """Return what carries our reference in e-conomic. Raises ``Rejected`` when there are several."""

    @abstractmethod
    def take_up(self, execution: Execution, found: Found) -> None:
        """Go on with what a lookup has found."""

    @abstractmethod
    def perform(self, execution: Execution, action: Action) -> None:
        """Do what only this method does."""

    @abstractmethod
    def remembered(self, execution: Execution, intent: Intent, reply: Reply) -> dict[str, Any]:
        """Return the number that a remembered success names, for the progress: it is read before listings are asked."""

    def refused(self, execution: Execution, intent: Intent, refusal: Refused) -> None:
        """Leave a refused key behind, but look up what may have been done all the same."""
        event = Continue(event=f"{intent.step}-refused", detail=codes(refusal))
        if intent.step not in _CREATES or _may_have_done(execution, intent, refusal):
            execution.save(event, lookup=True)
        else:
            doubt_master_data(execution)
            execution.save(event, intent=None, generation=execution.progress.generation + 1)


def take_turn(execution: Execution, method: Method[Any]) -> None:
    """Do the next thing. Raises ``ExportError`` when it does not succeed, and ``LeaseLost``."""
    action = method.next_action(execution)
    if action is Action.CREATE:
        _create(execution, method)
    elif action is Action.SEND and _customer_changed(execution):
        doubt_master_data(execution)
        look_up_next(execution, "customer-differs")
    elif action is Action.SEND:
        _send(execution, method)
    elif action is Action.LOOK_UP:
        _look_up(execution, method)
    else:
        method.perform(execution, action)


def look_up_next(execution: Execution, event: str, detail: str = "", **progress: Any) -> None:
    """Record what happened; the next turn looks up what is in e-conomic."""
    execution.save(Continue(event=event, detail=detail), lookup=True, **progress)


def _create(execution: Execution, method: Method[Any]) -> None:
    """Record the write that creates."""
    request = method.request(execution)
    execution.intend(request.step, request.path, request.body, **ready_to_create(execution, request))


def ready_to_create(execution: Execution, request: CreateRequest) -> dict[str, Any]:
    """Return the progress to record with a write that creates, its customer's number proved.

    Remarks are this request's, and those on a customer created for the invoice. Raises what forbids to send it.
    """
    _check_worth_repeating(execution, request.body)
    refresh_customer(execution, request.customer_number)
    remarks = (*request.remarks, *filter(about_new_customer, execution.progress.remarks))
    return {"customer_number": request.customer_number, "remarks": remarks}


def _send(execution: Execution, method: Method[Any]) -> None:
    intent = execution.progress.intent
    if intent is None:
        raise LookupError("there is no recorded write to send")
    execution.context.check_clocks()
    try:
        reply = execution.send(intent)
    except Refused as refusal:
        count_refusal(execution, refusal)
        method.refused(execution, intent, refusal)
        if about_the_key(refusal):
            execution.refusal = None
    except Uncertain as doubt:
        if not doubt.replayed:
            raise
        look_up_next(execution, f"{intent.step}-failure-remembered")
    else:
        execution.end_doubt("replayed" if reply.replayed else "sent-again")
        if reply.replayed:  # proves that it was done once, not that it is still there
            look_up_next(execution, f"{intent.step}-remembered", **method.remembered(execution, intent, reply))
        else:
            method.accept(execution, intent, reply)


def _customer_changed(execution: Execution) -> bool:
    """Tell whether a write that an earlier execution left charges a customer that is not this invoice's any more."""
    intent, number = execution.progress.intent, execution.progress.customer_number
    if intent is None or intent == execution.own or intent.step not in _CHARGES or number is None:
        return False
    return objection(execution, number) is not None


def _look_up(execution: Execution, method: Method[Found]) -> None:
    execution.context.check_clocks()
    began = execution.context.clock()
    first = execution.looked_up_by_preflight
    if first and not execution.not_found_since and began < first + SHORTEST:
        raise second_lookup_awaited(execution, until=first + SHORTEST)
    found = method.find(execution)
    if found is None:
        _allow_create(execution, began if execution.read_at is None else execution.read_at)
    else:
        execution.end_doubt("found")
        method.take_up(execution, found)


def _allow_create(execution: Execution, began: float) -> None:
    """Allow a create after a lookup that found nothing, or raise ``Uncertain`` to ask for a second lookup first.

    An outage raises, so it never passes for absence. "Not found" counts when the write's key has aged past e-conomic's
    memory, or when a second lookup agrees (listings lag behind writes, see ``ListingLag``). All a young store knows is
    its preflight's lookup, and that is the first of the two.
    """
    progress, now = execution.progress, execution.context.clock()
    intent = progress.intent
    permission_ended = not (execution.young or intent or progress.lookup or progress.draft_number)
    aged = intent is not None and intent.step in _CREATES and began - intent.at >= execution.context.key_memory
    since = execution.not_found_since or execution.looked_up_by_preflight
    # A call for many is sent once: nothing but its age tells that it is not on its way any more.
    may_arrive = intent is not None and intent.step == Step.BULK_VOUCHER
    agreed = bool(since) and not may_arrive and execution.context.listing_lag.enough(since, began)
    if not (aged or agreed or permission_ended):
        look_up_next(execution, "not-found-once", not_found_since=since or now)
        raise Uncertain(_second_lookup_needed(execution), retry_after=_until_next(execution, since))
    execution.end_doubt("created")
    execution.save(
        Continue(event="create-allowed"),
        generation=progress.generation + (not permission_ended),
        intent=None,
        lookup=False,
        looked_up_at=now,
        not_found_since=0.0,
        draft_number=None,
        booked_number=None,
        voucher=None,
        journal=None,
        attached=False,
    )


def second_lookup_awaited(execution: Execution, *, until: float) -> TooEarly:
    """Return why nothing is created yet in a young store, where one lookup proves nothing."""
    number = execution.invoice.invoice_number
    text = (
        f"Nothing of invoice {number} was found in e-conomic; a second lookup follows, as the store is new or may have "
        "lost writes."
    )
    return TooEarly(failure(ProcessReason.LOOKED_UP_TWICE, text), retry_after=until - execution.context.clock())


def _until_next(execution: Execution, since: float) -> float:
    """Return the seconds until the next lookup: a minute, then as long as the lag demands."""
    now, intent = execution.context.clock(), execution.progress.intent
    if intent and intent.step == Step.BULK_VOUCHER:
        return max(SHORTEST, min(_NEXT_OF_MANY, intent.at + execution.context.key_memory - now))
    left = since + execution.context.listing_lag.expected(now) - now
    return max(SHORTEST, left) if since else SHORTEST


def _second_lookup_needed(execution: Execution) -> Failure:
    text = (
        f"It is not certain whether invoice {execution.invoice.invoice_number} reached e-conomic: a first lookup found "
        "nothing, a second one follows."
    )
    return failure(ProcessReason.OUTCOME_UNKNOWN, text, field="references.other", value=execution.record.id)


def unproved(what: str) -> Uncertain:
    """Return the doubt after a success that does not show what it stands for."""
    text = f"e-conomic answered with a success that does not show that {what}; it is looked up before it is repeated."
    return Uncertain(failure(ProcessReason.OUTCOME_UNKNOWN, text))


def count_refusal(execution: Execution, refusal: Refused) -> None:
    """Count a refusal; raises it when there have been too many in this execution."""
    execution.refusals += 1
    if execution.refusals > _MOST_REFUSALS:
        raise refusal


def about_the_key(refusal: Refused) -> bool:
    """Tell whether it is about an earlier request rather than about this one, so that another key may be tried."""
    return refusal.replayed or _clashes(refusal)


def codes(refusal: Refused) -> str:
    """Return its codes for the history, or its status."""
    return " ".join(sorted(refusal.codes)) or str(refusal.status)


def final_error(execution: Execution, refusal: Refused) -> ExportError:
    """Return what becomes of the invoice: a refusal of its date is named as such, and waits where the export says."""
    wrong_date = refused_date(execution.invoice.invoice_date, refusal)
    if wrong_date is None:
        return refusal
    if waits([wrong_date], execution.context.export):
        return OnHold(on_hold(wrong_date), retry_after=RECHECK_BOOKS)
    return Rejected(wrong_date)


def _clashes(refusal: Refused) -> bool:
    return bool(refusal.codes & _KEY_CLASHES)


def _may_have_done(execution: Execution, intent: Intent, refusal: Refused) -> bool:
    """Tell whether an earlier request, whose answer was lost, may have done the write that is refused now."""
    return _clashes(refusal) or (intent != execution.own and not refusal.replayed)


def _check_worth_repeating(execution: Execution, body: str) -> None:
    """Raise this execution's refusal for good, unless looking everything up again changes what is sent.

    The same body is repeated once: when what it refers to did not exist (E06000) and has been looked up again.
    """
    refusal = execution.refusal
    if refusal and body == execution.refused_body and not ("E06000" in refusal.codes and execution.refusals == 1):
        raise final_error(execution, refusal)
