"""Everything a running sandbox holds: agreements, its own time, request log, faults, switches, meters and keys."""

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from worker.sandbox.faults import FaultScript
from worker.sandbox.idempotency import KeyMemory
from worker.sandbox.rate import Meter
from worker.sandbox.request_log import RequestLog
from worker.sandbox.routes import Route
from worker.sandbox.state import Agreement
from worker.sandbox.switches import ProtocolSwitches

#: App secret and agreement grant token.
Tokens = tuple[str, str]
UNROUTED_COST = 1


class Clock:
    """Real seconds plus whatever the control path has added."""

    def __init__(self, real: Callable[[], float]) -> None:
        self._real = real
        self._offset = 0.0

    def now(self) -> float:
        """Return seconds since the epoch."""
        return self._real() + self._offset

    def moment(self) -> datetime:
        """Return the same as a UTC timestamp."""
        return datetime.fromtimestamp(self.now(), UTC)

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._offset += seconds

    def set(self, seconds: float) -> None:
        """Jump to this time (seconds since the epoch) and run on from there."""
        self._offset = seconds - self._real()

    def reset(self) -> None:
        """Return to real time."""
        self._offset = 0.0


class ServerState:
    """The protocol reads and changes it; the control path looks into it."""

    def __init__(self, agreements: Mapping[Tokens, Agreement], clock: Clock) -> None:
        self._pristine = copy.deepcopy(dict(agreements))
        self.clock = clock
        self.reset()

    def reset(self) -> None:
        """Return to the beginning: content, keys, meters, request log, faults, switches, time."""
        self.agreements = copy.deepcopy(self._pristine)
        self.clock.reset()
        self.protocol_switches = ProtocolSwitches()
        self.request_log = RequestLog()
        self.faults = FaultScript(self.clock.now)
        self._meters: dict[int, Meter] = {}
        self._keys: dict[tuple[str, int], KeyMemory] = {}

    def numbered(self, number: int) -> Agreement | None:
        """Return the agreement with this number."""
        return next((agreement for agreement in self.agreements.values() if agreement.number == number), None)

    def meter(self, agreement: Agreement) -> Meter:
        """Return the agreement's meter: one budget for all apps and both hosts."""
        return self._meters.setdefault(agreement.number, Meter())

    def keys(self, app_secret: str, agreement: Agreement) -> KeyMemory:
        """Return the key memory that everything with this app and agreement shares."""
        return self._keys.setdefault((app_secret, agreement.number), KeyMemory())

    def cost(self, method: str, path: str, route: Route | None) -> int:
        """Return the tokens of one call."""
        for pattern, cost in self.protocol_switches.costs.items():
            if fnmatchcase(f"{method} {path}", pattern) or (route and pattern == f"{method} {route.path}"):
                return cost
        return UNROUTED_COST if route is None else route.cost
