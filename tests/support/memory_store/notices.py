"""Messages to people, in memory."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from support.memory_store.batches import MemoryCauses
from typing_extensions import override

from worker.domain.desk_ports import NoticePort
from worker.domain.notices import (
    MOST_IN_MESSAGE,
    Addressed,
    Change,
    ChannelState,
    ClaimedMessage,
    Known,
    Notice,
    Once,
    OpenCondition,
    Over,
    Raised,
    SeenPeriod,
)
from worker.domain.record import State


@dataclass(kw_only=True, slots=True)
class Flight:
    """A message under way."""

    id: str
    notices: list[Notice]
    oldest: float
    token: str
    till: float
    next_at: float = 0.0
    attempts: int = 1
    doubtful: bool = False


@dataclass(kw_only=True, slots=True)
class Box:
    """One channel."""

    notices: list[tuple[float, int, Notice]] = field(default_factory=list)
    flight: Flight | None = None
    failures: int = 0
    since: float = 0.0
    error: str = ""
    sent: int = 0
    last: float = 0.0


class MemoryNotices(MemoryCauses, NoticePort):
    """See ``NoticePort``."""

    @override
    def known(self) -> Known:
        with self.lock:
            return Known(
                first=not self.notices_begun,
                open=dict(self.notices_open),
                moved=[
                    SeenPeriod(period=key, mark=mark)
                    for key in self.period_entries
                    if self.notices_seen.get(key) != (mark := self._mark(key))
                ],
                causes=frozenset(cause.id for cause in self.causes()),
            )

    @override
    def notified_once(self, keys: Sequence[str]) -> frozenset[str]:
        with self.lock:
            return frozenset(keys) & self.notices_told

    @override
    def tell(self, changes: Sequence[Change]) -> None:
        with self.lock:
            self.notices_begun = True
            for change in changes:
                self._apply(change)

    @override
    def claim_message(self, channel: str, *, lease: float) -> ClaimedMessage | None:
        with self.lock:
            box, now, token = self.boxes.setdefault(channel, Box()), self.now(), secrets.token_hex(8)
            flight = box.flight
            if flight is None:
                due = [each for each in sorted(box.notices, key=lambda each: each[:2]) if each[0] <= now]
                if not due:
                    return None
                taken = due[:MOST_IN_MESSAGE]
                box.notices = [each for each in box.notices if each not in taken]
                notices = [notice for _, _, notice in taken]
                flight = Flight(
                    id=secrets.token_hex(10), notices=notices, oldest=taken[0][0], token=token, till=now + lease
                )
                box.flight = flight
            elif flight.till > now or flight.next_at > now:
                return None
            else:
                flight.doubtful = flight.doubtful or flight.till != 0
                flight.attempts += 1
                flight.token, flight.till, flight.next_at = token, now + lease, 0.0
            return ClaimedMessage(
                id=flight.id,
                channel=channel,
                notices=list(flight.notices),
                attempts=flight.attempts - 1,
                doubtful=flight.doubtful,
                token=token,
            )

    @override
    def message_sent(self, message: ClaimedMessage) -> None:
        with self.lock:
            box = self.boxes[message.channel]
            if box.flight and box.flight.id == message.id:
                box.flight, box.failures, box.since, box.error = None, 0, 0.0, ""
                box.sent, box.last = box.sent + 1, self.now()

    @override
    def message_failed(self, message: ClaimedMessage, *, why: str, again_in: float, doubtful: bool) -> None:
        with self.lock:
            box = self.boxes[message.channel]
            flight = box.flight
            if flight and flight.token == message.token and flight.till:
                flight.till, flight.next_at = 0.0, self.now() + again_in
                flight.doubtful = flight.doubtful or doubtful
                box.failures, box.error, box.since = box.failures + 1, why, box.since or self.now()

    @override
    def channel_states(self, channels: Sequence[str]) -> Sequence[ChannelState]:
        with self.lock:
            every = [*channels, *sorted(set(self.boxes) - set(channels))]
            states = [self._channel(channel) for channel in every]
            return [state for state in states if state.waiting or state.channel in channels]

    @override
    def discard_notices(self, channel: str) -> int:
        with self.lock:
            box = self.boxes.pop(channel, Box())
            return len(box.notices) + (len(box.flight.notices) if box.flight else 0)

    def _channel(self, channel: str) -> ChannelState:
        box = self.boxes.get(channel, Box())
        times = [due for due, _, _ in box.notices] + ([box.flight.oldest] if box.flight else [])
        return ChannelState(
            channel=channel,
            waiting=len(box.notices) + (len(box.flight.notices) if box.flight else 0),
            oldest=min(times, default=0.0),
            failures=box.failures,
            failing_since=box.since,
            error=box.error,
            next_at=box.flight.next_at if box.flight else 0.0,
            sent=box.sent,
            last_sent=box.last,
        )

    def _apply(self, change: Change) -> None:
        match change:
            case SeenPeriod():
                self.notices_seen[change.period] = change.mark
            case Once():
                if change.key not in self.notices_told:
                    self.notices_told.add(change.key)
                    self._lay(change.notice, change.to)
            case Over():
                was = self.notices_open.pop(change.key, None)
                if was and was.notified:
                    self.notices_past.add(change.key)
                    self._lay(change.notice, change.to)
            case Raised():
                self._raise(change)

    def _raise(self, change: Raised) -> None:
        now, was = self.now(), self.notices_open.get(change.key)
        if was and was.notified:
            return
        since, back = (was.since, was.back) if was else (now, change.key in self.notices_past)
        tells = not change.silent and change.notice is not None and now - since >= change.hold
        notified = change.silent or tells
        self.notices_open[change.key] = OpenCondition(
            key=change.key, since=since, hold=change.hold, notified=notified, back=back
        )
        if tells:
            self._lay(change.notice, change.to)

    def _lay(self, notice: Notice | None, to: Sequence[Addressed]) -> None:
        for each in to if notice else ():
            self.notice_number += 1
            self.boxes.setdefault(each.channel, Box()).notices.append((each.due_at, self.notice_number, notice))

    def _mark(self, period_id: str) -> str:
        entry = self.period_entries[period_id]
        states = [record.state for record in self.members(period_id)]
        counts = [states.count(state) for state in State]
        certificate = entry.record.certificate.id if entry.record.certificate else ""
        said = f"{entry.record.state} {counts} {len(entry.conflicts)} {certificate}"
        return hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()
