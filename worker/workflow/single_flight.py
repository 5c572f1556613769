"""The single flight of customers and products that invoices share: created once, however many invoices need them.

Lease and fence are the store's. Whoever holds them looks first, finds out what an earlier holder left without an
outcome, and creates only when nothing is found.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, cast

from worker.domain.identity import idempotency_key
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Intent
from worker.domain.store_port import SharedRecord
from worker.economic.mapping.answers import about_created
from worker.economic.port import Reply
from worker.errors import Busy, LeaseLost, Refused, Unavailable, Uncertain
from worker.workflow.context import ExportContext
from worker.workflow.execution import Execution


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedResource:
    """What is shared, how it is found, and how it is created. Keys hold no customer data."""

    #: ``customer`` or ``product``: the step of the idempotency key.
    step: str
    #: Under which the number is remembered.
    known_as: str
    #: Identity of which only one may be created; several ``known_as`` may share it (two Opter codes, one company).
    identity: str
    #: Collection path to POST to.
    path: str
    #: Look it up in e-conomic; None when it is certainly not there. Raises ``Rejected`` for a question to a person.
    lookup: Callable[[], str | None]
    #: The body of the create, as canonical JSON.
    body: Callable[[], str]
    #: Its number in e-conomic's answer to the create; raises what reading another shape raises.
    number_of: Callable[[Reply], str]
    #: Read it by its number, under the names of the API; None: it is not there.
    read: Callable[[str], Mapping[str, Any] | None]
    #: Whether e-conomic has it under this number, fit for use. Raises ``Rejected`` for a question to a person.
    exists: Callable[[str], bool]
    #: What a new one will not get exactly as the source has it, for the invoice that creates it.
    remarks: Callable[[], Sequence[str]] = tuple
    #: What e-conomic's answer to the create shows that it did not take.
    ignored: Callable[[Reply], Sequence[str]] = lambda _: ()
    #: Seconds for which e-conomic's word on a number holds: what it stands for may become another thing.
    proof_holds: float = 0.0
    #: Under which only one is looked up at a time, besides ``identity``; None: under that alone.
    turn: str | None = None


class Obtain(Protocol):
    """How the number of a shared resource is obtained: found or created, or only predicted by a plan."""

    def __call__(self, execution: Execution, resource: SharedResource, /, *, agreement: int) -> str:
        """Return e-conomic's number. Raises ``Rejected`` for a question to a person, and e-conomic's errors."""
        ...


def known_key(agreement: int, known_as: str) -> str:
    """Return the store's key under which a number is remembered."""
    return f"known:{agreement}:{known_as}"


def find_or_create(execution: Execution, resource: SharedResource, *, agreement: int) -> str:
    """Return e-conomic's number of a shared resource, creating it if a lookup finds none.

    The invoice that creates it carries the remarks on it. Raises ``Busy`` while another worker does the same, and
    whatever the lookup and the create raise.
    """
    context, remembered = execution.context, known_key(agreement, resource.known_as)
    with flight(context, remembered) as known:
        if not known.number:
            key = f"making:{agreement}:{resource.identity}"
            with _turn(context, resource, agreement), flight(context, key) as making:
                number = resource.lookup() or _create(execution, resource, key, making, agreement)
            write_down(context, remembered, replace(known, number=number))
            return number
        if context.clock() - known.proved_at < resource.proof_holds:
            return known.number
        if resource.exists(known.number):
            context.store.prove_shared({remembered: known.number})
            return known.number
    context.store.forget_shared(remembered)
    return find_or_create(execution, resource, agreement=agreement)


def _turn(context: ExportContext, resource: SharedResource, agreement: int) -> AbstractContextManager[object]:
    return flight(context, f"turn:{agreement}:{resource.turn}") if resource.turn else nullcontext()


@contextmanager
def flight(context: ExportContext, key: str) -> Iterator[SharedRecord]:
    """Give the record of something that is done once: with a number it has been done. Raises ``Busy`` meanwhile."""
    shared = context.store.open_shared(key)
    if shared.number:
        yield shared
        return
    try:
        with context.lease_renewal(partial(context.store.renew_shared, key, shared.fence)):
            yield shared
    finally:
        context.store.release_shared(key, shared.fence)


def write_down(context: ExportContext, key: str, record: SharedRecord) -> None:
    """Record what a flight has come to. Raises ``Busy`` when another has taken it over: the invoice is still ours."""
    try:
        context.store.save_shared(key, record)
    except LeaseLost as lost:
        text = "Another worker has taken over the creation of the same customer or product in e-conomic."
        raise Busy(failure(ProcessReason.BUSY, text), retry_after=2.0) from lost


def _create(execution: Execution, resource: SharedResource, key: str, making: SharedRecord, agreement: int) -> str:
    context = execution.context
    context.check_clocks()
    making = _recorded(execution, resource, key, making, agreement)
    try:
        reply = context.economic.send(cast("Intent", making.intent))
    except Refused as refusal:
        execution.withdraw(resource.remarks())
        _allow_another(context, key, making)
        return _after_refusal(resource, refusal)
    number = _created_number(resource, cast("Intent", making.intent), reply)
    if reply.replayed:
        _confirm(context, resource, key, making, number)
    for remark in resource.ignored(reply):
        execution.note(remark)
    return number


def _created_number(resource: SharedResource, intent: Intent, reply: Reply) -> str:
    """Read the number of what was created; an answer that is not about what was sent leaves it to the next lookup.

    What the answer names is read by its number first: e-conomic may have written in its own way what was sent.
    """
    sent = json.loads(intent.body)
    try:
        number = resource.number_of(reply)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        text = f"e-conomic answered the creation of a {resource.step} with status {reply.status} and no number."
        raise Uncertain(failure(ProcessReason.OUTCOME_UNKNOWN, text)) from error
    if about_created(sent, reply.body, number) or about_created(sent, resource.read(number), number):
        return number
    text = f"e-conomic answered the creation of a {resource.step} with another's data, under number {number}."
    raise Uncertain(failure(ProcessReason.OUTCOME_UNKNOWN, text))


def _after_refusal(resource: SharedResource, refusal: Refused) -> str:
    """Somebody else may have created it meanwhile, under another identity or by hand: only then it is not refused."""
    number = resource.lookup()
    if number:
        return number
    if refusal.replayed or refusal.codes & {"PayloadChanged", "URLChanged"}:
        raise _lookup_needed(refusal.failure.log_id) from refusal
    raise refusal


def _recorded(
    execution: Execution, resource: SharedResource, key: str, making: SharedRecord, agreement: int
) -> SharedRecord:
    """Leave the intent before the effect; one that an earlier holder left is sent again while its key is remembered.

    Past that the lookup before us, which found nothing, allows a new create under a new key. Remarks come before the
    intent, so that they are on this invoice whoever sends it again.
    """
    context = execution.context
    if making.intent and context.clock() - making.intent.at < context.key_memory:
        return making
    generation = making.generation + (making.intent is not None)
    intent = _intent(context, resource, generation, agreement)
    execution.announce(resource.step, resource.remarks())
    recorded = replace(making, intent=intent, generation=generation)
    write_down(context, key, recorded)
    return recorded


def _intent(context: ExportContext, resource: SharedResource, generation: int, agreement: int) -> Intent:
    key = idempotency_key(f"{context.environment}-{agreement}", resource.identity, resource.step, generation)
    return Intent(
        step=resource.step, method="POST", path=resource.path, body=resource.body(), key=key, at=context.clock()
    )


def _allow_another(context: ExportContext, key: str, making: SharedRecord) -> None:
    """The next create needs a new key, as e-conomic may remember its answer under this one for an hour."""
    write_down(context, key, replace(making, intent=None, generation=making.generation + 1))


def _confirm(context: ExportContext, resource: SharedResource, key: str, making: SharedRecord, number: str) -> None:
    """A remembered success proves that it was created once, not that it is still there."""
    if not resource.exists(number):
        _allow_another(context, key, making)
        raise _lookup_needed("")


def _lookup_needed(log_id: str) -> Unavailable:
    text = "An earlier request to create the same customer or product has left a trace; it is looked up again."
    return Unavailable(failure(ProcessReason.BUSY, text, log_id=log_id), retry_after=2.0)
