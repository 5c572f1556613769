"""The headers by which e-conomic speaks of its rate limit; each may be missing or odd.

Measured on a live agreement (August 2026): ``X-CallCost: 3`` (another observer saw a letter) and
``X-RateLimiting: token-limit-10000-per-60-seconds: 42/10000``, where the first number is what is used.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from worker.domain.ports import Feedback

_RATE = re.compile(r"token-limit-(\d{1,9})-per-(\d{1,6})-seconds:\s*(\d{1,9})\s*/")
#: Tokens of one call beyond which the header is not believed: a slip of it would hold the agreement for days.
_HIGHEST_COST = 1000.0
#: No pause that e-conomic asks for is believed beyond a day.
_LONGEST_PAUSE = 86_400.0


def feedback(status: int, headers: Mapping[str, str], now: float) -> Feedback:
    """Read an answer's headers; counts come out per 60 seconds, whatever the window that they speak of."""
    used, granted = _rate(headers.get("x-ratelimiting", ""))
    return Feedback(
        cost=_cost(headers.get("x-callcost", "")),
        used=used,
        granted=granted,
        retry_after=retry_after(headers, now),
        throttled=status == 429,  # noqa: PLR2004  # the status has a name only in RFC 6585
        failed=status >= 500,  # noqa: PLR2004  # the server's own errors begin here
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds of ``Retry-After``, written as a number or as a date; None when there is none to be read."""
    text = headers.get("retry-after", "").strip()
    seconds = _whole(text)
    if seconds is None:
        seconds = _until(text, now)
    return None if seconds is None else min(max(seconds, 0.0), _LONGEST_PAUSE)


def _cost(text: str) -> float | None:
    cost = _whole(text)
    return cost if cost is not None and cost <= _HIGHEST_COST else None


def _whole(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}", text.strip(), re.ASCII) else None


def _rate(text: str) -> tuple[float | None, float | None]:
    found = _RATE.search(text)
    if not found or int(found[1]) == 0 or int(found[2]) == 0:
        return None, None
    scale = 60 / int(found[2])
    return int(found[3]) * scale, int(found[1]) * scale


def _until(text: str, now: float) -> float | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
