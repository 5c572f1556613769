"""The demo's means: the product's own commands, its event queue, the sandbox's control path, the screen."""

import json
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker.local.demo.folder import DemoFolder
from worker.local.sandbox_control import SandboxControl
from worker.local.supervisor import Supervisor, own_command

#: Seconds after which something that should take a few has certainly failed.
PATIENCE = 90.0
_POLL = 0.1
#: Seconds to wait for the page's answer to one look.
_PATIENCE_OF_A_LOOK = 5
#: Exit codes of ``opter-economic`` that answer the question asked: all is well, something needs a person.
_ANSWERS = (0, 1)


class DemoError(Exception):
    """The demo cannot go on: a command failed, or something that should take seconds did not happen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A running installation with a sandbox, and the ways in that a user has."""

    #: Where the demo is shown; its theme has the styles good, bad, quiet, title and command.
    out: Console
    folder: DemoFolder
    control: SandboxControl
    supervisor: Supervisor
    #: Environment of the installation and of every command.
    env: Mapping[str, str]
    redis_url: str
    #: Redis list that the intake reads.
    queue: str
    #: Set when a signal asks the demo to end.
    stop: threading.Event

    def look_after(self) -> None:
        """Restart what has died; raises ``KeyboardInterrupt`` once a signal asked the demo to end."""
        if self.stop.is_set():
            raise KeyboardInterrupt
        for death in self.supervisor.turn():
            text = f"{death.service} ended with code {death.code} and is started again; see {self.folder.logs}."
            self.out.print(Text(text, "bad"))

    def wait_for(self, what: str, happened: Callable[[], bool]) -> None:
        """Wait, looking after the processes meanwhile. Raises ``DemoError`` when it takes too long."""
        end = time.monotonic() + PATIENCE
        while not happened():
            self.look_after()
            if time.monotonic() > end:
                raise DemoError(f"Waited {PATIENCE:g} s for {what}, which did not come.")
            time.sleep(_POLL)

    def wait_for_page(self) -> None:
        """Wait until the page answers. Raises ``DemoError``."""
        self.wait_for("the page", lambda: _answers(f"{self.folder.page}/healthz"))

    def push(self, event: bytes) -> None:
        """Put an event on the Redis list, as Opter's side does."""
        with redis.Redis.from_url(self.redis_url) as client:
            client.lpush(self.queue, event)

    def wait_for_intake(self) -> None:
        """Wait until the intake has taken every event off the list. Raises ``DemoError``."""
        with redis.Redis.from_url(self.redis_url) as client:
            self.wait_for("the intake", lambda: client.llen(self.queue) == 0)

    def command(self, *arguments: str) -> int:
        """Show a command as it would be typed, and its output as it comes; return its exit code (0 or 1)."""
        self.show_command("opter-economic " + " ".join(arguments))
        self.out.file.flush()
        code, _ = self._run(arguments, stdout=None)
        return code

    def ask(self, *arguments: str) -> Any:
        """Run a command with ``--json`` out of sight; return what it answers."""
        _, output = self._run((*arguments, "--json"), stdout=subprocess.PIPE)
        return json.loads(output)

    def _run(self, arguments: Sequence[str], *, stdout: int | None) -> tuple[int, str]:
        """Run a command, looking after the processes meanwhile. Raises ``DemoError`` when it could not do its work."""
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
            subprocess.Popen(  # noqa: S603  # our own program
                own_command(*arguments), env=dict(self.env), stdout=stdout, stderr=errors, encoding="utf-8"
            ) as process,
        ):
            try:
                output = self._output(process)
            except BaseException:
                process.terminate()
                raise
            errors.seek(0)
            if process.returncode not in _ANSWERS:
                raise DemoError(f"opter-economic {' '.join(arguments)} failed ({process.returncode}): {errors.read()}")
            return process.returncode, output

    def _output(self, process: subprocess.Popen[str]) -> str:
        while True:
            self.look_after()
            try:
                return process.communicate(timeout=_POLL)[0] or ""
            except subprocess.TimeoutExpired:
                continue

    def act(self, title: str) -> None:
        """Begin an act."""
        self.out.print()
        self.out.rule(Text(title, style="title"), align="left", style="quiet")

    def show_command(self, line: str) -> None:
        """Show a command line."""
        self.out.print(Text.assemble(("$ ", "quiet"), (line, "command")), soft_wrap=True)

    def done(self, what: str) -> None:
        """Show a thing that a person has done."""
        self.out.print(Text.assemble(("  ✓ ", "good"), what))

    def show(self, body: RenderableType) -> None:
        """Show something set in a little."""
        self.out.print(Padding(body, (0, 0, 0, 2), expand=False))

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show names and values side by side."""
        grid = Table.grid(padding=(0, 3, 0, 0))
        grid.add_column(style="quiet", no_wrap=True)
        grid.add_column(overflow="fold")
        for row in rows:
            grid.add_row(*row)
        self.show(grid)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_OF_A_LOOK):  # noqa: S310  # an address of our own
            return True
    except OSError:
        return False
