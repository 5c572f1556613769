"""Messages to people in one thread: store, clock and channels under control, and a process that may die anywhere."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from support.clock import ManualClock
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore

from config.names import NOTICE_KINDS
from config.notify_section import ChannelSetup
from worker.domain.signs_of_life import Part
from worker.notify.courier import LEASE, Courier, Pauses
from worker.notify.decide import Patience
from worker.notify.delivery import ACCEPTED, Delivery, Letter
from worker.notify.notifier import Notifier
from worker.notify.tone import Tone
from worker.notify.watch import NoticeWatch
from worker.web.language import translations

#: Seconds.
GATHER, WAIT = 60.0, 1800.0
ZONE = "Europe/Copenhagen"


def channel(id_: str = "installation", **fields: Any) -> ChannelSetup:
    """Return a channel that wants everything, in English."""
    export = id_.partition(":")[0] if ":" in id_ else ""
    values: dict[str, Any] = {
        "id": id_,
        "export": export,
        "url": SecretStr(f"test://{id_.replace(':', '-')}"),
        "url_env": "",
        "url_file": "",
        "language": "en",
        "kinds": frozenset(NOTICE_KINDS),
        "quiet_hours": "",
        "urgent": frozenset({"paused"}),
        "customer_values": False,
    }
    return ChannelSetup(**values | fields)


def tone_of(setup: ChannelSetup, page: str = "https://opter.example.dk") -> Tone:
    return Tone(
        language=setup.language,
        catalogue=translations(setup.language),
        zone=ZONE,
        page=page,
        customer_values=setup.customer_values,
    )


class Killed(BaseException):
    """The process is gone at this point."""


class Lives:
    """Counts effects, and kills the process before or after one of them."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        #: Number of the effect, and whether it has happened when the process dies; None: it lives.
        self.cut: tuple[int, bool] | None = None

    def effect(self, name: str, act: Callable[[], Any]) -> Any:
        self.effects.append(name)
        dies, after = self.cut or (0, False)
        here = self.cut is not None and len(self.effects) == dies
        if here and not after:
            raise Killed
        answer = act()
        if here:
            raise Killed
        return answer


class WatchedStore:
    """The store as a process that may die sees it."""

    _EFFECTS = frozenset({"known", "tell", "claim_message", "message_sent", "message_failed"})

    def __init__(self, store: MemoryStore, lives: Lives) -> None:
        self._store, self._lives = store, lives

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in self._EFFECTS:
            return method
        return lambda *args, **kwargs: self._lives.effect(name, lambda: method(*args, **kwargs))


class Receiver:
    """Every channel's other end: what it was handed, and how it answers."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, Letter]] = []
        #: Answers to the next attempts; then everything is accepted. An answer that is no refusal was handed over.
        self.answers: list[Delivery] = []
        self.attempts = 0

    def send(self, address: str, letter: Letter) -> Delivery:
        self.attempts += 1
        answer = self.answers.pop(0) if self.answers else ACCEPTED
        if answer.outcome != "refused":
            self.letters.append((address.partition("://")[2], letter))
        return answer

    def distinct(self) -> list[tuple[str, Letter]]:
        """Return the letters as a reader has them whose mail program, or webhook, knows a repeat by its id."""
        return list({letter.id: (to, letter) for to, letter in reversed(self.letters)}.values())[::-1]

    def subjects(self, to: str = "installation") -> list[str]:
        return [letter.subject for name, letter in self.letters if name == to]

    def repeats(self) -> int:
        return sum(number - 1 for number in Counter(letter.id for _, letter in self.letters).values())


class Bench:
    """Looks and sends, with all that a test may want to be otherwise."""

    def __init__(self, *channels: ChannelSetup, clock: ManualClock | None = None, certificates: bool = False) -> None:
        self.clock = clock or ManualClock()
        self.store = MemoryStore(clock=self.clock)
        self.events = MemoryEvents()
        self.queue = MemoryEventQueue(self.events, clock=self.clock)
        self.channels = channels or (channel(),)
        self.receiver = Receiver()
        self.lives = Lives()
        self.gaps: list[tuple[str, int, int]] = []
        self.patience = Patience(gather=GATHER, wait=WAIT, certificates=certificates)
        self.parts: Sequence[Part] = ()
        self.start()

    def start(self) -> None:
        """A new process: nothing but the store remembers anything."""
        store: Any = WatchedStore(self.store, self.lives)
        watch = NoticeWatch(
            store=store,
            events=self.queue,
            channels=self.channels,
            parts=self.parts,
            patience=self.patience,
            zone=ZONE,
            gaps=lambda _: list(self.gaps),
            clock=self.clock,
        )
        courier = Courier(
            store=store,
            channels=self.channels,
            tone=tone_of,
            send=lambda address, letter: self.lives.effect("send", lambda: self.receiver.send(address, letter)),
            secrets=Path("/nowhere"),
            pauses=Pauses(longest=3600.0),
        )
        self.notifier = Notifier(watch=watch, courier=courier, channels=self.channels, interval=15.0)

    def look(self, *, after: float = 0.0) -> None:
        """Look and send, channel after channel, after so many seconds."""
        self.clock.advance(after)
        self.notifier.watch.turn()
        for each in self.channels:
            self.notifier.courier.turn(each)

    def settle(self) -> None:
        """Look until everything that had to gather or to be taken over is sent."""
        for seconds in (0.0, GATHER + 1, WAIT + 1, LEASE + 1, 1.0):
            self.look(after=seconds)
