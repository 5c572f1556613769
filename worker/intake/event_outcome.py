"""What a person has to see of an event: of one that was taken in, and of one that was refused."""

from collections import Counter
from types import TracebackType

from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.event_errors import EventRefused
from worker.intake.queue import DeadEvent, digest
from worker.intake.reading import CheckedPeriod, Event

#: What became of invoices, for people.
_BECAME = {
    "added": "new",
    "known": "the same as before",
    "replaced": "replaced, as nothing of them was sent yet",
    "conflicts": "kept as they were, as they were sent already",
}


def for_a_person(event: Event, read: CheckedPeriod, done: Counter[str], *, conflicts: bool) -> EventRefused | None:
    """Return what a person has to see of an event that was taken in; None when all of it is well."""
    first = []
    if conflicts:
        counts = ", ".join(f"{number} {_BECAME[kind]}" for kind, number in done.items() if number)
        text = (
            f"Event {event.key} was taken in before with other content. Invoices of this one: {counts or 'taken in'}."
        )
        first.append(Problem(reason=EventReason.EVENT_CONFLICT, description=text, field="id", value=event.head.id))
    if not read.left_out:
        return EventRefused(first) if first else None
    others = (
        "other invoice was" if done.total() == 1 else f"other {done.total() or ''} invoices were".replace("  ", " ")
    )
    text = f"The {others} taken in; send the event again with what is named here corrected."
    return read.left_out.refusal(*first, last=text)


def dead_event(raw: bytes, event: Event | None, refusal: EventRefused, *, at: float) -> DeadEvent:
    """Return what is kept beside a refused event."""
    return DeadEvent(
        id=digest(raw),
        bytes=len(raw),
        at=at,
        problems=refusal.problems,
        event_key=event.key if event else "",
        export=event.data.export if event else "",
        period=event.data.period.name if event else "",
    )


def places(trace: TracebackType | None) -> list[str]:
    """Return the modules and lines of a traceback, without its texts: these may hold customer data."""
    found = []
    while trace:
        found.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found
