"""What the export of an invoice as a voucher does next, decided from its record alone."""

from enum import StrEnum

from worker.invoicing.record import Intent, Progress, Step


class VoucherTodo(StrEnum):
    """One turn of the voucher method."""

    #: Find our voucher by its marker before anything else is done.
    LOOK = "look"
    #: Send the recorded write, for the first time or again under the same key.
    SEND = "send"
    #: Gather everything, record the posting.
    POST = "post"
    #: The license to post has run out: see once more that nothing is there.
    RENEW = "renew"


def next_voucher_step(
    progress: Progress, own: Intent | None, *, now: float, key_memory: float, licensed_at: float
) -> VoucherTodo:
    """Decide the next turn; ``own`` is the write that this very execution has recorded.

    A posting is sent under its key while e-conomic remembers keys (``key_memory`` seconds, below its one hour), and
    the license to post that a fruitless look gave (``licensed_at``) ends as soon: see ``next_step``. What follows a
    posting names the voucher by its number, and a bookkeeper may have moved it to another: what an earlier execution
    left there begins with a look.
    """
    intent = progress.intent
    if progress.look:
        return VoucherTodo.LOOK
    if intent is not None:
        remembered = intent.step == Step.VOUCHER and now - intent.at < key_memory
        return VoucherTodo.SEND if intent == own or remembered else VoucherTodo.LOOK
    if progress.voucher:
        return VoucherTodo.LOOK
    return VoucherTodo.POST if now - licensed_at < key_memory else VoucherTodo.RENEW
