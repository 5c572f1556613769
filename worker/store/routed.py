"""Several stores as one, for commands and pages: a call goes to the store that holds what it is about, or to all.

Workers, intake and sweeps never come here: each works on one store, as if there were no other. What is asked of all
stores leaves out one that does not answer (``away`` names it), as the others go on; what is asked by an id that a store
which does not answer may hold is refused: an outage is never absence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from config.names import export_of
from worker.errors import StoreUnavailable

if TYPE_CHECKING:
    from worker.domain.action_log import LogEntry, LogFilter
    from worker.domain.notices import ChannelState
    from worker.domain.signs_of_life import SignOfLife

#: The first word names an export, or is the id of an invoice, a period, a certificate or a batch, which begins with it.
BY_KEY = frozenset(
    [
        "invoice",
        "period",
        "mark_exported",
        "accept_conflicts",
        "pause",
        "resume",
        "resume_later",
        "period_sums",
        "find",
        "gap_numbers",
        "certificates",
        "certificate",
        "outline",
        "accept_difference",
        "acceptances",
        "numbers",
        "explanations",
        "explain",
        "agreement_state",
        "keep_agreement",
        "reported_payments",
        "payment_run",
        "advance_payments",
        "batch",
        "batch_items",
        "export_times",
        "cancel_batch",
        "pause_wait",
        "pinned",
        "pin",
        "standings",
        "ask_for_period",
        "requests",
        "freeze",
        "freeze_members",
        "hold_frozen",
        "frozen_members",
        "still_frozen",
    ]
)
#: The first word is a value -> its field that names the export, or is such an id.
BY_FIELD = {
    "open_batch": "export",
    "open_frozen": "export",
    "counted": "export",
    "begin_payments": "export",
    "ask_approval": "export",
    "add_certificate": "id",
}
#: The first word is a list of ids of invoices.
BY_EACH = frozenset(["requeue", "reexport", "states"])
#: The first word is an id that says nothing of its export -> what tells whether a store has it.
BY_LOOKING = {
    "cause": "cause",
    "failed_for": "cause",
    "note_answer": "cause",
    "clear_cause": "cause",
    "approval": "approval",
    "decide": "approval",
    "mark_done": "approval",
    "ask_again": "period_of",
    "period_of": "period_of",
}
#: Asked of every store: what each answers is joined, in this order.
JOINED: Mapping[str, Callable[[Any], Any] | None] = {
    "periods": lambda period: -period.received_at,
    "archived_periods": lambda period: -period.received_at,
    "clocks": None,
    "causes": lambda cause: (-max(cause.at_stake.values(), default=Decimal()), cause.id),
    "advance_batches": None,
    "batches": lambda batch: -batch.confirmed_at,
    "approvals": lambda approval: -approval.asked_at,
    "dead": None,
    "refused": None,
}
#: Asked of every store: what each answers by export, or as a number, is put together.
UNITED = frozenset(["paused", "agreement_failures", "archived_totals"])
ADDED = frozenset(["waiting", "discard_notices"])
#: Asked of every store until one has done it.
UNTIL_DONE = frozenset(["discard", "revive"])

#: Seconds for which a store that did not answer is not asked again, and is named as away.
_NOT_AGAIN, _NAMED = 2.0, 30.0


class Routed:
    """Parts of several stores (the store itself, its event queue, its approvals) as one of the same kind."""

    def __init__(
        self,
        parts: Mapping[str, Any],
        stores: Callable[[], Mapping[str, str]],
        *,
        home: str,
        export_of_event: Callable[[bytes], str] = lambda _: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``parts``: by name of their store; ``stores`` returns the name of the store of each export, else ``home``.

        ``export_of_event`` returns the export that an event names; empty where it cannot be read.
        """
        self._parts = parts
        self._stores = stores
        self._home = home
        self._export_of_event = export_of_event
        self._clock = clock
        #: Store -> when it last did not answer.
        self._failed: dict[str, float] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        ways: Sequence[tuple[Any, Callable[[str], Callable[..., Any]]]] = (
            (BY_KEY, self._by_key),
            (BY_FIELD, self._by_field),
            (BY_EACH, self._by_each),
            (BY_LOOKING, self._by_looking),
            (JOINED, self._joined),
            (UNITED, self._united),
            (ADDED, lambda asked: lambda *words: sum(self._every(asked, *words).values())),
            (UNTIL_DONE, self._until_done),
        )
        for names, way in ways:
            if name in names:
                return way(name)
        raise AttributeError(name)

    def away(self) -> Sequence[str]:
        """Return the stores that did not answer lately."""
        now = self._clock()
        return sorted(name for name, at in list(self._failed.items()) if now - at < _NAMED)

    def now(self) -> float:
        """Return the time of the first store that answers, in seconds since the epoch, UTC."""
        return float(next(iter(self._every("now").values())))

    def invoices(self, period_id: str | None, state: Any) -> Iterator[Any]:
        """See ``OperatorPort``."""
        if period_id is not None:
            return iter(self._of(period_id).invoices(period_id, state))
        return self._records(state)

    def differences(self, period_id: str | None, *, most: int | None = None) -> Sequence[Any]:
        """See ``CertificatePort``."""
        if period_id is not None:
            return self._of(period_id).differences(period_id, most=most)  # type: ignore[no-any-return]  # a port's
        return [*chain.from_iterable(self._every("differences", None, most=most).values())]

    def signs_of_life(self) -> Sequence[SignOfLife]:
        """See ``OperatorPort``. A process leaves a sign in every store: it is alive if any has a fresh one."""
        latest: dict[tuple[str, str], SignOfLife] = {}
        for sign in chain.from_iterable(self._every("signs_of_life").values()):
            key = sign.part, sign.name
            if key not in latest or sign.silent_for < latest[key].silent_for:
                latest[key] = sign
        return [latest[key] for key in sorted(latest)]

    def channel_states(self, channels: Sequence[str]) -> Sequence[ChannelState]:
        """See ``NoticePort``. Each store has its own messages for a channel."""
        states: dict[str, ChannelState] = {}
        for state in chain.from_iterable(self._every("channel_states", channels).values()):
            states[state.channel] = _both(states[state.channel], state) if state.channel in states else state
        return list(states.values())

    def log_action(self, *, who: str, what: str, why: str = "", export: str = "", of: Sequence[str] = ()) -> None:
        """See ``ActionLogPort``. What belongs to no export is in the store of the settings."""
        self._of(export).log_action(who=who, what=what, why=why, export=export, of=of)

    def actions(self, wanted: LogFilter, *, before: int | None = None, most: int = 100) -> Sequence[LogEntry]:
        """See ``ActionLogPort``. A place holds the places in all stores that come before an entry, in one number."""
        names = sorted(self._parts)
        places = dict.fromkeys(names) if before is None else _places(before, names)
        pages = {
            name: list(self._parts[name].actions(wanted, before=places[name], most=most))
            for name in names
            if places[name] != 0
        }
        # Where a store gives nothing, or nothing yet, everything of it that is newer has been shown.
        at = {name: (page[0].place + 1 if (page := pages.get(name)) else 0) for name in names}
        found: list[LogEntry] = []
        for entry, name in sorted(
            ((entry, name) for name, page in pages.items() for entry in page), key=lambda row: -row[0].at
        )[:most]:
            at[name] = entry.place
            found.append(replace(entry, place=sum(at[each] << (_BITS * n) for n, each in enumerate(names))))
        return found

    def publish(self, raw: bytes) -> None:
        """Put an event on the queue of the store that holds its export; one that cannot be read is refused at home."""
        self._of(self._export_of_event(raw)).publish(raw)

    def _of(self, key: str) -> Any:
        return self._parts[self._store(key)]

    def _store(self, key: str) -> str:
        return self._stores().get(export_of(key), self._home)

    def _by_key(self, asked: str) -> Callable[..., Any]:
        return lambda key, *words, **named: getattr(self._of(key), asked)(key, *words, **named)

    def _by_field(self, asked: str) -> Callable[..., Any]:
        def call(value: Any, *words: Any, **named: Any) -> Any:
            return getattr(self._of(getattr(value, BY_FIELD[asked])), asked)(value, *words, **named)

        return call

    def _by_each(self, asked: str) -> Callable[..., Any]:
        def call(ids: Sequence[str], **named: Any) -> Any:
            own: dict[str, list[str]] = {}
            for key in ids:
                own.setdefault(self._store(key), []).append(key)
            answers = [getattr(self._parts[name], asked)(keys, **named) for name, keys in own.items()]
            if all(isinstance(answer, Mapping) for answer in answers):
                return {key: value for answer in answers for key, value in answer.items()}
            return [*chain.from_iterable(answers)]

        return call

    def _by_looking(self, asked: str) -> Callable[..., Any]:
        def call(key: str, *words: Any, **named: Any) -> Any:
            failed: StoreUnavailable | None = None
            for part in self._parts.values():
                try:
                    if getattr(part, BY_LOOKING[asked])(key):
                        return getattr(part, asked)(key, *words, **named)
                except StoreUnavailable as error:
                    failed = error
            if failed:
                raise failed
            return getattr(self._parts[self._home], asked)(key, *words, **named)

        return call

    def _joined(self, asked: str) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> list[Any]:
            found = [*chain.from_iterable(self._every(asked, *words, **named).values())]
            order = JOINED[asked]
            return (sorted(found, key=order) if order else found)[: named.get("most")]

        return call

    def _united(self, asked: str) -> Callable[..., Any]:
        def call() -> dict[str, Any]:
            return {key: value for answer in self._every(asked).values() for key, value in answer.items()}

        return call

    def _until_done(self, asked: str) -> Callable[..., bool]:
        return lambda *words: any(getattr(part, asked)(*words) for part in self._parts.values())

    def _records(self, state: Any) -> Iterator[Any]:
        for name in self._parts:
            try:
                yield from self._parts[name].invoices(None, state)
            except StoreUnavailable as error:
                self._note(name, error)

    def _every(self, asked: str, *words: Any, **named: Any) -> dict[str, Any]:
        """Return what each store answers, by its name. Raises ``StoreUnavailable`` when none does."""
        answers: dict[str, Any] = {}
        last: StoreUnavailable | None = None
        for name, part in self._parts.items():
            if len(self._parts) > 1 and self._clock() - self._failed.get(name, float("-inf")) < _NOT_AGAIN:
                continue
            try:
                answers[name] = getattr(part, asked)(*words, **named)
                self._failed.pop(name, None)
            except StoreUnavailable as error:
                self._failed[name], last = self._clock(), error
        if answers:
            return answers
        if last:
            raise last
        self._failed.clear()  # all of them failed just now: ask again, and say why
        return self._every(asked, *words, **named)

    def _note(self, name: str, error: StoreUnavailable) -> None:
        self._failed[name] = self._clock()
        if len(self._failed) == len(self._parts):
            raise error


#: Bits of a place of the merged log for each store's own.
_BITS = 40


def _places(merged: int, names: Sequence[str]) -> dict[str, int | None]:
    return {name: merged >> (_BITS * number) & ((1 << _BITS) - 1) for number, name in enumerate(names)}


def _both(first: ChannelState, second: ChannelState) -> ChannelState:
    worse, other = sorted((first, second), key=lambda state: -state.failures)
    return replace(
        worse,
        waiting=first.waiting + second.waiting,
        oldest=min(filter(None, (first.oldest, second.oldest)), default=0.0),
        sent=first.sent + second.sent,
        last_sent=max(worse.last_sent, other.last_sent),
    )
