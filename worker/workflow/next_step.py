"""What the export of an invoice as a voucher does next, decided from its record alone."""

from enum import StrEnum

from worker.domain.record import Intent, Progress, Step


class Action(StrEnum):
    """One turn of the invoice method."""

    #: Find out what is in e-conomic under our reference before anything else is done.
    LOOK_UP = "lookup"
    #: Send the recorded write, for the first time or again under the same key.
    SEND = "send"
    DRAFT = "draft"
    BOOK = "book"
    DISCARD = "discard"
    #: The draft is gone; the verdict becomes the dead letter.
    MOVE_TO_DEAD_LETTERS = "dead-letter"
    FINISH = "finish"


def next_step(progress: Progress, *, book: bool, now: float, key_memory: float, create_allowed_at: float) -> Action:
    """Decide the next turn.

    An open intent is sent under its key while e-conomic remembers keys (``key_memory`` seconds, below its one hour);
    past that the same key would be executed again, so only a look can settle it. For the same reason the license to
    create that a fruitless look gave (``licensed_at``) ends: a ledger that was restored to an older state, or has lost
    its last second, may not know of a create; within the memory its key tells, past it only a look does.
    """
    if progress.lookup:
        return Action.LOOK_UP
    if progress.intent:
        return Action.SEND if now - progress.intent.at < key_memory else Action.LOOK_UP
    todo = _without_intent(progress, book=book)
    return Action.LOOK_UP if todo is Action.DRAFT and now - create_allowed_at >= key_memory else todo


def _without_intent(progress: Progress, *, book: bool) -> Action:
    if progress.booked_number:
        return Action.FINISH
    if progress.pending_failure:
        return Action.DISCARD if progress.draft_number else Action.MOVE_TO_DEAD_LETTERS
    if not progress.draft_number:
        return Action.DRAFT
    return Action.BOOK if book else Action.FINISH


class VoucherAction(StrEnum):
    """One turn of the voucher method."""

    #: Find our voucher by its marker before anything else is done.
    LOOK_UP = "lookup"
    #: Send the recorded write, for the first time or again under the same key.
    SEND = "send"
    #: Gather everything, record the posting.
    POST = "post"
    #: The license to post has run out: see once more that nothing is there.
    RENEW = "renew"


def next_voucher_step(
    progress: Progress, own: Intent | None, *, now: float, key_memory: float, create_allowed_at: float
) -> VoucherAction:
    """Decide the next turn; ``own`` is the write that this very execution has recorded.

    A posting is sent under its key while e-conomic remembers keys (``key_memory`` seconds, below its one hour), and
    the license to post that a fruitless look gave (``licensed_at``) ends as soon: see ``next_step``. What follows a
    posting names the voucher by its number, and a bookkeeper may have moved it to another: what an earlier execution
    left there begins with a look.
    """
    intent = progress.intent
    if progress.lookup:
        return VoucherAction.LOOK_UP
    if intent is not None:
        remembered = intent.step == Step.VOUCHER and now - intent.at < key_memory
        return VoucherAction.SEND if intent == own or remembered else VoucherAction.LOOK_UP
    if progress.voucher:
        return VoucherAction.LOOK_UP
    return VoucherAction.POST if now - create_allowed_at < key_memory else VoucherAction.RENEW
