"""Four eyes on a period: what of it waits for a second person's yes before its first write. Pure, but for the port."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from worker.domain.approval import NewApproval

#: The action of a request that is about a period which the source has closed.
EXPORT_PERIOD = "export-period"
#: Who asks for it: the first pair of eyes is that of whoever closed the period there.
OPTER = "Opter"


class Standing(StrEnum):
    """What was said of an invoice, with the very content that it has."""

    APPROVED = "approved"
    #: Somebody was asked, and has said nothing yet.
    ASKED = "asked"
    REFUSED = "refused"


class PeriodHoldPort(Protocol):
    """Requests for a second person's yes to a period, kept for good."""

    def standings(self, period_id: str, invoices: Mapping[str, str]) -> Mapping[str, Standing]:
        """Return what was last said, a yes before all, of these invoices (id -> hash of the content) in a period.

        Those of which nobody was asked yet, or only with another content, are left out.
        """

    def ask_for_period(self, period_id: str, new: NewApproval, invoices: Mapping[str, str]) -> None:
        """Keep a request with its frozen set; it does not expire. A repeat with its id changes nothing.

        A decision on it makes the check of the period due at once.
        """

    def ask_again(self, approval_id: str, new: NewApproval) -> bool:
        """Ask anew, for the same set, what was refused; False when it was not, or is asked again."""

    def period_of(self, approval_id: str) -> str:
        """Return the period that a request is about; empty when it is about none."""

    def requests(self, period_id: str) -> Sequence[str]:
        """Return the ids of a period's requests, oldest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PeriodHold:
    """What may not be written of a period's received invoices now."""

    #: Ids of those that wait, whoever was asked.
    held: frozenset[str] = frozenset()
    #: Of these, the ones of which nobody was asked yet: id -> hash of the content.
    unasked: Mapping[str, str]
    #: Of these, the ones to which a person has said no.
    refused: frozenset[str] = frozenset()


#: Nothing waits.
NOTHING_HELD = PeriodHold(unasked={})


def hold_of(invoices: Mapping[str, str], standings: Mapping[str, Standing]) -> PeriodHold:
    """Return what waits of invoices (id -> hash of the content) that are over the limit."""
    held = frozenset(key for key in invoices if standings.get(key) is not Standing.APPROVED)
    return PeriodHold(
        held=held,
        unasked={key: invoices[key] for key in sorted(held - standings.keys())},
        refused=frozenset(key for key in held if standings.get(key) is Standing.REFUSED),
    )


def new_request(
    period_id: str, name: str, export: str, unasked: Mapping[str, str], at_stake: Mapping[str, Decimal]
) -> NewApproval:
    """Return the request for a set: the same for the same set, so that whoever is interrupted asks once."""
    text = "\n".join(f"{key} {unasked[key]}" for key in sorted(unasked))
    return NewApproval(
        id=f"{period_id}-{sha256(text.encode()).hexdigest()[:16]}",
        export=export,
        action=EXPORT_PERIOD,
        subject=name,
        by=OPTER,
        at_stake=at_stake,
        invoices=len(unasked),
    )


def notice_of(hold: PeriodHold, waiting: Sequence[str]) -> str:
    """Return what a period's screens say of it; ``waiting``: ids of those that only lack a yes."""
    refused = len(hold.refused.intersection(waiting))
    number = f"{len(waiting)} invoice{'s' if len(waiting) != 1 else ''}"
    if refused == len(waiting):
        return f"A second person has said no to {number}: not exported. It may be asked for again under Approvals."
    also = f" {refused} of them were refused." if refused else ""
    return f"{number} wait{'' if len(waiting) != 1 else 's'} for a second person's yes, under Approvals.{also}"
