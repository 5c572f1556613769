"""The command line as a whole: quick to start, every command listed as it describes itself."""

import subprocess
import sys
from inspect import cleandoc

import pytest

from worker.cli.main import LazyCommand, application

#: What makes a start slow, and no help text needs.
SLOW = ("celery", "kombu", "httpx", "uvicorn", "starlette", "pydantic", "pydantic_settings", "redis")
#: What a command that only reads the store does not need; also what redis-py loads wherever it finds it.
UNUSED = (
    "celery",
    "kombu",
    "httpx",
    "uvicorn",
    "starlette",
    "opentelemetry",
    "sqlalchemy",
    "apprise",
    "authlib",
    "lxml",
)
#: Modules that `status` without ``--watch`` of a period whose certificate nobody asks for does not need.
LATER = (
    "rich.live",
    "worker.domain.agreement",
    "worker.domain.attachment",
    "worker.domain.certificate",
    "worker.domain.credit_match",
    "worker.domain.invoice",
)
COMMANDS = [command for command in application().commands.values() if isinstance(command, LazyCommand)]


def loaded_by(program: str) -> set[str]:
    """Return the modules that a Python program has loaded at its end."""
    source = f"import sys\n{program}\nprint(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    return set(ran.stderr.split())


def test_help_loads_no_slow_library() -> None:
    """``opter-economic --help`` shows all commands without importing what any of them works with."""
    program = "from worker.cli.main import run\nassert run(['--help'], None) == 0"

    assert loaded_by(program) & set(SLOW) == set()


def test_status_loads_only_what_it_reads_with() -> None:
    """``opter-economic status`` needs settings, exports file and Redis, and neither Celery nor an HTTP client."""
    program = """
import worker.cli.commands.status
from worker.cli.context import CommandContext
context = CommandContext(out=None, err=None, clock=None, sleep=None)
context.non_production_targets()
with context.store(), context.events():
    pass
"""

    assert loaded_by(program) & {*UNUSED, *LATER} == set()


def test_what_becomes_another_program_loads_only_what_it_checks() -> None:
    """What `worker`, `web` and `flower` are replaced by loads its own: loaded before, too, it would cost twice."""
    own = {
        "celery",
        "httpx",
        "uvicorn",
        "starlette",
        "sqlalchemy",
        "apprise",
        "openpyxl",
        "lxml",
        "worker.runtime.build",
    }

    assert loaded_by("import worker.cli.main, worker.cli.commands.processes") & own == set()


def test_telemetry_is_only_out_of_sight_while_the_driver_is_loaded() -> None:
    """Whoever loads redis through the store finds OpenTelemetry afterwards: the traces need it."""
    program = "import worker.store, opentelemetry.sdk.trace, opentelemetry.metrics"

    assert loaded_by(program) >= {"redis.observability.providers", "opentelemetry.sdk.trace", "opentelemetry.metrics"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_listed_as_it_describes_itself(command: LazyCommand) -> None:
    """The line in the list of commands is the first paragraph of the command's own help."""
    first, *_ = cleandoc(command.loaded.help or "").split("\n\n")

    assert command.help == " ".join(first.split())


def test_every_command_is_loaded_lazily() -> None:
    """A command that is imported at the start would slow down all others."""
    assert len(COMMANDS) == len(application().commands)
