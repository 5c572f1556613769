"""The demo's processes, and waiting for what they do."""

import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.text import Text

from worker.cli.demo.control import Control
from worker.cli.demo.place import Place
from worker.cli.processes.service import own_command
from worker.cli.processes.supervisor import Supervisor
from worker.cli.report import Report, report
from worker.cli.tools import Tools
from worker.cli.trouble import WrongUsage
from worker.invoicing.operator_port import OperatorPort

#: Seconds after which something that should take a few has certainly failed.
PATIENCE = 90.0
_LOOK = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Everything that the demo's acts need."""

    tools: Tools
    place: Place
    control: Control
    supervisor: Supervisor
    ledger: OperatorPort
    env: Mapping[str, str]
    stop: threading.Event

    def wait_for(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until something holds, looking after the processes meanwhile. Raises ``WrongUsage`` after long."""
        end = self.tools.clock() + PATIENCE
        while not holds():
            self.look_after()
            if self.tools.clock() > end:
                raise WrongUsage(f"Waited {PATIENCE:g} s in vain for: {what}.", f"The logs are in {self.place.logs}.")
            self.tools.sleep(_LOOK)

    def look_after(self) -> None:
        """Restart what has died; raises ``KeyboardInterrupt`` once the demo was told to end."""
        if self.stop.is_set():
            raise KeyboardInterrupt
        for death in self.supervisor.turn():
            text = f"{death.service} ended with code {death.code} and is started again; see {self.place.logs}."
            self.tools.out.print(Text(text, "bad"))

    def look(self, period_id: str) -> Report:
        """Return how the period stands."""
        self.look_after()
        period = self.ledger.period(period_id)
        if period is None:
            raise LookupError(f"period {period_id} has vanished from the ledger")
        return report(period, self.ledger.invoices(period_id, None), self.tools.clock())

    def command(self, *arguments: str) -> int:
        """Show a command of ours as it would be typed, run it, and return its exit code."""
        out = self.tools.out
        out.print(Text.assemble(("$ ", "quiet"), ("opter-economic " + " ".join(arguments), "command")))
        out.file.flush()
        return subprocess.run(own_command(*arguments), env=dict(self.env), check=False).returncode  # noqa: S603  # our own program
