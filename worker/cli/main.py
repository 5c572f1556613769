"""The way in: run a command, and turn every error into something that a person can act on."""

import sys
import time
from collections.abc import Sequence

from worker.cli.application import application
from worker.cli.console import consoles
from worker.cli.context import CommandContext
from worker.cli.error_output import TOLD, explain


def main() -> None:
    """Run the command line of this process and exit with its code."""
    out, err = consoles()
    sys.exit(run(sys.argv[1:], CommandContext(out=out, err=err, clock=time.time, sleep=time.sleep)))


def run(arguments: Sequence[str], tools: CommandContext) -> int:
    """Run one command line; return its exit code (see ``worker.cli.error_output.ExitCode``)."""
    try:
        application()(args=list(arguments), prog_name="opter-economic", obj=tools)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except TOLD as error:
        return explain(error, tools.err)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain while flushing at exit.
        sys.stdout = None  # keeps the interpreter from flushing it
        return 0
    return 0
