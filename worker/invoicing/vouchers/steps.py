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


def next_voucher_step(progress: Progress, own: Intent | None, *, now: float, key_memory: float) -> VoucherTodo:
    """Decide the next turn; ``own`` is the write that this very execution has recorded.

    A posting is sent under its key while e-conomic remembers keys (``key_memory`` seconds, below its one hour). What
    follows a posting names the voucher by its number, and a bookkeeper may have moved it to another: what an earlier
    execution left there begins with a look.
    """
    intent = progress.intent
    if progress.look:
        return VoucherTodo.LOOK
    if intent is None:
        return VoucherTodo.LOOK if progress.voucher else VoucherTodo.POST
    if intent == own:
        return VoucherTodo.SEND
    remembered = intent.step == Step.VOUCHER and now - intent.at < key_memory
    return VoucherTodo.SEND if remembered else VoucherTodo.LOOK
