"""Requests for a second person's yes, in memory: the rules of the Redis adapter, by the same tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from typing_extensions import override

from worker.domain.approval import (
    Approval,
    ApprovalPort,
    ApprovalState,
    Decision,
    NewApproval,
    NotDecided,
    same_person,
)
from worker.domain.period_hold import PeriodHoldPort, Standing

_FOR_GOOD = 100 * 366 * 86_400.0
_STANDINGS = {
    ApprovalState.WAITING: Standing.ASKED,
    ApprovalState.DONE: Standing.APPROVED,
    ApprovalState.REFUSED: Standing.REFUSED,
}


class MemoryApprovals(ApprovalPort, PeriodHoldPort):
    def __init__(self, clock: Callable[[], float], *, due: Callable[[str], None] = lambda _: None) -> None:
        """``due`` makes a period's check due."""
        self._clock = clock
        self._due = due
        #: Request -> its period, and id -> hash of the content; requests that were refused and asked for again.
        self._periods: dict[str, tuple[str, Mapping[str, str]]] = {}
        self._again: set[str] = set()
        self._kept: dict[str, Approval] = {}

    @override
    def ask_approval(self, new: NewApproval, *, seconds: float) -> None:
        now = self._clock()
        asked = Approval(asked=new, state=ApprovalState.WAITING, asked_at=now, expires_at=now + seconds)
        self._kept.setdefault(new.id, asked)

    @override
    def decide(self, approval_id: str, decision: Decision) -> NotDecided | None:
        found = self.approval(approval_id)
        if found is None:
            return NotDecided.UNKNOWN
        if decision.yes and same_person(found.asked.by, decision.by):
            return NotDecided.OWN
        if found.state is not ApprovalState.WAITING:
            return NotDecided.OVER
        state = ApprovalState.APPROVED if decision.yes else ApprovalState.REFUSED
        self._change(approval_id, replace(found, state=state, decision=replace(decision, at=self._clock())))
        if approval_id in self._periods:
            self.mark_done(approval_id)
            self._due(self._periods[approval_id][0])
        return None

    @override
    def standings(self, period_id: str, invoices: Mapping[str, str]) -> Mapping[str, Standing]:
        found: dict[str, Standing] = {}
        for key, (period, asked) in self._periods.items():
            if period == period_id:
                said = _STANDINGS[self._kept[key].state]
                same = [each for each in invoices if asked.get(each) == invoices[each]]
                found |= {each: said for each in same if found.get(each) is not Standing.APPROVED}
        return found

    @override
    def ask_for_period(self, period_id: str, new: NewApproval, invoices: Mapping[str, str]) -> None:
        if new.id not in self._kept:
            self.ask_approval(new, seconds=_FOR_GOOD)
            self._periods[new.id] = period_id, dict(invoices)

    @override
    def ask_again(self, approval_id: str, new: NewApproval) -> bool:
        if new.id in self._kept:
            return True
        found = self.approval(approval_id)
        if approval_id not in self._periods or not found or found.state is not ApprovalState.REFUSED:
            return False
        if approval_id in self._again:
            return False
        self._again.add(approval_id)
        self.ask_for_period(self._periods[approval_id][0], new, self._periods[approval_id][1])
        self._due(self._periods[approval_id][0])
        return True

    @override
    def period_of(self, approval_id: str) -> str:
        return self._periods[approval_id][0] if approval_id in self._periods else ""

    @override
    def requests(self, period_id: str) -> Sequence[str]:
        return [key for key, (period, _) in self._periods.items() if period == period_id]

    @override
    def mark_done(self, approval_id: str) -> None:
        found = self.approval(approval_id)
        if found and found.state is ApprovalState.APPROVED:
            self._change(approval_id, replace(found, state=ApprovalState.DONE, done_at=self._clock()))

    @override
    def approvals(self, *, most: int = 100) -> Sequence[Approval]:
        found = [self.approval(key) for key in reversed(self._kept)]
        return [each for each in found if each][:most]

    @override
    def approval(self, approval_id: str) -> Approval | None:
        if approval_id not in self._kept:
            return None
        found = self._kept[approval_id]
        late = found.state is ApprovalState.WAITING and self._clock() >= found.expires_at
        return replace(found, state=ApprovalState.EXPIRED) if late else found

    def _change(self, key: str, approval: Approval) -> None:
        self._kept[key] = approval
