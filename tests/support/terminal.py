"""A terminal of 80 columns in which an operator types our commands; every screen is kept."""

import io
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from worker.cli.context import CommandContext
from worker.cli.formatting import console_on
from worker.cli.main import run

WIDTH = 80
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class _Screen(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One command and what it showed."""

    command: str
    code: int
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def widest(self) -> int:
        return max(map(len, self.lines), default=0)


@dataclass(kw_only=True)
class Terminal:
    """Runs commands in this process, in the environment of an installation."""

    env: Mapping[str, str]
    shown: list[Shown] = field(default_factory=list)

    def type(self, *arguments: str) -> Shown:
        """Run one of our commands; return its screen, without colours."""
        shown = self.try_out(*arguments)
        self.shown.append(shown)
        return shown

    def try_out(self, *arguments: str) -> Shown:
        """Do so without keeping the screen, as often as it takes."""
        screen = _Screen()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.env, "COLUMNS": str(WIDTH), "LINES": "40", "TERM": "xterm", "TZ": "UTC"}.items():
                patch.setenv(name, value)
            time.tzset()
            console = console_on(screen)
            code = run(arguments, CommandContext(out=console, err=console, clock=time.time, sleep=time.sleep))
        return Shown(command=" ".join(arguments), code=code, text=_CONTROL.sub("", screen.getvalue()))

    @property
    def record(self) -> str:
        """All screens, one after the other."""
        return "\n".join(
            f"$ opter-economic {each.command}\n{each.text}[exit code {each.code}]\n" for each in self.shown
        )
