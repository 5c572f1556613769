"""The consumer of the event queue: takes events, writes all invoices of each to the store, then acknowledges it.

Killed at any point, it leaves its events in its own list, from where it or another consumer takes them up again;
writing the same invoices twice changes nothing. Several events are read side by side: see ``worker.intake.lanes``.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from threading import Event as Stop

import structlog

from worker.domain.reasons import EventReason, ProcessReason
from worker.domain.store_port import IntakePort
from worker.errors import Retryable, StoreUnavailable
from worker.intake.event_errors import EventRefused, refused
from worker.intake.event_outcome import dead_event, for_a_person, places
from worker.intake.lanes import Lanes, Reading, place_of
from worker.intake.outage_log import OutageLog
from worker.intake.queue import EventQueue, digest, envelope
from worker.intake.reading import CheckedPeriod, Event, Reader, read_event

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
    #: Shows that this process is alive; called at every turn, and while a large event is read and written.
    show_life: Callable[[], None] = lambda: None
    #: Tries to read what an event refers to, before it is refused.
    fetch_attempts: int = 10
    #: Seconds between tries while Redis or a host is down.
    pause: float = 1.0
    #: Processes that may be killed while they read an event; then it becomes a dead letter.
    most_readings: int = 3
    #: Where events are read; by itself one after the other.
    lanes: Lanes = field(default_factory=Lanes)
    #: The events whose reading this process has counted and not ended, by digest.
    begun: set[str] = field(default_factory=set)
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
        self.lanes.close()
        try:
            self.queue.leave()
        except StoreUnavailable as error:
            # Another consumer takes over what is left once this one's heartbeat has run out.
            outage.down(error)

    def turn(self, stop: Stop) -> None:
        """Take at most one event, to be taken in, postponed or refused in its lane. Raises ``StoreUnavailable``."""
        self._beat()
        taken_over = self.queue.reap()
        if taken_over:
            log.info("events_taken_over", events=taken_over)
        if not self.lanes.room(PATIENCE):
            return
        in_hand = self.lanes.in_hand()
        raw = self.queue.take(PATIENCE, besides=in_hand)
        if raw is not None and raw not in in_hand:  # the same bytes again: their turn comes once the first are done
            self._begin(raw, stop)

    def _beat(self) -> None:
        self.queue.beat()
        self.show_life()

    def _begin(self, raw: bytes, stop: Stop) -> None:
        if self._last_chance(raw):
            self.lanes.start(Reading(raw=raw, alone=True, run=lambda: self._open_and_take_in(raw, stop)))
        elif event := self._open(raw, stop):
            run = partial(self._read, raw, event, lambda: self._take_in(raw, event, stop), stop)
            self.lanes.start(Reading(raw=raw, export=event.data.export, place=place_of(event), run=run))

    def _last_chance(self, raw: bytes) -> bool:
        """Tell whether the next death would be this event's last: it must not be taken for another event's then."""
        own = digest(raw) in self.begun
        return self.queue.readings(raw) - own >= self.most_readings - 1

    def _open_and_take_in(self, raw: bytes, stop: Stop) -> None:
        event = self._open(raw, stop)
        if event:
            self._read(raw, event, lambda: self._take_in(raw, event, stop), stop)

    def _open(self, raw: bytes, stop: Stop) -> Event | None:
        """Count the reading, and read the event without its invoices; None when that was its end."""
        opened: list[Event] = []

        def first() -> None:
            self._count(raw)
            opened.append(read_event(raw, limit=self.event_limit))

        self._read(raw, None, first, stop)
        return opened[0] if opened else None

    def _read(self, raw: bytes, event: Event | None, work: Callable[[], None], stop: Stop) -> None:
        """Do a part of the reading; what fails is the event's end, or postpones it. Raises ``StoreUnavailable``."""
        try:
            work()
        except EventRefused as refusal:
            self._move_to_dead_letters(raw, event, refusal)
        except StoreUnavailable:
            raise
        except Retryable as error:
            self._postpone(raw, event, error, stop)
        except Exception as error:  # noqa: BLE001  # one event that hits a fault of ours must not stop all others
            log.error("event_failed", error=type(error).__name__, at=places(error.__traceback__))  # noqa: TRY400  # a traceback's text may hold customer data
            text = f"A fault in this program ({type(error).__name__}); its log says where."
            self._move_to_dead_letters(raw, event, refused(ProcessReason.INTERNAL_ERROR, text))

    def _count(self, raw: bytes) -> None:
        """Count the reading that begins, unless this process took the event before and is still alive."""
        name = digest(raw)
        if name not in self.begun:
            # Noted first: a lost answer must not count twice. At worst a death is missed.
            self.begun.add(name)
            readings = self.queue.begin(raw)
            if readings > self.most_readings:
                text = f"{readings - 1} readings of this event ended with the death of the process that read it."
                raise refused(EventReason.EVENT_KILLS, text)

    def _finished(self, raw: bytes) -> None:
        self.queue.acknowledge(raw)
        self.begun.discard(digest(raw))

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
        refusal = for_a_person(event, read, done, conflicts=conflicts)
        if not repeated:
            self.store.close_event(read.period.id, name, read.contents)
        if refusal:
            self._move_to_dead_letters(raw, event, refusal)
        else:
            self._finished(raw)
        self._announce(read)

    def _register(self, read: CheckedPeriod, name: str, stop: Stop) -> Counter[str] | None:
        """Write the period and its invoices, and count what became of them; None when stopped before the end."""
        began = self.clock()
        first = self.store.open_period(read.period, name)
        done: Counter[str] = Counter()
        invoices = read.invoices()
        while chunk := list(islice(invoices, CHUNK)):
            if stop.is_set():
                return None
            self._beat()
            registered = self.store.register(read.period.id, name, chunk)
            done.update({kind: len(ids) for kind, ids in asdict(registered).items()})
        log.info(
            "event_taken_in",
            event_key=name,
            period=read.period.id,
            first=first,
            left_out=len(read.left_out),
            **done,
            ms=round((self.clock() - began) * 1000),
        )
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
        self.begun.discard(digest(raw))
        log.warning("event_postponed", event_key=event.key if event else "", reason=error.failure.reason)
        stop.wait(self.pause)

    def _move_to_dead_letters(self, raw: bytes, event: Event | None, refusal: EventRefused) -> None:
        dead = dead_event(raw, event, refusal, at=self.clock())
        self.queue.dead_letter(raw, envelope(dead))
        self.begun.discard(digest(raw))
        log.error("event_refused", dead_event=dead.id, reason=dead.reason.value, problems=len(dead.problems))
