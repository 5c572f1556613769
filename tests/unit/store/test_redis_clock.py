"""The server's time between its answers."""

import re
from pathlib import Path

import pytest
from support.clock import ManualClock

from worker.store.connection import STALE, RedisClock

ROOT = Path(__file__).parents[3]


class Server:
    """A server that is asked over a line, by a host whose own clock stands anywhere."""

    def __init__(self) -> None:
        self.host = ManualClock(7.0)
        self.ahead = 1_800_000_000.0
        self.clock = RedisClock(monotonic=self.host)

    @property
    def now(self) -> float:
        return self.host() + self.ahead

    def ask(self, *, there: float = 0.0, back: float = 0.0) -> None:
        """Make a call that takes so many seconds each way."""
        sent = self.host()
        self.host.advance(there)
        at = self.now
        self.host.advance(back)
        self.clock.learn(at, sent=sent)


@pytest.fixture
def server() -> Server:
    return Server()


def test_nothing_is_known_before_an_answer(server: Server) -> None:
    """The host's own clock is no substitute."""
    assert server.clock.now() is None


def test_it_goes_on_between_answers(server: Server) -> None:
    """By the monotonic clock, which nobody sets."""
    server.ask()
    server.host.advance(STALE)

    assert server.clock.now() == pytest.approx(server.now)


def test_it_is_asked_again_after_a_minute(server: Server) -> None:
    """The server's clock may have been set meanwhile."""
    server.ask()
    server.host.advance(STALE + 1)

    assert server.clock.now() is None


@pytest.mark.parametrize(("there", "back"), [(0.0, 0.0), (4.0, 0.0), (0.0, 4.0), (3.0, 2.0)])
def test_it_is_never_ahead_and_a_quick_answer_counts(server: Server, there: float, back: float) -> None:
    """A slow answer says little, and takes nothing from what a quick one has said."""
    server.ask(there=there, back=back)
    slow = server.now - (server.clock.now() or 0.0)
    server.ask(there=0.001, back=0.001)
    server.ask(there=there, back=back)
    narrowed = server.now - (server.clock.now() or 0.0)

    assert slow == pytest.approx(back, abs=1e-5)
    assert -1e-5 <= narrowed <= 0.002 + 1e-5


@pytest.mark.parametrize("seconds", [-7200.0, -70.0, 70.0, 7200.0])
def test_a_server_whose_clock_is_set_is_followed(server: Server, seconds: float) -> None:
    """An NTP step, or another server after a failover: its answer contradicts those before it."""
    server.ask()
    server.ahead += seconds
    server.ask()

    assert server.clock.now() == pytest.approx(server.now)


def test_no_room_that_decides_asks_the_hosts_own_clock() -> None:
    """Two workers whose clocks differ must decide alike: the time of day comes from the store alone."""
    own = re.compile(r"time\.time\b|datetime\.now|utcnow|date\.today|time\.gmtime")
    rooms = ("worker/workflow", "worker/store", "worker/intake", "worker/economic", "worker/domain", "tasks")
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for room in (*rooms, "worker/runtime", "worker/dry_run")
        for path in (ROOT / room).rglob("*.py")
        for text in path.read_text(encoding="utf-8").splitlines()
        if own.search(text)
    ]

    assert found == []
