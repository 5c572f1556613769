"""The demo left in the middle: failures of several causes, a refused event, and a person who takes it from there."""

from collections.abc import Sequence

from worker.local.demo.rehearsal import refused_event
from worker.local.demo.sample import MISSING_ACCOUNT
from worker.local.demo.sandbox_export import Method
from worker.local.demo.script import Scenario, until_failed
from worker.local.demo.stage import Stage

#: A customer with invoices in the sample period, barred in e-conomic before it is closed.
_BARRED = 1004


def leave_open(stage: Stage, scenario: Scenario) -> None:
    """Play until the failures are shown, have an event refused, and wait for the page.

    Raises ``worker.local.demo.stage.DemoError``, and ``KeyboardInterrupt`` after a signal to end.
    """
    stage.wait_for("the sandbox", stage.control.answers)
    stage.control.put("customers", str(_BARRED), {"barred": True})
    until_failed(stage, scenario)
    stage.push(refused_event(stage.folder.path, stage.folder.method))
    stage.wait_for("the refused event", lambda: stage.ask("status")["deadEvents"] > 0)
    stage.wait_for_page()


def remedies(method: Method) -> Sequence[str]:
    """Return the commands that do in the sandbox what a person does in e-conomic about the causes."""
    unbar = f"opter-economic sandbox customer unbar {_BARRED}"
    return (f"opter-economic sandbox group add {MISSING_ACCOUNT}", unbar) if method == "invoice" else (unbar,)
