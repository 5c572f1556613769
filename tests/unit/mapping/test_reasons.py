"""The tables of reasons together."""

import pytest

from worker.domain.reasons import ReasonCode
from worker.economic.mapping.reasons import REASON_TABLES, REASONS, set_up_related
from worker.errors import Failure


@pytest.mark.parametrize("reason", REASONS.values())
def test_every_reason_is_explained(reason: ReasonCode) -> None:
    """A person finds title, cause and next step of every reason, each a whole sentence."""
    assert reason.heading
    assert [reason.cause[-1], reason.next_step[-1]] == [".", "."]


def test_no_code_stands_in_two_tables() -> None:
    """A code is explained once, whichever table it stands in."""
    codes = [code.value for table in REASON_TABLES for code in table]

    assert sorted(REASONS) == sorted(codes)


def test_codes_are_spelt_for_scripts() -> None:
    """Codes are lower-case words joined by hyphens, as dashboards and ``requeue --reason`` take them."""
    assert [
        r.value for r in REASONS.values() if not r.value.replace("-", "").isalpha() or r.value != r.value.lower()
    ] == []


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("product-group-missing", True),
        ("accounting-period-barred", True),
        ("rounding-unsupported", False),
        ("?", False),
    ],
)
def test_set_up_failures_are_re_read_before_they_are_believed(reason: str, expected: bool) -> None:  # noqa: FBT001  # a table's column
    """Only what the agreement's set-up decides can change by reading it again."""
    assert expected == set_up_related(Failure(reason=reason, description="", next_step=""))
