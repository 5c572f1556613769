"""Periods that wait for a second person, as one person sees them: another export's are not there."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from config.names import export_of
from worker.domain.access import Action, Rights
from worker.domain.approval import NewApproval
from worker.domain.period_hold import PeriodHoldPort, Standing


class ScopedHolds(PeriodHoldPort):
    """See ``PeriodHoldPort``; the check of a period asks, a page only asks again."""

    def __init__(self, holds: PeriodHoldPort, rights: Rights) -> None:
        self._holds = holds
        self._rights = rights

    @override
    def standings(self, period_id: str, invoices: Mapping[str, str]) -> Mapping[str, Standing]:
        return self._holds.standings(period_id, invoices) if self._sees(period_id) else {}

    @override
    def ask_for_period(self, period_id: str, new: NewApproval, invoices: Mapping[str, str]) -> None:
        self._rights.require(Action.APPROVE, export_of(period_id))
        self._holds.ask_for_period(period_id, new, invoices)

    @override
    def ask_again(self, approval_id: str, new: NewApproval) -> bool:
        period = self.period_of(approval_id)
        if not period:
            return False
        self._rights.require(Action.APPROVE, export_of(period))
        return self._holds.ask_again(approval_id, new)

    @override
    def period_of(self, approval_id: str) -> str:
        period = self._holds.period_of(approval_id)
        return period if period and self._sees(period) else ""

    @override
    def requests(self, period_id: str) -> Sequence[str]:
        return self._holds.requests(period_id) if self._sees(period_id) else ()

    def _sees(self, period_id: str) -> bool:
        return self._rights.may(Action.SEE, export_of(period_id))
