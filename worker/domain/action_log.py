"""The log of actions: who did what, why and when, written with the action itself and never changed."""

import json
from dataclasses import dataclass
from enum import StrEnum

#: Ids that an entry names; of more, the first ones and their number.
MOST_NAMED = 20


class Act(StrEnum):
    """What a person, or self-clearing, did."""

    REQUEUE = "requeue"
    REEXPORT = "reexport"
    MARK_EXPORTED = "mark-exported"
    DISCARD = "discard"
    BATCH = "batch"
    CANCEL_BATCH = "cancel-batch"
    ACCEPT_CONFLICT = "accept-conflict"
    ACCEPT_DIFFERENCE = "accept-difference"
    EXPLAIN_NUMBERS = "explain-numbers"
    PAUSE = "pause"
    RESUME = "resume"
    RESEND_EVENT = "resend-event"
    DISCARD_EVENT = "discard-event"
    CONNECT = "connect"
    ADD_USER = "add-user"
    CHANGE_ROLE = "change-role"
    CHANGE_PASSWORD = "change-password"  # noqa: S105  # the name of an action
    REMOVE_USER = "remove-user"
    DISCARD_MESSAGES = "discard-messages"
    ASK_APPROVAL = "ask-approval"
    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """One action. Ids and a person's own words; no customer data."""

    #: Seconds since the epoch, UTC.
    at: float
    who: str
    #: ``Act``; a text, as an older version reads what a newer one wrote.
    what: str
    #: As the person said it; empty where no reason was asked for.
    why: str
    #: Empty for what belongs to no export.
    export: str
    #: Ids of what it was done to (invoices, a period, an event, a batch), at most ``MOST_NAMED``.
    of: tuple[str, ...]
    #: How many it was done to.
    count: int
    #: Its place in the log, from 0; -1: it is about to be written.
    place: int = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFilter:
    """What the entries shown have in common; empty fields leave all in."""

    exports: frozenset[str] | None = None
    what: str = ""
    #: Part of who, why or an id; case makes no difference.
    text: str = ""

    def fits(self, entry: LogEntry) -> bool:
        """Tell whether an entry is one of those wanted; ``exports`` None: of all, and of none."""
        words = " ".join((entry.who, entry.why, *entry.of)).casefold()
        return (
            (self.exports is None or entry.export in self.exports)
            and self.what in ("", entry.what)
            and self.text.strip().casefold() in words
        )


def entry_text(entry: LogEntry) -> str:
    """Return an entry as the log holds it; ``act`` of ``worker/store/lua/common.lua`` writes the same."""
    said = {name: getattr(entry, name) for name in ("what", "who", "why", "export")}
    numbers = {"at": repr(entry.at), "count": str(entry.count)}
    return json.dumps({**said, **numbers, "of": " ".join(entry.of)}, ensure_ascii=False)


def entry_of(line: str, place: int) -> LogEntry:
    """Return the entry that ``entry_text`` wrote."""
    data = json.loads(line)
    named, count = tuple(data["of"].split()), int(data["count"])
    return LogEntry(
        **{name: data[name] for name in ("who", "what", "why", "export")},
        at=float(data["at"]),
        of=named,
        count=count,
        place=place,
    )
