"""The consumer of the event queue: takes an event, writes all its invoices to the store, then acknowledges it.

Killed at any point, it leaves the event in its own list, from where it or another consumer takes it up again; writing
the same invoices twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from threading import Event as Stop
from types import TracebackType

import structlog

from worker.domain.reasons import EventReason, ProcessReason
from worker.domain.store_port import IntakePort
from worker.domain.sums import Problem
from worker.errors import Retryable, StoreUnavailable
from worker.intake.event_errors import EventRefused, refused
from worker.intake.outage_log import OutageLog
from worker.intake.queue import DeadEvent, EventQueue, digest, envelope
from worker.intake.reading import CheckedPeriod, Event, Reader, read_event

log = structlog.get_logger()

#: Invoices written to the store in one trip: a few milliseconds of Redis' time.
CHUNK = 200
#: What became of invoices, for people.
_BECAME = {
    "added": "new",
    "known": "the same as before",
    "replaced": "replaced, as nothing of them was sent yet",
    "conflicts": "kept as they were, as they were sent already",
}
#: Seconds to wait at an empty queue; a stop is noticed within them.
PATIENCE = 1.0


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """One consumer; any number may run beside each other."""

    queue: EventQueue
    store: IntakePort
    reader: Reader
    #: Publishes the message that has the period checked: period id, export. The sweep repeats a lost one.
    announce: Callable[[str, str], None]
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Largest event accepted, in bytes.
    event_limit: int
    #: Shows that this process is alive; called at every turn, and while a large event is read and written.
    show_life: Callable[[], None] = lambda: None
    #: Tries to read what an event refers to, before it is refused.
    fetch_attempts: int = 10
    #: Seconds between tries while Redis or a host is down.
    pause: float = 1.0
    #: Processes that may be killed while they read an event; then it becomes a dead letter.
    most_readings: int = 3
    #: The event whose reading this process has counted and not ended, by digest.
    begun: list[str] = field(default_factory=list)
    #: How often each event was postponed, by digest; forgotten at the end of the process.
    postponed: Counter[str] = field(default_factory=Counter)

    def run(self, stop: Stop) -> None:
        """Consume until stopped; never ends for a bad event or a Redis that is down."""
        outage = OutageLog("intake")
        while not stop.is_set():
            try:
                self.turn(stop)
            except StoreUnavailable as error:
                outage.down(error)
                stop.wait(self.pause)
            else:
                outage.up()
        try:
            self.queue.leave()
        except StoreUnavailable as error:
            # Another consumer takes over what is left once this one's heartbeat has run out.
            outage.down(error)

    def turn(self, stop: Stop) -> None:
        """Take at most one event and take it in, postpone it or refuse it. Raises ``StoreUnavailable``."""
        self._beat()
        taken_over = self.queue.reap()
        if taken_over:
            log.info("events_taken_over", events=taken_over)
        raw = self.queue.take(PATIENCE)
        if raw is not None:
            self._handle(raw, stop)

    def _beat(self) -> None:
        self.queue.beat()
        self.show_life()

    def _handle(self, raw: bytes, stop: Stop) -> None:
        event: Event | None = None
        try:
            self._count(raw)
            event = read_event(raw, limit=self.event_limit)
            self._take_in(raw, event, stop)
        except EventRefused as refusal:
            self._move_to_dead_letters(raw, event, refusal)
        except StoreUnavailable:
            raise
        except Retryable as error:
            self._postpone(raw, event, error, stop)
        except Exception as error:  # noqa: BLE001  # one event that hits a fault of ours must not stop all others
            log.error("event_failed", error=type(error).__name__, at=_places(error.__traceback__))  # noqa: TRY400  # a traceback's text may hold customer data
            text = f"A fault in this program ({type(error).__name__}); its log says where."
            self._move_to_dead_letters(raw, event, refused(ProcessReason.INTERNAL_ERROR, text))

    def _count(self, raw: bytes) -> None:
        """Count the reading that begins, unless this process took the event before and is still alive."""
        name = digest(raw)
        if self.begun != [name]:
            # Noted first: a lost answer must not count twice. At worst a death is missed.
            self.begun[:] = [name]
            readings = self.queue.begin(raw)
            if readings > self.most_readings:
                text = f"{readings - 1} readings of this event ended with the death of the process that read it."
                raise refused(EventReason.EVENT_KILLS, text)

    def _finished(self, raw: bytes) -> None:
        self.queue.acknowledge(raw)
        self.begun.clear()

    def _take_in(self, raw: bytes, event: Event, stop: Stop) -> None:
        known = self.store.event_known(event.key)
        before = self.store.event_contents(event.key) if known else frozenset()
        # An event taken in by an earlier version of this program has no content on record: nothing to compare with.
        if known and (not before or event.file_hash in before):
            self._known(raw, event)
            return
        with self.reader.checked(event, alive=self._beat) as read:
            if before & read.contents:
                self._known(raw, event)
            else:
                self._write(raw, event, read, stop, conflicts=known)

    def _known(self, raw: bytes, event: Event) -> None:
        self._finished(raw)
        log.info("event_known", event_key=event.key)

    def _write(self, raw: bytes, event: Event, read: CheckedPeriod, stop: Stop, *, conflicts: bool) -> None:
        """Write what may be exported; an event that a person has to see then goes to the dead letters.

        In that order, because a dead letter is no longer tried again: killed in between, the event is begun once more.
        """
        # Other content under a known id is kept apart from what came first, and a part from the whole.
        apart = conflicts or bool(read.left_out)
        name = f"{event.key}@{min(read.contents)[:12]}" if apart else event.key
        # What was written before is not written again: a correction may have replaced it meanwhile.
        repeated = apart and self.store.event_known(name)
        done = Counter[str]() if repeated else self._register(read, name, stop)
        if done is None:
            return
        refusal = _for_a_person(event, read, done, conflicts=conflicts)
        if not repeated:
            self.store.close_event(read.period.id, name, read.contents)
        if refusal:
            self._move_to_dead_letters(raw, event, refusal)
        else:
            self._finished(raw)
        self._announce(read)

    def _register(self, read: CheckedPeriod, name: str, stop: Stop) -> Counter[str] | None:
        """Write the period and its invoices, and count what became of them; None when stopped before the end."""
        self.store.open_period(read.period, name)
        done: Counter[str] = Counter()
        invoices = read.invoices()
        while chunk := list(islice(invoices, CHUNK)):
            if stop.is_set():
                return None
            self._beat()
            registered = self.store.register(read.period.id, name, chunk)
            done.update({kind: len(ids) for kind, ids in asdict(registered).items()})
        log.info("event_taken_in", event_key=name, period=read.period.id, left_out=len(read.left_out), **done)
        return done

    def _announce(self, read: CheckedPeriod) -> None:
        try:
            self.announce(read.period.id, read.period.export)
        except Exception as error:  # noqa: BLE001  # whatever the broker's client raises: the sweep publishes it again
            log.warning("announcement_failed", period=read.period.id, error=type(error).__name__)

    def _postpone(self, raw: bytes, event: Event | None, error: Retryable, stop: Stop) -> None:
        self.postponed[digest(raw)] += 1
        if self.postponed[digest(raw)] >= self.fetch_attempts:
            del self.postponed[digest(raw)]
            text = f"{error.failure.description} Tried {self.fetch_attempts} times."
            self._move_to_dead_letters(
                raw, event, refused(EventReason.INVOICES_FILE_UNAVAILABLE, text, field="data.invoicesRef.url")
            )
            return
        self.queue.postpone(raw)
        self.begun.clear()
        log.warning("event_postponed", event_key=event.key if event else "", reason=error.failure.reason)
        stop.wait(self.pause)

    def _move_to_dead_letters(self, raw: bytes, event: Event | None, refusal: EventRefused) -> None:
        dead = DeadEvent(
            id=digest(raw),
            bytes=len(raw),
            at=self.clock(),
            problems=refusal.problems,
            event_key=event.key if event else "",
            export=event.data.export if event else "",
            period=event.data.period.name if event else "",
        )
        self.queue.dead_letter(raw, envelope(dead))
        self.begun.clear()
        log.error("event_refused", dead_event=dead.id, reason=dead.reason.value, problems=len(dead.problems))


def _for_a_person(event: Event, read: CheckedPeriod, done: Counter[str], *, conflicts: bool) -> EventRefused | None:
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


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace:
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places
