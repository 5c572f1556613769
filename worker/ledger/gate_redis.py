"""The rate gate that all workers share, in Redis; its scripts say what ``gate_rules`` says."""

import importlib.resources
import json
import time
from collections.abc import Callable
from typing import Any

import redis

from config.exports import Limits
from worker.errors import LedgerDown
from worker.invoicing.economic_port import Feedback, Permit
from worker.invoicing.reasons import Reason, failure
from worker.ledger import gate_state
from worker.ledger.gate import Gate
from worker.ledger.gate_state import Request, Verdict

_RULES = {
    "slice": gate_state.SLICE,
    "slices": gate_state.SLICES,
    "day_slice": gate_state.DAY_SLICE,
    "day_slices": gate_state.DAY_SLICES,
    "tolerance": gate_state.TOLERANCE,
    "memory": gate_state.MEMORY,
    "floor": gate_state.FLOOR,
    "pause": gate_state.PAUSE,
    "ebb": gate_state.EBB,
    "failures": gate_state.FAILURES,
    "hold": gate_state.HOLD,
    "longest_hold": gate_state.LONGEST_HOLD,
    "probe": gate_state.PROBE,
    "probe_wait": gate_state.PROBE_WAIT,
    "queue": gate_state.QUEUE,
}


class RedisGate(Gate):
    """The gate of the product. Without a clock the Redis server's own time counts, which all workers share."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        prefix: str = "",
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(sleep)
        self._prefix = prefix
        self._clock = clock
        self._acquire = client.register_script(_lua("gate.lua") + _lua("gate_acquire.lua"))
        self._report = client.register_script(_lua("gate.lua") + _lua("gate_report.lua"))

    def admit(self, agreement: str, request: Request) -> Verdict:
        """See ``Gate``."""
        fields = {
            "cost": request.cost,
            "correction": request.correction,
            "calls_per_day": request.limits.calls_per_day,
            "max_wait": request.max_wait,
        }
        word, wait, spent, granted, watched, probe = self._run(self._acquire, agreement, request.limits, fields)
        return Verdict(
            word=word if isinstance(word, str) else word.decode(),
            wait=float(wait),
            spent=float(spent),
            granted=float(granted),
            watched=bool(watched),
            probe=bool(probe),
        )

    def note(self, permit: Permit, feedback: Feedback, correction: float) -> None:
        """See ``Gate``."""
        fields = {
            "correction": correction,
            "failed": feedback.failed,
            "probe": permit.probe,
            "throttled": feedback.throttled,
            "granted": feedback.granted,
            "used": feedback.used,
            "retry_after": feedback.retry_after,
        }
        self._run(self._report, permit.agreement, permit.limits, fields)

    def _run(self, script: Any, agreement: str, limits: Limits, fields: dict[str, Any]) -> Any:
        now = None if self._clock is None else self._clock()
        pace = {"tokens_per_minute": limits.tokens_per_minute, "share": limits.share}
        ask = json.dumps({"rules": _RULES, "now": now, **pace, **fields})
        try:
            return script(keys=[f"{self._prefix}gate:{agreement}"], args=[ask])
        except redis.RedisError as error:
            text = f"Redis does not answer ({type(error).__name__}), so no call may be sent."
            raise LedgerDown(failure(Reason.LEDGER_DOWN, text)) from error


def _lua(name: str) -> str:
    return importlib.resources.files("worker.ledger").joinpath("lua", name).read_text(encoding="utf-8")
