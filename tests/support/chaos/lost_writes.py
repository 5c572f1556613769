"""What may happen between two workers besides time: to the store, to the source, in e-conomic."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.chaos.end_state import STRANGER
from support.chaos.scenarios import Scenario
from support.harness import Harness
from support.samples import line

from worker.domain.invoice import Invoice
from worker.domain.money import ZERO


def _wiped(harness: Harness, scenario: Scenario) -> None:
    """Redis is emptied, and Opter's side sends the event again."""
    harness.wipe()
    scenario.close(harness)


def _installed_anew(harness: Harness, scenario: Scenario) -> None:
    """As emptied, but with a new exports file beside it: its first use is stated, so that it does not doubt."""
    harness.wipe()
    harness.store.declare_first_use(harness.export.name)
    scenario.close(harness)


def _corrected(harness: Harness, scenario: Scenario) -> None:
    """Nobody holds it, and it comes with other content: replaced if nothing of it was sent, else a conflict."""
    harness.clock.advance(harness.store.policy.lease_seconds)
    harness.sweep()
    harness.close_period(scenario.printed(harness, corrected(scenario.invoice)), event="/opter/acme/1#e2")


def _draft_taken_over(harness: Harness, _: Scenario) -> None:
    """Our draft was deleted by hand, and somebody else's draft has got its number."""
    drafts = harness.sandbox.agreement.drafts
    for number in [number for number, draft in drafts.items() if draft["references"]["other"].startswith("main-")]:
        drafts[number] = drafts[number] | {"references": {"other": STRANGER}}


BETWEEN: Mapping[str, Callable[[Harness, Scenario], None]] = {
    "wiped": _wiped,
    "corrected": _corrected,
    "draft taken over": _draft_taken_over,
}
#: Also played where a guard is turned off: a store that states that nothing was ever sent has the period check alone.
INTERFERENCES: Mapping[str, Callable[[Harness, Scenario], None]] = {**BETWEEN, "installed anew": _installed_anew}


def corrected(invoice: Invoice) -> Invoice:
    """Return the invoice with one more line, over 10.00 and 25 % of it."""
    lines = [*invoice.lines, line("10.00", line_number=len(invoice.lines) + 1)]
    net, vat = (sum((getattr(row, name) for row in lines), ZERO) for name in ("net", "vat"))
    return invoice.model_copy(update={"lines": tuple(lines), "net": net, "vat": vat, "gross": net + vat})


@dataclass(kw_only=True)
class LostWrites:
    """A store that forgets its last writes: a power failure between two syncs, or an older copy that was restored."""

    harness: Harness
    #: The store before each of its trips.
    states: list[dict[str, Any]] = field(default_factory=list)

    def remember(self) -> None:
        """Note the store as it is now."""
        state = {
            name: value for name, value in vars(self.harness.store).items() if name not in {"lock", "policy", "now"}
        }
        self.states.append(copy.deepcopy(state))

    def lose(self, trips: int) -> None:
        """Bring the store back to where it was so many trips ago."""
        vars(self.harness.store).update(self.states[max(0, len(self.states) - trips)])
