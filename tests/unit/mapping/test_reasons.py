import dataclasses

import pytest

from worker.domain.reasons import ProcessReason, ReasonCode, failure, merged
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


def test_failure_takes_the_catalogues_next_step() -> None:
    """The catalogue's next step stands unless the place that failed knows a better one."""
    usual = failure(ProcessReason.BUSY, "held", field="customer.code", value="A", remote_message="m", log_id="l")
    better = failure(ProcessReason.BUSY, "held", next_step="Wait for order 7.")

    assert ProcessReason.BUSY.next_step == usual.next_step
    assert (
        usual.reason,
        usual.description,
        usual.field,
        usual.value,
        usual.remote_message,
        usual.log_id,
    ) == ("busy", "held", "customer.code", "A", "m", "l")
    assert better.next_step == "Wait for order 7."


def test_several_failures_are_told_as_one() -> None:
    """The first gives the reason; nothing is told twice, and no step is forgotten."""
    first = Failure(reason="a", description="A.", next_step="Do x.", field="f", value="1")
    second = Failure(reason="b", description="B.", next_step="Do y.", remote_message="said", log_id="9")
    third = dataclasses.replace(first, description="C.")

    told = merged([first, second, first, third])

    assert told == Failure(
        reason="a",
        description="(1) A. (2) B. (3) C.",
        next_step="(1) Do x. (2) Do y.",
        field="f",
        value="1",
        remote_message="said",
        log_id="9",
    )


def test_one_failure_is_told_as_it_is() -> None:
    """No numbering where there is nothing to number."""
    only = Failure(reason="a", description="A.", next_step="Do x.")

    assert only == merged([only])


def test_nothing_cannot_be_merged() -> None:
    """An invoice without failures must not become a dead letter by accident."""
    with pytest.raises(ValueError, match="no failure"):
        merged([])


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
