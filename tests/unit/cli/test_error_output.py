"""Errors as people read them, and their exit codes."""

import pytest
from support.cli import Bench

from config.errors import ConfigurationError, ConfigurationErrors
from worker.cli.error_output import explain
from worker.domain.reasons import ProcessReason, failure
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, Misconfigured, Refused, StoreUnavailable, Throttled, Uncertain, Unreachable
from worker.local.embedded import EmbeddedServerError

FAILURE = failure(
    EconomicReason.TOKENS_REFUSED, "What is wrong.", remote_message="[Unauthorized]", next_step="What to do."
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Misconfigured(FAILURE), 1),
        (Refused(FAILURE, status=400), 1),
        (Unreachable(FAILURE), 3),
        (Throttled(FAILURE), 3),
        (Uncertain(FAILURE), 3),
    ],
)
def test_what_is_wrong_and_what_to_do(bench: Bench, error: ExportError, code: int) -> None:
    """The description, e-conomic's words verbatim, the next step."""
    assert explain(error, bench.err) == code
    assert bench.stderr.getvalue() == "✗ What is wrong.\n  e-conomic says: [Unauthorized]\n  → What to do.\n"


def test_which_redis_is_meant(bench: Bench) -> None:
    """Who has none yet learns where one comes from; exit code 3."""
    assert explain(StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer.")), bench.err) == 3
    assert bench.stderr.getvalue().endswith(
        "\n  → `opter-economic up` starts a Redis of its own; any other is named by REDIS_URL.\n"
    )


def test_all_errors_of_the_configuration(bench: Bench) -> None:
    """Each with its place and the way out; exit code 2."""
    key = ConfigurationError(
        file="exports.toml",
        entry="exports.main",
        key="layuot",
        problem="is not a known key.",
        next_step='Did you mean "layout"?',
    )
    setting = ConfigurationError(
        file="environment", entry="", key="OPTER_ECONOMIC_X", problem="is not a known setting.", next_step=""
    )

    assert explain(ConfigurationErrors([key, setting]), bench.err) == 2
    assert bench.stderr.getvalue() == (
        "✗ 2 errors in settings or exports file; nothing was started.\n"
        "  exports.toml: exports.main: layuot is not a known key.\n"
        '  → Did you mean "layout"?\n'
        "  environment: OPTER_ECONOMIC_X is not a known setting.\n"
    )


def test_no_redis_to_run(bench: Bench) -> None:
    """Redis cannot be had: exit code 3."""
    assert explain(EmbeddedServerError("No Redis server found."), bench.err) == 3
