"""Rules of every store as pure functions: what a transition changes, and failures that a store finds itself."""

from dataclasses import dataclass

from worker.domain.reasons import ProcessReason
from worker.domain.reasons import failure as failure_of
from worker.domain.record import Continue, Finish, MoveToDeadLetters, Outcome, Progress, State, Transition, Wait
from worker.errors import Failure

#: Whoever creates a customer or product is done within a call or two: ask again this soon, in seconds.
BUSY_RETRY = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What a transition changes, whichever kind it is."""

    state: State
    #: History entry.
    event: str
    detail: str = ""
    outcome: Outcome | None = None
    #: Not before; 0 when not waiting.
    due_at: float = 0.0
    #: The failure from now on.
    failure: Failure | None = None
    attempts: int = 0


def effect_of(transition: Transition, standing: Failure | None) -> Effect:
    """Return what this transition changes; ``standing`` is the failure so far, kept where there is no new one."""
    match transition:
        case Continue(event=event, detail=detail):
            return Effect(state=State.EXPORTING, event=event, detail=detail, failure=standing)
        case Finish(outcome=outcome, detail=detail):
            return Effect(state=State.EXPORTED, event=outcome.value, detail=detail, outcome=outcome)
        case Wait(until=until, failure=failure, costs_attempt=costs):
            return Effect(
                state=State.WAITING,
                event="retry",
                detail=failure.reason,
                due_at=until,
                failure=failure,
                attempts=int(costs),
            )
        case MoveToDeadLetters(failure=failure):
            return Effect(state=State.DEAD, event="dead", detail=failure.reason, failure=failure)
        case _:
            return Effect(state=State.QUEUED, event="paused", failure=standing)


def anything_sent(progress: Progress) -> bool:
    """Tell whether something of the invoice is, or may be, in e-conomic, so that its content must not change."""
    return bool(
        progress.intent
        or progress.lookup
        or progress.not_found_since
        or progress.draft_number
        or progress.booked_number
        or progress.voucher
    )


def progress_of_replaced(progress: Progress) -> Progress:
    """Return the progress of an invoice whose content was replaced before anything of it was in e-conomic.

    The generation rises, so that the other content never travels under a key that a refused request has used.
    """
    return Progress(generation=progress.generation + 1)


def worker_killed(max_crashes: int) -> Failure:
    """Return the failure of an invoice whose workers were killed each time."""
    return failure_of(
        ProcessReason.WORKER_KILLED,
        f"The worker that exported this invoice was killed {max_crashes} times in a row before it could say why.",
    )


def worker_suspected(crashes: int) -> Failure:
    """Return the failure of an invoice that gets its last chance."""
    return failure_of(
        ProcessReason.WORKER_KILLED,
        f"The worker that exported this invoice was killed {crashes} times in a row before it could say why. "
        "It is tried once more, apart from others that were killed with it.",
        next_step="Nothing yet. If workers go on being killed, check their memory and their log.",
    )


def claimed_elsewhere() -> Failure:
    """Return the failure of an invoice that meets another worker at its customer or product."""
    return failure_of(
        ProcessReason.BUSY, "Another worker is creating the same customer or product in e-conomic right now."
    )


def period_gone(period_id: str) -> Failure:
    """Return the failure of an event whose period vanished while it was being taken in."""
    return failure_of(
        ProcessReason.STORE_UNAVAILABLE,
        f"Period {period_id} is no longer in the store, although its event is being taken in: Redis lost data.",
        next_step="Nothing for this event: it is read again from its beginning. Find out why Redis lost data.",
    )
