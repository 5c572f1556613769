"""The printed invoice on what is booked: attached once, after the booking, and what is to be done about it next."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class AttachmentState(StrEnum):
    """How far the attaching has come."""

    #: About to be sent, or sent without a known outcome.
    INTENDED = "intended"
    ATTACHED = "attached"
    #: It cannot be attached; the detail says why.
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class PdfAttachment:
    """What the record of an invoice knows of its PDF."""

    state: AttachmentState
    #: ``Idempotency-Key`` of the request.
    key: str = ""
    #: When the request was first about to be sent; seconds since the epoch, UTC.
    at: float = 0.0
    #: Rises when a new request is allowed.
    generation: int = 0
    #: Number of the attached document, where it is known.
    document: int | None = None
    #: Why it was refused: a reason code and the words that came with it.
    detail: str = ""


class AttachmentStep(StrEnum):
    """What is to be done."""

    NOTHING = "nothing"
    #: It is there, and the record does not know yet.
    ADOPT = "adopt"
    #: Send a new request; its intent is saved first.
    SEND = "send"
    #: Send the same request under the same key: it is answered from memory if it had taken effect.
    REPEAT = "repeat"


def next_attachment_step(
    known: PdfAttachment | None, documents: Sequence[int] | None, *, now: float, key_memory: float
) -> AttachmentStep:
    """Return what to do, given what a reading that began after the intent saw attached (None: it cannot be listed).

    Only a reading without it, later than keys are remembered, allows a new request; where nothing can be listed, the
    accounting system itself refuses a second document.
    """
    if documents:
        done = known is not None and known.state is AttachmentState.ATTACHED
        return AttachmentStep.NOTHING if done else AttachmentStep.ADOPT
    if known is None:
        return AttachmentStep.SEND
    if known.state is not AttachmentState.INTENDED:
        return AttachmentStep.NOTHING  # deleted since, or refused: a person's
    return AttachmentStep.REPEAT if now - known.at < key_memory else AttachmentStep.SEND
