"""Everything a running sandbox holds; the protocol reads and moves it, the control path looks into it."""

import copy
from collections.abc import Mapping
from fnmatch import fnmatchcase

from worker.sandbox.clock import Clock
from worker.sandbox.faults import FaultScript
from worker.sandbox.idempotency import KeyMemory
from worker.sandbox.rate import Meter
from worker.sandbox.request_log import Journal
from worker.sandbox.routes import Route
from worker.sandbox.state import Agreement
from worker.sandbox.switches import ProtocolSwitches

#: App secret and agreement grant token.
Tokens = tuple[str, str]
UNROUTED_COST = 1


class ServerState:
    """The agreements behind their tokens, time, the journal, the fault script and the protocol_switches."""

    def __init__(self, agreements: Mapping[Tokens, Agreement], clock: Clock) -> None:
        self._pristine = copy.deepcopy(dict(agreements))
        self.clock = clock
        self.reset()

    def reset(self) -> None:
        """Return to the beginning: content, keys, meters, journal, faults, protocol_switches, time."""
        self.agreements = copy.deepcopy(self._pristine)
        self.clock.reset()
        self.protocol_switches = ProtocolSwitches()
        self.journal = Journal()
        self.faults = FaultScript()
        self._meters: dict[int, Meter] = {}
        self._keys: dict[tuple[str, int], KeyMemory] = {}

    def numbered(self, number: int) -> Agreement | None:
        """Return the agreement with this number."""
        return next((each for each in self.agreements.values() if each.number == number), None)

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
