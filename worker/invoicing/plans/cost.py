"""How long an export takes at best: calls, what they cost, and how fast the agreement may be called."""

from config.exports import Limits
from worker.invoicing.plans.plan import Cost

#: Tokens of a call: a page of a listing was measured at 3; what writes cost is not documented, so the estimate is high.
READ_TOKENS, WRITE_TOKENS = 3.0, 10.0


def cost(reads: int, writes: int, limits: Limits) -> Cost:
    """Return what so many calls take when nothing but the agreement's rate holds them up."""
    tokens = reads * READ_TOKENS + writes * WRITE_TOKENS
    return Cost(
        reads=reads,
        writes=writes,
        minutes=tokens / (limits.tokens_per_minute * limits.share),
        days=(reads + writes) / limits.calls_per_day,
    )
