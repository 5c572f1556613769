"""Messages to people on Redis: what was told, and a box for each channel."""

# ruff: noqa: PLC0415  # `status` needs the store without messages

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from worker.domain.desk_ports import NoticePort
from worker.store.connection import StoreConnection, Word, mapping, pairs, text, texts, token

if TYPE_CHECKING:  # `status` needs the store without messages
    from worker.domain.notices import Change, ChannelState, ClaimedMessage, Known, Notice

#: Of so many periods, the newest, it is seen that they have moved on.
_NEWEST = 2000
#: Keys of one trip.
_CHUNK = 500


class RedisNotices(StoreConnection, NoticePort):
    """See ``NoticePort``."""

    @override
    def known(self) -> Known:
        from worker.domain.notices import Known, SeenPeriod

        begun, opened, moved, causes = self.run("notices_known", _NEWEST)
        marks = texts(moved)
        return Known(
            first=not int(begun),
            open={key: open_condition(key, kept) for key, kept in mapping(opened).items()},
            moved=[SeenPeriod(period=each, mark=mark) for each, mark in zip(marks[::2], marks[1::2], strict=True)],
            causes=frozenset(texts(causes)),
        )

    @override
    def notified_once(self, keys: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for start in range(0, len(keys), _CHUNK):
            page = keys[start : start + _CHUNK]
            (answer,) = self.ask(["HMGET", self.key("notices-told"), *page])
            found |= {key for key, at in zip(page, answer, strict=True) if at is not None}
        return frozenset(found)

    @override
    def tell(self, changes: Sequence[Change]) -> None:
        self.run("tell", json.dumps([change_words(change) for change in changes], ensure_ascii=False))

    @override
    def claim_message(self, channel: str, *, lease: float) -> ClaimedMessage | None:
        from worker.domain.notices import MOST_IN_MESSAGE, ClaimedMessage

        own = token()
        answer = self.run("claim_message", channel, own, lease, token()[:20], MOST_IN_MESSAGE)
        if not answer:
            return None
        message, attempts, doubtful, kept = answer
        return ClaimedMessage(
            id=text(message),
            channel=channel,
            notices=[load_notice(each) for each in json.loads(text(kept))],
            attempts=int(attempts),
            doubtful=text(doubtful) == "1",
            token=own,
        )

    @override
    def message_sent(self, message: ClaimedMessage) -> None:
        from worker.domain.notices import MOST_SENT

        self.run("message_sent", message.channel, message.id, MOST_SENT)

    @override
    def message_failed(self, message: ClaimedMessage, *, why: str, again_in: float, doubtful: bool) -> None:
        self.run("message_failed", message.channel, message.token, why, again_in, int(doubtful))

    @override
    def channel_states(self, channels: Sequence[str]) -> Sequence[ChannelState]:
        known = texts(self.ask(["SMEMBERS", self.key("notice-channels")])[0])
        every = [*channels, *sorted(set(known) - set(channels))]
        if not every:
            return []
        answers = self.ask(*(command for channel in every for command in self._state_commands(channel)))
        each = [answers[at : at + 4] for at in range(0, len(answers), 4)]
        states = [_state(channel, found) for channel, found in zip(every, each, strict=True)]
        return [state for state in states if state.waiting or state.channel in channels]

    @override
    def discard_notices(self, channel: str) -> int:
        box, flight = self.key("notice-box", channel), self.key("notice-flight", channel)
        waiting, flying, *_ = self.ask(
            ["ZCARD", box],
            ["HGET", flight, "notices"],
            ["DEL", box, flight, self.key("notice-texts", channel), self.key("notice-channel", channel)],
            at_once=True,
        )
        return int(waiting) + int(flying or 0)

    def _state_commands(self, channel: str) -> list[list[Word]]:
        box = self.key("notice-box", channel)
        return [
            ["HGETALL", self.key("notice-channel", channel)],
            ["HMGET", self.key("notice-flight", channel), "notices", "oldest", "next_at"],
            ["ZCARD", box],
            ["ZRANGE", box, 0, 0, "WITHSCORES"],
        ]


def open_condition(key: str, kept: str) -> Any:
    """Return an ``OpenCondition`` from its text."""
    from worker.domain.notices import OpenCondition

    since, hold, notified, back = kept.split()
    return OpenCondition(key=key, since=float(since), hold=float(hold), notified=notified == "1", back=back == "1")


def change_words(change: Change) -> dict[str, Any]:
    """Return a change as ``lua/tell.lua`` reads it."""
    from worker.domain.notices import Once, Over, Raised, SeenPeriod

    if isinstance(change, SeenPeriod):
        return {"what": "seen", "key": change.period, "notice": change.mark}
    names = {Raised: "raised", Over: "over", Once: "once"}
    words: dict[str, Any] = {"what": names[type(change)], "key": change.key, "notice": dump_notice(change.notice)}
    # Times as text: a number would lose digits on its way through Lua.
    words["to"] = [[to.channel, repr(to.due_at)] for to in change.to]
    return words | ({"hold": change.hold, "silent": change.silent} if isinstance(change, Raised) else {})


def dump_notice(notice: Notice | None) -> str:
    """Return a notice as JSON; empty for none."""
    return json.dumps(asdict(notice), ensure_ascii=False) if notice else ""


def load_notice(kept: dict[str, Any]) -> Notice:
    """Return a notice from what its JSON holds."""
    from worker.domain.notices import Kind, Notice

    return Notice(kind=Kind(kept["kind"]), export=kept["export"], facts=kept["facts"], at=kept["at"])


def _state(channel: str, found: Sequence[Any]) -> ChannelState:
    from worker.domain.notices import ChannelState

    kept, (flying, oldest, next_at), waiting, first = mapping(found[0]), found[1], int(found[2]), pairs(found[3])
    times = [float(text(oldest))] if flying else []
    times += [score for _, score in first]
    return ChannelState(
        channel=channel,
        waiting=waiting + int(flying or 0),
        oldest=min(times, default=0.0),
        failures=int(kept.get("failures", 0)),
        failing_since=float(kept.get("since", 0)),
        error=kept.get("error", ""),
        next_at=float(text(next_at) or 0),
        sent=int(kept.get("sent", 0)),
        last_sent=float(kept.get("last", 0)),
    )
