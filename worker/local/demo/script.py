"""The demo, act by act: a period closes, most of it is booked, the rest asks for a person, who mends it."""

import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.text import Text

from worker.cli.commands.status import follow
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.formatting import facts, indented, section
from worker.cli.period_report import Phase, Report, report
from worker.cli.views.period import progress_view
from worker.domain.store_port import OperatorPort
from worker.local.demo.comparison import reconciliation_view
from worker.local.demo.folder import Place
from worker.local.demo.sample import PERIOD, PERIOD_ID, Sample
from worker.local.demo.sandbox_state import Control
from worker.local.demo.scenario import Scenario
from worker.local.supervisor import Supervisor, own_command

#: Seconds after which something that should take a few has certainly failed.
PATIENCE = 90.0
_LOOK = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Everything that the demo's acts need."""

    tools: CommandContext
    place: Place
    control: Control
    supervisor: Supervisor
    store: OperatorPort
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

    def lookup(self, period_id: str) -> Report:
        """Return how the period stands."""
        self.look_after()
        period = self.store.period(period_id)
        if period is None:
            raise LookupError(f"period {period_id} has vanished from the ledger")
        return report(period, self.store.invoices(period_id, None), self.tools.clock())

    def command(self, *arguments: str) -> int:
        """Show a command of ours as it would be typed, run it, and return its exit code."""
        out = self.tools.out
        out.print(Text.assemble(("$ ", "quiet"), ("opter-economic " + " ".join(arguments), "command")))
        out.file.flush()
        return subprocess.run(own_command(*arguments), env=dict(self.env), check=False).returncode  # noqa: S603  # our own program


def perform(stage: Stage, scenario: Scenario) -> bool:
    """Play all acts; return whether everything is in e-conomic, once, to the øre."""
    _open(stage, scenario)
    _close_period(stage, scenario.sample)
    _watch(stage)
    _failures(stage)
    _mend(stage, scenario)
    _watch(stage)
    return _reconcile(stage, scenario)


def _open(stage: Stage, scenario: Scenario) -> None:
    _act(stage, "1  A small haulier's installation starts, with a sandbox in e-conomic's place")
    stage.wait_for("the sandbox", stage.control.answers)
    pids = stage.supervisor.pids
    rows = [
        ("e-conomic", f"sandbox at {stage.place.sandbox}, agreement of Nordvest Fragt ApS"),
        ("Redis", f"embedded, {stage.env['OPTER_ECONOMIC_REDIS__URL']}"),
        ("Intake, worker", f"processes {pids['intake']} and {pids['worker']}"),
        ("Flower", f"http://127.0.0.1:{stage.place.flower_port}"),
    ]
    stage.tools.out.print(indented(facts([*rows, *scenario.facts])))


def _close_period(stage: Stage, sample: Sample) -> None:
    _act(stage, f"2  Opter closes invoice period {PERIOD['name']}")
    event = sample.event()
    (stage.place.folder / "event.json").write_bytes(event)
    queue = stage.tools.settings.intake.queue
    _say(stage, f"One plain JSON document, {len(event) // 1024} KiB, {len(sample.invoices)} invoices, put on a list:")
    stage.tools.out.print(Text.assemble(("$ ", "quiet"), (f'LPUSH {queue} "$(cat event.json)"', "command")))
    with stage.tools.events() as events:
        events.publish(event)
    stage.wait_for("the intake", lambda: stage.store.period(PERIOD_ID) is not None)


def _watch(stage: Stage) -> None:
    stage.tools.out.print()
    seen = follow(stage.tools, lambda: stage.lookup(PERIOD_ID))
    stage.tools.out.print(progress_view(seen))


def _failures(stage: Stage) -> None:
    _act(stage, "3  What failed, and what to do about it")
    notice = stage.lookup(PERIOD_ID).period.notice
    stage.tools.out.print(section("Said before the first invoice was sent", notice))
    stage.tools.out.print()
    stage.command("failed", "list", "--period", str(PERIOD["name"]))


def _mend(stage: Stage, scenario: Scenario) -> None:
    _act(stage, "4  A person mends the causes")
    scenario.mend(stage.control, lambda text: _done(stage, text))
    corrected = scenario.sample.corrected
    text = f"Opter: invoice {corrected.invoice_number} again, its VAT now on the line's total, not order by order"
    _done(stage, text)
    file = stage.place.folder / "corrected.json"
    file.write_text(json.dumps(corrected.model_dump(mode="json", by_alias=True, exclude_none=True)), encoding="utf-8")
    before = stage.store.period(PERIOD_ID)
    events = len(before.events) if before else 0
    stage.tools.out.print()
    stage.command("publish", str(file), "--period", str(PERIOD["id"]), "--name", str(PERIOD["name"]))
    stage.wait_for("the corrected invoice", _more_events(stage, events))
    stage.command("requeue", "--period", str(PERIOD["name"]))


def _done(stage: Stage, text: str) -> None:
    stage.tools.out.print(Text.assemble(("  ✓ ", "good"), text))


def _more_events(stage: Stage, known: int) -> Callable[[], bool]:
    def arrived() -> bool:
        period = stage.store.period(PERIOD_ID)
        return period is not None and len(period.events) > known

    return arrived


def _reconcile(stage: Stage, scenario: Scenario) -> bool:
    _act(stage, "5  Reconciliation: the source against what e-conomic holds")
    found = scenario.reconcile(stage.control.state(), stage.control.findings())
    stage.tools.out.print(indented(reconciliation_view(found)))
    stage.tools.out.print(indented(_calls(stage.control.calls(), len(scenario.sample.final))))
    whole = stage.lookup(PERIOD_ID)
    done = found.holds and whole.phase is Phase.DONE
    verdict = ("All booked.", "good") if done else ("Not everything is as it must be.", "bad")
    stage.tools.out.print(Text.assemble("\n", verdict))
    return done


def _calls(calls: Mapping[str, int], invoices: int) -> Text:
    total = sum(calls.values())
    parts = ", ".join(f"{number} {kind}" for kind, number in calls.items())
    text = (
        f"\n{total} calls to e-conomic for {invoices} invoices, {total / invoices:.2f} an invoice, the start and every"
    )
    return Text(f"{text} failure included: {parts}.")


def _act(stage: Stage, title: str) -> None:
    stage.tools.out.print()
    stage.tools.out.rule(Text(title, style="title"), align="left", style="quiet")


def _say(stage: Stage, text: str) -> None:
    stage.tools.out.print(Text(text), soft_wrap=True)
