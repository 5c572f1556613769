"""Seeds of the runs with faults, and the report at the end."""

import time
from pathlib import Path

import pytest
from support.chaos.report import Report

_REPORT = pytest.StashKey[Report]()
_BUILD = Path(__file__).parents[2] / "build"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="Repeat the run of one seed.")
    parser.addoption("--seeds", type=int, default=20, help="How many runs with faults.")
    parser.addoption("--first-seed", type=int, default=None, help="The first of them; else by the clock.")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REPORT] = Report()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chaos_seed" in metafunc.fixturenames:
        metafunc.parametrize("chaos_seed", _seeds(metafunc.config))
    if "hazard_seed" in metafunc.fixturenames:  # half as many: each waits for two lookups a minute apart
        seeds = _seeds(metafunc.config)
        metafunc.parametrize("hazard_seed", seeds[: max(1, len(seeds) // 2)])

    if "rabbitmq_seed" in metafunc.fixturenames:
        seeds = _seeds(metafunc.config)
        metafunc.parametrize("rabbitmq_seed", seeds[: max(1, len(seeds) // 4)])


def _seeds(config: pytest.Config) -> list[int]:
    """Without the options (as in ``make check``, where these tests are left out) there is nothing to choose."""
    seed = config.getoption("--seed", default=None)
    if seed is not None:
        return [seed]
    first = config.getoption("--first-seed", default=None) or int(time.time()) % 1_000_000
    return list(range(first, first + config.getoption("--seeds", default=1)))


@pytest.fixture
def first_seed(request: pytest.FixtureRequest) -> int:
    """The seed of everything in process."""
    return _seeds(request.config)[0]


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Where what was measured is noted."""
    return request.config.stash[_REPORT]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    report = config.stash[_REPORT]
    if report.whole:
        report.write(_BUILD / "chaos.json")
    if report.bars or report.runs or report.schedules or report.guards:
        terminalreporter.section("chaos")
        for line in report.lines():
            terminalreporter.write_line(line)
