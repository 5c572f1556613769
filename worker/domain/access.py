"""Roles, what each of them may do, and for which exports a person has one. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is to an export."""

    VIEWER = "viewer"
    BOOKKEEPER = "bookkeeper"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What a person may be allowed to do with an export, or what is its own."""

    #: Periods, invoices, certificates, what failed and why.
    SEE = "see"
    #: Ask the accounting system, by reading alone, whether a cause is gone.
    CHECK = "check"
    REQUEUE = "requeue"
    REEXPORT = "reexport"
    MARK_EXPORTED = "mark-exported"
    #: A conflict, a difference, a number that never came: for good, with a reason.
    ACCEPT = "accept"
    RESEND_EVENT = "resend-event"
    DISCARD_EVENT = "discard-event"
    #: Say yes or no to what somebody else has asked for.
    APPROVE = "approve"
    #: Lift a pause.
    RESUME = "resume"
    #: What was sent to the accounting system and what it answered, word for word.
    SEE_REQUESTS = "see-requests"
    #: Processes, Redis, limits: the installation, not the books.
    SEE_HEALTH = "see-health"
    #: Connect an agreement: store its token.
    CONNECT = "connect"


_VIEWER = frozenset({Action.SEE})
_BOOKKEEPER = _VIEWER | {
    Action.CHECK,
    Action.REQUEUE,
    Action.REEXPORT,
    Action.MARK_EXPORTED,
    Action.ACCEPT,
    Action.RESEND_EVENT,
    Action.DISCARD_EVENT,
    Action.APPROVE,
}
_OPERATOR = _BOOKKEEPER | {Action.RESUME, Action.SEE_REQUESTS, Action.SEE_HEALTH}
#: The one table of who may do what: pages offer no more than it allows, and the server refuses the rest.
MAY: Mapping[Role, frozenset[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.BOOKKEEPER: _BOOKKEEPER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMINISTRATOR: _OPERATOR | {Action.CONNECT},
}
#: Stands for every export, those that are still to come included, and for what belongs to none.
EVERY = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """The roles of one person."""

    #: Export, or ``EVERY`` -> role. An export that is named has its own role, whatever ``EVERY`` says.
    roles: Mapping[str, Role]

    def may(self, action: Action, export: str) -> bool:
        """Whether the person may do this with this export; with ``""``, with what belongs to no export."""
        role = self.roles.get(export, self.roles.get(EVERY)) if export else self.roles.get(EVERY)
        return role is not None and action in MAY[role]

    def may_somewhere(self, action: Action) -> bool:
        """Whether there is an export with which the person may do this."""
        return any(action in MAY[role] for role in self.roles.values())

    def require(self, action: Action, export: str) -> None:
        """Refuse what the person may not do. Raises ``NotAllowed``."""
        if not self.may(action, export):
            raise NotAllowed(action, export)


class NotAllowed(Exception):
    """A person's role does not allow what was asked for; nothing was done."""

    def __init__(self, action: Action, export: str) -> None:
        super().__init__(f"{action} {export}")
        self.action = action
        self.export = export


#: Who has the machine has everything.
ALL_RIGHTS = Rights(roles={EVERY: Role.ADMINISTRATOR})


def rights_of_groups(role_map: Iterable[tuple[str, str, str]], groups: Iterable[str]) -> Rights:
    """Return what a person in these groups may do; ``role_map`` has (group, role, export or ``EVERY``).

    Whoever is in several has the most of them: a role for every export is never lessened by one for a single one.
    """
    held, order = set(groups), list(Role)
    roles: dict[str, Role] = {}
    for group, role, export in role_map:
        if group in held:
            roles[export] = max(Role(role), roles.get(export, Role.VIEWER), key=order.index)
    most = roles.get(EVERY, Role.VIEWER)
    return Rights(roles={export: max(role, most, key=order.index) for export, role in roles.items()})
