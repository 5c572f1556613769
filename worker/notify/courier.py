"""The sending: a message is claimed, handed over, its outcome recorded; a channel that fails is left alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog

from config.notify_section import ChannelSetup, ChannelUnreadable, address_of
from worker.domain.desk_ports import NoticePort
from worker.domain.notices import ClaimedMessage
from worker.notify.delivery import Delivery, Letter, Outcome, Send
from worker.notify.tone import Tone
from worker.notify.words import text_of

log = structlog.get_logger()

#: Seconds for which a message belongs to whoever claimed it; longer than any attempt.
LEASE = 180.0
#: Messages of one channel in one turn.
_MOST = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Pauses:
    """Seconds between attempts at a channel that fails: they double."""

    longest: float
    first: float = 15.0

    def after(self, attempts: int) -> float:
        """Return the pause after so many attempts that failed (1: the first)."""
        return min(self.longest, self.first * 2.0 ** min(attempts - 1, 30))


@dataclass(frozen=True, kw_only=True, slots=True)
class Courier:
    """Sends what waits in the channels."""

    store: NoticePort
    channels: Sequence[ChannelSetup]
    #: How each language is spoken.
    tone: Callable[[ChannelSetup], Tone]
    send: Send
    #: Folder of the secret files.
    secrets: Path
    pauses: Pauses
    #: Whose messages these are; empty: the production environment.
    environment: str = ""
    #: See ``LEASE``.
    lease: float = LEASE

    def turn(self, channel: ChannelSetup) -> int:
        """Send what is due in one channel; return how many messages it accepted. Raises ``StoreUnavailable``."""
        accepted = 0
        while accepted < _MOST:
            message = self.store.claim_message(channel.id, lease=self.lease)
            if message is None or not self._deliver(channel, message):
                break
            accepted += 1
        return accepted

    def _deliver(self, channel: ChannelSetup, message: ClaimedMessage) -> bool:
        delivery = hand_over(channel, partial(self.letter, channel, message), send=self.send, secrets=self.secrets)
        kinds = sorted({notice.kind.value for notice in message.notices})
        notified = {"channel": channel.id, "message": message.id, "kinds": kinds, "attempt": message.attempts + 1}
        if delivery.outcome is Outcome.ACCEPTED:
            self.store.message_sent(message)
            log.info("message_sent", **notified)
            return True
        pause = self.pauses.after(message.attempts + 1)
        doubtful = delivery.outcome is Outcome.UNKNOWN
        self.store.message_failed(message, why=delivery.why, again_in=pause, doubtful=doubtful)
        log.warning("message_not_sent", **notified, why=delivery.why, again_in=pause)
        return False

    def letter(self, channel: ChannelSetup, message: ClaimedMessage, *, private: bool) -> Letter:
        """Return the words of a message; ``private``: its address may be sent what lies with a customer.

        The same notices give the same subject, however often it is tried.
        """
        tone = self.tone(channel)
        tone = replace(tone, customer_values=tone.customer_values and private)
        text, say = text_of(message.notices, tone), tone.catalogue.gettext
        parts = [text.body]
        if message.doubtful:
            # Nobody can know whether the first one came: it is said, and the id is the same.
            parts.insert(0, say("You may have got this message before: the answer to an earlier attempt was lost."))
        parts.append(say("Message %(id)s of opter-economic") % {"id": message.id})
        before = f"[{self.environment}] " if self.environment else ""
        return Letter(id=message.id, subject=before + text.subject, body="\n\n".join(parts))


def hand_over(channel: ChannelSetup, letter: Callable[..., Letter], *, send: Send, secrets: Path) -> Delivery:
    """Hand a letter over at the channel's address as it stands now."""
    try:
        address = address_of(channel, secrets)
    except ChannelUnreadable as error:
        return Delivery(outcome=Outcome.REFUSED, why=str(error))
    # Many read a log, whoever may be sent a customer's number.
    return send(address, letter(private=not address.lower().startswith("log:")))
