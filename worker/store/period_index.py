"""Periods on Redis answered by index: sums, pages and searches that read no more invoices than they show.

The scripts that move an invoice keep the index (``place_among_members`` and ``weigh`` in ``lua/common.lua``). A period
that an older version took in, or moved, is known by numbers that do not agree, and is indexed anew from its records.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from typing_extensions import override

from worker.domain.desk_ports import PeriodIndexPort
from worker.domain.invoice_search import (
    MOST_FOUND,
    MOST_REMARKS,
    ORDER,
    InvoiceFilter,
    InvoicePage,
    gaps_between,
    missing_in,
    searchable,
    sought,
)
from worker.domain.money import OERE
from worker.domain.period_sums import CurrencySums, PeriodSums, sums_of
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.store.connection import Word, mapping, pairs, text, texts
from worker.store.operator_moves import NUMBERS, RedisReading

#: The score of a member is (class of its state * 1000 + number of its reason) * 1e10 + invoice number.
_CLASS: Mapping[State, int] = {state: place for place, state in enumerate(ORDER, 1)}
_REASONS = 1000
#: Members placed by one script.
_CHUNK = 250
#: States in which the money of a period's invoices is kept, of failed ones by reason.
STAKED = (State.DEAD, State.EXPORTED)
#: Seconds for which the gaps of a period are kept after they were looked for.
_GAPS_KEPT = 7 * 86_400
#: Beyond this the arithmetic of scripts is not exact (2^53): the records are added up instead.
_EXACT = 2**53
#: Name of a sum in the hash, before the currency -> field of ``CurrencySums``.
_SUMS: Mapping[str, str] = {
    "gross": "gross",
    "net": "net",
    "vat": "vat",
    "done": "done",
    "difference": "difference",
    "left-out": "left_out",
    "by-hand": "by_hand",
}

#: From a score on, up to another one that is no part of it.
_Range = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Index:
    """What the index of a period says, before it is believed."""

    #: Counts, sums, minutes and ``last`` by their names.
    numbers: Mapping[str, str]
    members: int
    #: Members that have left for the archive, exported all of them: the sums still count them.
    archived: int
    #: Members by the state that they are placed under.
    placed: Mapping[State, int]

    @property
    def states(self) -> Mapping[State, int]:
        """How many invoices are in each state, archived ones included."""
        archived = {State.EXPORTED: self.archived}
        numbers = {state: int(self.numbers.get(state, 0)) + archived.get(state, 0) for state in State}
        return {state: number for state, number in numbers.items() if number}

    @property
    def in_place(self) -> bool:
        """Whether every member is placed under its state."""
        return all(number == int(self.numbers.get(state, 0)) for state, number in self.placed.items())

    @property
    def adds_up(self) -> bool:
        """Whether every member, and every exported one, is in the sums."""
        outcomes = sum(self.whole("outcome").values())
        registered = int(self.numbers.get("registered", 0))
        exact = all(abs(float(number)) < _EXACT for number in self.numbers.values())
        return exact and registered == self.members + self.archived and outcomes == self.states.get(State.EXPORTED, 0)

    def whole(self, kind: str) -> Mapping[str, int]:
        """Return the numbers of a kind by what follows it."""
        before = f"{kind} "
        return {
            name.removeprefix(before): int(number) for name, number in self.numbers.items() if name.startswith(before)
        }


class RedisPeriodIndex(RedisReading, PeriodIndexPort):
    """See ``PeriodIndexPort``."""

    @override
    def period_sums(self, period_id: str) -> PeriodSums:
        index = self._index(period_id)
        if not index.adds_up:
            return self._add_up(period_id)
        remarks = pairs(self.ask(["ZREVRANGE", self.key("remarks", period_id), 0, MOST_REMARKS - 1, "WITHSCORES"])[0])
        return replace(
            _sums(index, remarks),
            failed=self._by_reason(period_id, index, State.DEAD),
            waiting=self._by_reason(period_id, index, State.WAITING),
            last_activity=self._last_activity(period_id, index),
        )

    def summary(self, period_id: str) -> Mapping[str, Any]:
        """Return what the pages of a period need, to be archived with it: then no record is read for them."""
        sums = self.period_sums(period_id)
        words = list(map(str, _words(sums)))
        return {"sums": dict(zip(words[::2], words[1::2], strict=True)), "gaps": self._gaps(period_id)}

    @override
    def find(self, period_id: str, wanted: InvoiceFilter, *, start: int, count: int) -> InvoicePage:
        index, words = self._index(period_id), sought(wanted.text)
        if words and not index.adds_up:
            self._add_up(period_id)
        ranges = self._ranges(wanted)
        if not words:
            return self._in_ranges(period_id, ranges, start, count)
        bounds = [bound for each in ranges for bound in each] if wanted.state or wanted.reason else []
        if not ranges:
            return InvoicePage(total=0, records=[])
        ids = texts(self.run("find_members", period_id, words, MOST_FOUND, *bounds))
        return InvoicePage(total=len(ids), records=list(self.records(ids[start : start + count])))

    def staked(self, period_id: str, wanted: InvoiceFilter) -> tuple[int, dict[str, int]] | None:
        """Return how many members are in ``wanted.state`` (one of ``STAKED``) and what they are worth, in hundredths.

        By the kept sums: None where these do not count every one of them.
        """
        index, ranges = self._index(period_id), self._ranges(wanted)
        if not ranges:
            return 0, {}
        members = sum(int(size) for size in self.ask(*_counts(self.key("members", period_id), ranges)))
        staked, stakes = 0, dict[str, int]()
        for name, number in index.numbers.items():
            kind, _, of = name.partition(" ")
            where, _, currency = of.partition(" ")
            if kind not in {"staked", "stake"} or not _lies(where, wanted.state, ranges):
                continue
            if kind == "staked":
                staked += int(number)
            else:
                stakes[currency] = stakes.get(currency, 0) + int(number)
        return (members, stakes) if staked == members else None

    @override
    def gap_numbers(self, period_id: str) -> Sequence[tuple[str, int, int]]:
        return missing_in(self._gaps(period_id), self._known)

    def _gaps(self, period_id: str) -> Sequence[tuple[str, int, int]]:
        """Return the gaps between all numbers: looked for once, and again when the period has other members."""
        kept, members = self.key("gaps", period_id), self._membership(period_id)
        (known,) = self.ask(["GET", kept])
        if known:
            of, gaps = json.loads(known)
            if of == members:
                return [(before, first, last) for before, first, last in gaps]
        found = gaps_between(self._every_id(period_id))
        self.ask(["SET", kept, json.dumps([members, found]), "EX", _GAPS_KEPT])
        return found

    def _membership(self, period_id: str) -> str:
        """Return what is another text when a period has other members: they only become more, or leave together."""
        index = self._read(period_id)
        return f"{index.members} {index.archived}"

    def _every_id(self, period_id: str) -> Sequence[str]:
        """Return the ids of a period's invoices in no order: to sort them all is most of what a large page takes."""
        return texts(self.ask(["ZRANGE", self.key("members", period_id), 0, -1])[0])

    def _known(self, invoice_ids: Sequence[str]) -> frozenset[str]:
        found = self.ask(*(["EXISTS", self.key("invoice", key)] for key in invoice_ids)) if invoice_ids else []
        return frozenset(key for key, there in zip(invoice_ids, found, strict=True) if there)

    def _index(self, period_id: str) -> _Index:
        """Return the index, its members placed anew where they are not under their states."""
        index = self._read(period_id)
        if index.in_place:
            return index
        ids = texts(self.ask(["ZRANGE", self.key("members", period_id), 0, -1])[0])
        for at in range(0, len(ids), _CHUNK):
            self.run("place_members", period_id, *ids[at : at + _CHUNK])
        return self._read(period_id)

    def _read(self, period_id: str) -> _Index:
        members = self.key("members", period_id)
        counted = _counts(members, [_of_state(state) for state in ORDER])
        numbers, archived, total, *placed = self.ask(
            ["HGETALL", self.key("counts", period_id)],
            ["HGET", self.key("period", period_id), "archived"],
            ["ZCARD", members],
            *counted,
            at_once=True,
        )
        return _Index(
            numbers=mapping(numbers),
            members=int(total),
            archived=int(archived or 0),
            placed=dict(zip(ORDER, map(int, placed), strict=True)),
        )

    def _add_up(self, period_id: str) -> PeriodSums:
        """Add all records up, and keep what comes of it unless one has moved meanwhile."""
        counts = self.key("counts", period_id)
        last = text(self.ask(["HGET", counts, "last"])[0])
        records = list(self.records(self.member_ids(period_id)))
        sums = sums_of(records)
        lines = "".join(f"{it.id.lower()} {searchable(it.content)}\t{it.id}\n" for it in records)
        remarks = [word for pair in sums.remarks.items() for word in pair]
        here = set(RedisReading.member_ids(self, period_id))  # what is archived is in no batch
        words = [*_words(sums), *self._stake_words([record for record in records if record.id in here])]
        self.run("keep_index", period_id, last, lines, len(sums.remarks), *remarks, *words)
        return sums

    def _stake_words(self, records: Sequence[InvoiceRecord]) -> list[Word]:
        """Return the money of failed and exported invoices as the hash holds it."""
        reasons, kept = mapping(self.ask(["HGETALL", self.key("reason-numbers")])[0]), dict[str, int]()
        for record in records:
            if record.state not in STAKED:
                continue
            body, where = json.loads(record.content), f"{record.state}"
            if record.state is State.DEAD:
                where += f":{reasons.get(record.failure.reason if record.failure else '', 0)}"
            stake = f"stake {where} {body['currency']}"
            kept[f"staked {where}"] = kept.get(f"staked {where}", 0) + 1
            kept[stake] = kept.get(stake, 0) + int(abs(Decimal(body["gross"])) / OERE)
        return [word for pair in kept.items() for word in pair]

    def _in_ranges(self, period_id: str, ranges: Sequence[_Range], start: int, count: int) -> InvoicePage:
        members = self.key("members", period_id)
        if not ranges:
            return InvoicePage(total=0, records=[])
        sizes = [int(size) for size in self.ask(*_counts(members, ranges))]
        commands: list[list[Word]] = []
        skip, room = start, count
        for (low, high), size in zip(ranges, sizes, strict=True):
            here = max(0, min(room, size - skip))
            if here:
                commands.append(["ZRANGEBYSCORE", members, low, f"({high}", "LIMIT", skip, here])
            skip, room = max(0, skip - size), room - here
        ids = [invoice_id for answer in (self.ask(*commands) if commands else ()) for invoice_id in texts(answer)]
        return InvoicePage(total=sum(sizes), records=list(self.records(ids)))

    def _ranges(self, wanted: InvoiceFilter) -> Sequence[_Range]:
        """Return where the members that fit are, in order; the text is another matter."""
        if not wanted.reason:
            return [_of_state(wanted.state)] if wanted.state else [(0, (len(ORDER) + 1) * _REASONS * NUMBERS)]
        number = text(self.ask(["HGET", self.key("reason-numbers"), wanted.reason])[0])
        states = [state for state in (State.DEAD, State.WAITING) if wanted.state in (None, state)]
        return [_of_reason(state, int(number)) for state in states] if number else []

    def _by_reason(self, period_id: str, index: _Index, state: State) -> Mapping[str, int]:
        if not index.placed[state]:
            return {}
        numbers = mapping(self.ask(["HGETALL", self.key("reason-numbers")])[0])
        ranges = [_of_reason(state, int(number)) for number in numbers.values()]
        if not ranges:
            return {}
        counts = self.ask(*_counts(self.key("members", period_id), ranges))
        found = {reason: int(count) for reason, count in zip(numbers, counts, strict=True) if int(count)}
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    def _last_activity(self, period_id: str, index: _Index) -> float:
        """Return when an invoice last moved; one that is being exported shows life without moving."""
        last = float(index.numbers.get("last", 0))
        if not index.placed[State.EXPORTING]:
            return last
        low, high = _of_state(State.EXPORTING)
        ids = texts(self.ask(["ZRANGEBYSCORE", self.key("members", period_id), low, f"({high}", "LIMIT", 0, 200])[0])
        seen = self.ask(*(["HGET", self.key("invoice", key), "updated_at"] for key in ids)) if ids else []
        return max(last, *(float(at or 0) for at in seen), 0.0)


def archived_sums(numbers: Mapping[str, str], remarks: Mapping[str, float], invoices: int) -> PeriodSums | None:
    """Return what an archived period adds up to, from what was kept with it; None where that is not about all of it."""
    index = _Index(numbers=numbers, members=0, archived=invoices, placed={})
    exported = not any(int(numbers.get(state, 0)) for state in State)
    if not (exported and index.adds_up):
        return None
    most = sorted(remarks.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_REMARKS]
    return replace(_sums(index, most), last_activity=float(numbers.get("last", 0)))


def _sums(index: _Index, remarks: Sequence[tuple[str, float]]) -> PeriodSums:
    """Return what the hash of a period alone says."""
    return PeriodSums(
        states=index.states,
        outcomes={Outcome(name): number for name, number in index.whole("outcome").items() if number},
        adopted=int(index.numbers.get("adopted", 0)),
        currencies=_currencies(index),
        lines_with_units=int(index.numbers.get("units", 0)),
        remarks={remark: int(number) for remark, number in remarks if number > 0},
        minutes={int(minute): number for minute, number in index.whole("minute").items()},
    )


def _counts(members: str, ranges: Sequence[_Range]) -> list[list[Word]]:
    return [["ZCOUNT", members, low, f"({high}"] for low, high in ranges]


def _of_state(state: State) -> _Range:
    return _CLASS[state] * _REASONS * NUMBERS, (_CLASS[state] + 1) * _REASONS * NUMBERS


def _of_reason(state: State, number: int) -> _Range:
    first = _CLASS[state] * _REASONS + number
    return first * NUMBERS, (first + 1) * NUMBERS


def _lies(where: str, state: State | None, ranges: Sequence[_Range]) -> bool:
    """Tell whether the money kept under ``exported``, or under ``dead:NUMBER`` of a reason, is of these ranges."""
    kept, _, number = where.partition(":")
    at = (_CLASS[State(kept)] * _REASONS + int(number or 0)) * NUMBERS
    return kept == state and any(low <= at < high for low, high in ranges)


def _currencies(index: _Index) -> Mapping[str, CurrencySums]:
    sums: dict[str, dict[str, Decimal]] = {}
    for name, field in _SUMS.items():
        for currency, number in index.whole(name).items():
            sums.setdefault(currency, {})[field] = number * OERE
    return {currency: CurrencySums(**amounts) for currency, amounts in sorted(sums.items())}


def _words(sums: PeriodSums) -> list[Word]:
    """Return the sums as the hash holds them, each name with its number."""
    numbers: dict[str, Word] = {"registered": sum(sums.states.values()), "last": repr(sums.last_activity)}
    numbers |= {"adopted": sums.adopted, "units": sums.lines_with_units}
    numbers |= {f"outcome {outcome}": number for outcome, number in sums.outcomes.items()}
    numbers |= {f"minute {minute}": number for minute, number in sums.minutes.items()}
    for currency, amounts in sums.currencies.items():
        numbers |= {f"{name} {currency}": int(getattr(amounts, field) / OERE) for name, field in _SUMS.items()}
    return [word for pair in numbers.items() for word in pair]
