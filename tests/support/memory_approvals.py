"""Requests for a second person's yes, in memory: the rules of the Redis adapter, by the same tests."""

from collections.abc import Callable, Sequence
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


class MemoryApprovals(ApprovalPort):
    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[Approval, list[tuple[str, float]]]] = {}

    @override
    def ask_approval(self, new: NewApproval, members: Sequence[tuple[str, float]], *, seconds: float) -> None:
        now = self._clock()
        asked = Approval(asked=new, state=ApprovalState.WAITING, asked_at=now, expires_at=now + seconds)
        self._kept.setdefault(new.id, (asked, list(members)))

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
        return None

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
        found = self._kept[approval_id][0]
        late = found.state is ApprovalState.WAITING and self._clock() >= found.expires_at
        return replace(found, state=ApprovalState.EXPIRED) if late else found

    @override
    def approval_members(self, approval_id: str) -> Sequence[tuple[str, float]]:
        return self._kept[approval_id][1] if approval_id in self._kept else []

    def _change(self, key: str, approval: Approval) -> None:
        self._kept[key] = approval, self._kept[key][1]
