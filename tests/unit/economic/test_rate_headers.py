"""Rate headers, as measured and as odd as they come."""

import pytest

from worker.domain.ports import Feedback
from worker.economic.api_calls import rate_feedback, retry_after

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, Feedback()),
        ({"x-callcost": "3"}, Feedback(cost=3)),
        ({"x-callcost": "L"}, Feedback()),
        ({"x-callcost": "-3"}, Feedback()),
        ({"x-callcost": "999999999"}, Feedback()),
        (
            {"x-ratelimiting": "token-limit-10000-per-60-seconds: 42/10000"},
            Feedback(used=42, granted=10000, capacity=10000),
        ),
        (
            {"x-ratelimiting": "token-limit-500-per-10-seconds: 5/500"},
            Feedback(used=30, granted=3000, capacity=500),  # x 60 / 10
        ),
        ({"x-ratelimiting": "token-limit-0-per-60-seconds: 0/0"}, Feedback()),
        ({"x-ratelimiting": "unlimited"}, Feedback()),
    ],
)
def test_what_is_not_understood_is_not_said(headers: dict[str, str], expected: Feedback) -> None:
    """A header that changes its form costs precision, never an invoice."""
    assert rate_feedback(200, headers, NOW) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, Feedback()), (400, Feedback()), (429, Feedback(throttled=True)), (503, Feedback(failed=True))],
)
def test_the_status_tells_health(status: int, expected: Feedback) -> None:
    """Only the server's own errors count against its health."""
    assert rate_feedback(status, {}, NOW) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("Fri, 15 Jan 2027 08:00:45 GMT", 45.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("999999999", 86_400.0),
        ("soon", None),
        ("-5", None),
        ("1e9", None),
        ("", None),
        ("Fri, 99 Jan 2027 08:00:45 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    """Between now and a day from now, or not said."""
    assert retry_after(text, NOW) == seconds
