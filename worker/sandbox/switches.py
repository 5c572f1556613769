"""Settings of the sandbox as a whole, changed over the control path while it runs."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(kw_only=True, slots=True)
class ProtocolSwitches:
    """How the protocol behaves; what is unknown of the real e-conomic has the harsher reading as default."""

    #: Milliseconds that every call takes at least.
    latency_ms: float = 0.0
    #: Tokens granted per 60 seconds and agreement (``X-RateLimiting``, measured on a live agreement, August 2026).
    rate_limit: int = 10_000
    #: ``window``: tokens used up, nothing passes until the 60 seconds are over; ``refill``: they come back
    #: continuously. The header's wording fits a window, which is also the harsher of the two.
    rate_mode: Literal["window", "refill"] = "window"
    #: ``METHOD /path/template`` (``*`` matches anything) -> tokens, instead of the route's own cost.
    costs: dict[str, int] = field(default_factory=dict)
    #: How long an idempotency key is remembered, in seconds of the sandbox's clock (e-conomic docs: one hour).
    key_memory: float = 3600.0
    #: Calls per 24 hours and agreement beyond which a finding is recorded (e-conomic's fair-use policy).
    daily_calls: int = 50_000
