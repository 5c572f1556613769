"""The consumer of the event queue: takes an event, writes all its invoices to the store, then acknowledges it.

Killed at any point, it leaves the event in its own list, from where it or another consumer takes it up again; writing
the same invoices twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from threading import Event as Stop
from types import TracebackType

import structlog

from worker.domain.reasons import EventReason, ProcessReason
from worker.domain.store_port import IntakePort
from worker.errors import Retryable, StoreUnavailable
from worker.intake.event import Event
from worker.intake.event_errors import EventRefused, refused
from worker.intake.queue import DeadEvent, EventQueue, digest, envelope
from worker.intake.reading import Reader, ReadPeriod, read_event

log = structlog.get_logger()

#: Invoices written to the store in one trip: a few milliseconds of Redis' time.
CHUNK = 200
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
    #: Tries to read what an event refers to, before it is refused.
    fetch_attempts: int = 10
    #: Seconds between tries while Redis or a host is down.
    pause: float = 1.0
    #: How often each event was postponed, by digest; forgotten at the end of the process.
    postponed: Counter[str] = field(default_factory=Counter)

    def run(self, stop: Stop) -> None:
        """Consume until stopped; never ends for a bad event or a Redis that is down."""
        while not stop.is_set():
            try:
                self.turn(stop)
            except StoreUnavailable:
                log.warning("store_unavailable", room="intake")
                stop.wait(self.pause)
        try:
            self.queue.leave()
        except StoreUnavailable:
            # Another consumer takes over what is left once this one's heartbeat has run out.
            log.warning("store_unavailable", room="intake")

    def turn(self, stop: Stop) -> None:
        """Take at most one event and take it in, postpone it or refuse it. Raises ``StoreUnavailable``."""
        self.queue.beat()
        taken_over = self.queue.reap()
        if taken_over:
            log.info("events_taken_over", events=taken_over)
        raw = self.queue.take(PATIENCE)
        if raw is not None:
            self._handle(raw, stop)

    def _handle(self, raw: bytes, stop: Stop) -> None:
        event: Event | None = None
        try:
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

    def _take_in(self, raw: bytes, event: Event, stop: Stop) -> None:
        if self.store.event_known(event.key):
            self.queue.acknowledge(raw)
            log.info("event_known", event_key=event.key)
            return
        read = self.reader.read(event)
        if self._register(read, event, stop):
            self.store.close_event(read.period.id, event.key)
            self.queue.acknowledge(raw)
            self._announce(read)

    def _register(self, read: ReadPeriod, event: Event, stop: Stop) -> bool:
        """Write the period and its invoices; False when stopped before the end."""
        self.store.open_period(read.period, event.key)
        done: Counter[str] = Counter()
        for start in range(0, len(read.invoices), CHUNK):
            if stop.is_set():
                return False
            self.queue.beat()
            registered = self.store.register(read.period.id, event.key, read.invoices[start : start + CHUNK])
            done.update({name: len(ids) for name, ids in asdict(registered).items()})
        log.info("event_taken_in", event_key=event.key, period=read.period.id, **done)
        return True

    def _announce(self, read: ReadPeriod) -> None:
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
        log.error("event_refused", dead_event=dead.id, reason=dead.reason.value, problems=len(dead.problems))


def _places(trace: TracebackType | None) -> list[str]:
    places = []
    while trace:
        places.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places
