"""Requests for a second person's yes, on Redis."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from typing_extensions import override

from worker.domain.action_log import Act
from worker.domain.approval import (
    Approval,
    ApprovalPort,
    ApprovalState,
    Decision,
    NewApproval,
    NotDecided,
    same_person,
)
from worker.store.connection import StoreConnection, mapping, texts, token


class RedisApprovals(StoreConnection, ApprovalPort):
    """See ``ApprovalPort``. Every method raises ``StoreUnavailable``."""

    @override
    def ask_approval(self, new: NewApproval, *, seconds: float) -> None:
        request = json.dumps(asdict(new), default=str)
        self.run("ask_approval", token(), new.id, seconds, request, new.export, new.by, new.why)

    @override
    def decide(self, approval_id: str, decision: Decision) -> NotDecided | None:
        found = self.approval(approval_id)
        if found is None:
            return NotDecided.UNKNOWN
        if decision.yes and same_person(found.asked.by, decision.by):
            return NotDecided.OWN
        kept = json.dumps({"yes": decision.yes, "by": decision.by, "why": decision.why})
        what, export = Act.APPROVE if decision.yes else Act.REJECT, found.asked.export
        said = self.run("decide_approval", token(), approval_id, what, kept, export, decision.by, decision.why)
        (answer,) = texts(said)
        return None if answer == "ok" else NotDecided(answer)

    @override
    def mark_done(self, approval_id: str) -> None:
        self.ask(["HSETNX", self.key("approval", approval_id), "done", self.now()])

    @override
    def approvals(self, *, most: int = 100) -> Sequence[Approval]:
        ids = texts(self.ask(["ZREVRANGE", self.key("approvals"), 0, most - 1])[0])
        answers = self.ask(*(["HGETALL", self.key("approval", each)] for each in ids)) if ids else []
        now = self.now()
        return [_approval(mapping(answer), now) for answer in answers if answer]

    @override
    def approval(self, approval_id: str) -> Approval | None:
        (answer,) = self.ask(["HGETALL", self.key("approval", approval_id)])
        return _approval(mapping(answer), self.now()) if answer else None


def _approval(fields: Mapping[str, str], now: float) -> Approval:
    decision, expires = None, float(fields["expires"])
    if "decision" in fields:
        decision = Decision(**json.loads(fields["decision"]), at=float(fields["decided"]))
    done = float(fields.get("done", 0))
    return Approval(
        asked=_new(json.loads(fields["request"])),
        state=_state(decision, done, expired=now >= expires),
        asked_at=float(fields["asked"]),
        expires_at=expires,
        decision=decision,
        done_at=done,
    )


def _new(data: dict[str, Any]) -> NewApproval:
    return NewApproval(**data | {"at_stake": {key: Decimal(amount) for key, amount in data["at_stake"].items()}})


def _state(decision: Decision | None, done: float, *, expired: bool) -> ApprovalState:
    if decision is None:
        return ApprovalState.EXPIRED if expired else ApprovalState.WAITING
    if not decision.yes:
        return ApprovalState.REFUSED
    return ApprovalState.DONE if done else ApprovalState.APPROVED
