"""A request for a second person's yes, asked once for one set; the pages and the commands share it."""

from collections.abc import Sequence

from worker.domain.approval import Approval, ApprovalPort, ApprovalState, NewApproval


def ask_once(
    approvals: ApprovalPort, new: NewApproval, members: Sequence[tuple[str, float]], *, seconds: float
) -> Approval:
    """Keep a request and return it; asked for the same set again, while it waits, it is the same request."""
    for found in approvals.approvals():
        same = (found.asked.export, found.asked.action) == (new.export, new.action)
        if found.state is ApprovalState.WAITING and same and approvals.approval_members(found.asked.id) == [*members]:
            return found
    approvals.ask_approval(new, members, seconds=seconds)
    kept = approvals.approval(new.id)
    assert kept is not None  # noqa: S101  # it was kept just now
    return kept
