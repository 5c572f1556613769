"""The sign of life that a process leaves in the store, so that commands and the page know when none is left."""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from worker.domain.signs_of_life import FileNotTaken, LifePort, Part
from worker.errors import StoreUnavailable

#: Seconds between two signs: three may get lost before a process counts as dead.
EVERY = 10.0
#: Seconds for which the end of a process waits for its last word.
_LAST_WORD = 2.0
#: Characters of a fault that are shown.
_MOST_FAULT = 300


def process_name(own: str = "") -> str:
    """Return a name that no other process has: its own one, else host and process number."""
    return own or f"{socket.gethostname()}-{os.getpid()}"


@dataclass(kw_only=True, slots=True)
class ShownLife:
    """Called as often as one likes, it leaves a sign every ten seconds. A store that is away is no reason to fail."""

    store: LifePort
    part: Part
    #: Unique among those of its part.
    name: str
    monotonic: Callable[[], float] = time.monotonic
    #: Done before each sign, for example a look whether the store still is where its name says.
    look: Callable[[], None] = lambda: None
    #: Returns why this process does not use the exports file as it is now.
    not_taken: Callable[[], FileNotTaken | None] = lambda: None
    #: When the last sign was left, by ``monotonic``.
    _shown_at: float = field(default=float("-inf"), init=False)

    def __call__(self) -> None:
        """Leave a sign, unless one was left just now."""
        now = self.monotonic()
        if now - self._shown_at >= EVERY:
            self._shown_at = now
            self.look()
            with suppress(StoreUnavailable):
                self.store.show_life(self.part, self.name, not_taken=self.not_taken())

    def leave(self) -> None:
        """Take the sign back: this process ends in order."""
        with suppress(StoreUnavailable):
            self.store.end_life(self.part, self.name)


@dataclass(kw_only=True, slots=True)
class ShownFaults:
    """What is wrong with folders, left as signs for as long as it lasts; called as often as one likes."""

    store: LifePort
    #: Export -> what is wrong, by kind of source; others change them meanwhile.
    faults: Sequence[Mapping[str, str]]
    _shown: dict[str, ShownLife] = field(default_factory=dict, init=False)

    def __call__(self) -> None:
        """Leave a sign of each fault, and take back those of what is well again."""
        now = {_fault_name(export, text) for each in self.faults for export, text in list(each.items())}
        for name in self._shown.keys() - now:
            self._shown.pop(name).leave()
        for name in now:
            self._shown.setdefault(name, ShownLife(store=self.store, part=Part.FOLDER_FAULT, name=name))()

    def leave(self) -> None:
        """Take all back: this process ends in order."""
        for life in self._shown.values():
            life.leave()


def _fault_name(export: str, text: str) -> str:
    """Return what ``health`` reads; what a file's name has that is no text is shown by its number."""
    return f"{export}: {text}"[:_MOST_FAULT].encode(errors="backslashreplace").decode()


def keep_showing(life: ShownLife, *, well: Callable[[], bool] = lambda: True) -> Callable[[], None]:
    """Leave signs from a thread for as long as all is ``well``; return what ends it, and takes the sign back."""
    stop = threading.Event()

    def show() -> None:
        while not stop.is_set():
            if well():
                life()
            stop.wait(EVERY)
        life.leave()

    thread = threading.Thread(target=show, name="sign-of-life", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(_LAST_WORD)

    return end
