"""What the export of an invoice does next, by either method, decided from its record alone."""

from enum import StrEnum

from worker.domain.record import Intent, Progress, Step


class Action(StrEnum):
    """One turn of an export; each turn does one thing and records it."""

    #: Find out what is in e-conomic under our reference before anything else is done.
    LOOK_UP = "lookup"
    #: Send the recorded write, for the first time or again under the same key.
    SEND = "send"
    #: Gather everything and record the write that creates the draft or voucher.
    CREATE = "create"
    #: Invoice method: an earlier execution may have sent this booking, so see first whether the draft is still ours.
    CHECK_DRAFT = "check-draft"
    #: Invoice method: record the booking of a draft that equals its source.
    BOOK = "book"
    #: Invoice method: delete the draft that differs from its source, or cannot be booked.
    DISCARD = "discard"
    #: Invoice method: the draft is gone, and the pending failure goes to the dead letters.
    MOVE_TO_DEAD_LETTERS = "dead-letter"
    FINISH = "finish"
    #: Voucher method: the time in which a create is allowed has ended; see once more that nothing is there.
    RENEW = "renew"


def next_invoice_step(
    progress: Progress, own: Intent | None, *, book: bool, remembered_since: float, create_allowed_at: float
) -> Action:
    """Decide the next turn of the invoice method; ``own`` is the write that this very execution has recorded.

    A recorded write is sent under its key while e-conomic remembers keys (those used after ``remembered_since``, less
    than an hour ago); past that the same key would be executed again, so only a lookup can tell what came of it. For
    the same reason the permission to create (given at ``create_allowed_at``) ends: a store that was restored to an
    older state, or has lost its last second, may not know of a create. Within the memory the key prevents a second
    one, past it only a lookup does. All times in seconds since the epoch, UTC.
    """
    if progress.lookup:
        return Action.LOOK_UP
    if progress.intent:
        return _send_or_look_up(progress.intent, own, remembered_since)
    action = _without_intent(progress, book=book)
    return Action.LOOK_UP if action is Action.CREATE and create_allowed_at <= remembered_since else action


def _send_or_look_up(intent: Intent, own: Intent | None, remembered_since: float) -> Action:
    """Draft numbers are used again and a booking is for ever: one that an earlier execution left begins with a look."""
    if intent.step == Step.BOOK and intent != own and intent.at > remembered_since:
        return Action.CHECK_DRAFT
    return Action.SEND if intent.at > remembered_since else Action.LOOK_UP


def _without_intent(progress: Progress, *, book: bool) -> Action:
    if progress.booked_number:
        return Action.FINISH
    if progress.pending_failure:
        return Action.DISCARD if progress.draft_number else Action.MOVE_TO_DEAD_LETTERS
    if not progress.draft_number:
        return Action.CREATE
    return Action.BOOK if book else Action.FINISH


def next_voucher_step(
    progress: Progress, own: Intent | None, *, remembered_since: float, create_allowed_at: float
) -> Action:
    """Decide the next turn of the voucher method; see ``next_invoice_step``.

    What follows a posting names the voucher by its number, and a bookkeeper may have moved it to another: what an
    earlier execution left there begins with a lookup.
    """
    intent = progress.intent
    if progress.lookup:
        return Action.LOOK_UP
    if intent is not None:
        remembered = intent.step == Step.VOUCHER and intent.at > remembered_since
        return Action.SEND if intent == own or remembered else Action.LOOK_UP
    if progress.voucher:
        return Action.LOOK_UP
    return Action.CREATE if create_allowed_at > remembered_since else Action.RENEW
