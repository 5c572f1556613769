"""Exit codes and error messages: what is wrong, where, what to do next. Never a traceback."""

from enum import IntEnum

from rich.console import Console
from rich.text import Text

from config.errors import ConfigurationErrors
from worker.cli.formatting import printable
from worker.cli.language import mark, say, say_count
from worker.cli.words import described
from worker.errors import ArchiveUnavailable, ExportError, Retryable, StoreUnavailable, Uncertain


class ExitCode(IntEnum):
    """Exit codes that scripts may rely on."""

    OK = 0
    #: Something needs a person: dead letters, a paused export, errors found by a check.
    PERSON = 1
    #: Wrong usage, settings or exports file.
    USAGE = 2
    #: Redis or e-conomic cannot be reached.
    UNREACHABLE = 3


class WrongUsage(Exception):
    """What was asked for cannot be done; ``next_step`` says what could be asked instead."""

    def __init__(self, text: str, next_step: str = "", *, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(text)
        self.next_step = next_step
        self.code = code


_WHICH_REDIS = mark("`opter-economic up` starts a Redis of its own; any other is named by REDIS_URL.")


def explain(error: Exception, console: Console) -> ExitCode | None:
    """Print an error for a person; return its exit code, None for a fault of this program, which is not printed."""
    from worker.local.embedded import EmbeddedServerError  # noqa: PLC0415  # most commands have no embedded server

    if isinstance(error, ConfigurationErrors):
        return _configuration_errors(error, console)
    if isinstance(error, ExportError):
        return _failure(error, console)
    if not isinstance(error, WrongUsage | EmbeddedServerError):
        return None
    _headline(console, str(error))
    if isinstance(error, EmbeddedServerError):
        return ExitCode.UNREACHABLE
    _advice(console, error.next_step)
    return error.code


def _configuration_errors(errors: ConfigurationErrors, console: Console) -> ExitCode:
    count = len(errors.errors)
    text = say_count(
        count,
        "{number} error in settings or exports file; nothing was started.",
        "{number} errors in settings or exports file; nothing was started.",
    )
    _headline(console, text)
    for error in errors.errors:
        place = ": ".join(part for part in (error.file, error.entry, error.key) if part)
        console.print(Text.assemble("  ", (place, "strong"), " ", error.problem), soft_wrap=True)
        _advice(console, error.next_step)
    return ExitCode.USAGE


def _failure(error: ExportError, console: Console) -> ExitCode:
    failure = error.failure
    _headline(console, described(failure.description))
    if failure.remote_message:
        console.print("  " + say("e-conomic says: {words}", words=failure.remote_message), soft_wrap=True)
    _advice(console, failure.next_step)
    redis = isinstance(error, StoreUnavailable) and not isinstance(error, ArchiveUnavailable)
    if redis and "REDIS_URL" not in failure.next_step:
        _advice(console, _WHICH_REDIS)
    if isinstance(error, StoreUnavailable | Retryable | Uncertain):
        return ExitCode.UNREACHABLE
    return ExitCode.PERSON


def _headline(console: Console, text: str) -> None:
    console.print(Text.assemble(("✗ ", "bad"), (printable(text), "strong")), soft_wrap=True)


def _advice(console: Console, text: str) -> None:
    if text:
        console.print(Text(f"  → {say(text)}"), soft_wrap=True)
