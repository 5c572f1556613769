"""What became of an attempt to hand a message over, and the letter that is handed over."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What is known after an attempt."""

    ACCEPTED = "accepted"
    #: Surely not accepted: nothing was sent, or the receiver said no.
    REFUSED = "refused"
    #: It was sent, and no answer came: it may have been accepted.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One attempt."""

    outcome: Outcome
    #: Why, for an operator; never the address, nor what the receiver said of it.
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A message ready to be handed over."""

    #: The same at every attempt: `Message-ID` of a mail, `Idempotency-Key` of a webhook.
    id: str
    subject: str
    body: str


#: Hands a letter over at an address, as apprise writes it.
Send = Callable[[str, Letter], Delivery]
ACCEPTED = Delivery(outcome=Outcome.ACCEPTED)
