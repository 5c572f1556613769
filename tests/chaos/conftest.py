"""Seeds of the runs with faults, and the report at the end: one of all the processes that play a part of the set."""

import time
from pathlib import Path
from typing import Any

import pytest
from support.chaos.report import Report

_REPORT = pytest.StashKey[Report]()
#: Under which a process of pytest-xdist hands its part of the report over.
_PART = "chaos"
#: Under which it is told the first seed.
_FIRST = "first_seed"
_BUILD = Path(__file__).parents[2] / "build"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="Repeat the run of one seed.")
    parser.addoption("--seeds", type=int, default=20, help="How many runs with faults.")
    parser.addoption("--first-seed", type=int, default=None, help="The first of them; else by the clock.")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_REPORT] = Report()
    if getattr(config.option, "first_seed", None) is None:
        given: dict[str, Any] = getattr(config, "workerinput", {})
        config.option.first_seed = given.get(_FIRST) or int(time.time()) % 1_000_000


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process of pytest-xdist the first seed, as each plays a part of one set."""
    node.workerinput[_FIRST] = node.config.option.first_seed


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what this process has measured, where it plays but a part."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_PART] = session.config.stash[_REPORT].plain()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process has measured; one that died has handed nothing over, and its tests failed."""
    part = getattr(node, "workeroutput", {}).get(_PART)
    if part is not None:
        node.config.stash[_REPORT].take_over(part)


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
    first: int = config.option.first_seed
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
