"""Sets of invoices on Redis: counted from kept sums, frozen there page by page, never carried through this program."""

# ruff: noqa: PLC0415  # `status` needs the store without such sets

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from typing_extensions import override

from worker.domain.desk_ports import FrozenSetPort
from worker.domain.invoice_search import sought
from worker.domain.record import State
from worker.store.connection import Word, mapping, text, texts
from worker.store.period_index import STAKED, RedisPeriodIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.domain.frozen_set import Choice, CountedInvoices, FrozenSet

#: Invoices that one script looks at, and members that one command writes or reads.
_PAGE = 1000
#: Later than any invoice moves.
_ALWAYS = 1e12


class RedisFrozenSets(RedisPeriodIndex, FrozenSetPort):
    """See ``FrozenSetPort``. Every method raises ``StoreUnavailable``."""

    @override
    def counted(self, choice: Choice) -> CountedInvoices:
        from worker.domain.frozen_set import CountedInvoices

        at = self.now()
        if choice.cause:
            invoices, kept = self.ask(
                ["ZCARD", self.key("cause-dead", choice.cause)], ["HGETALL", self.key("cause-stakes", choice.cause)]
            )
            return CountedInvoices(invoices=int(invoices), at_stake=_money(_numbers(mapping(kept))), at=at)
        summed = self._summed(choice)
        if summed:
            return CountedInvoices(invoices=summed[0], at_stake=summed[1], at=at)
        found = self._choose("", choice, at=_ALWAYS)
        return CountedInvoices(invoices=found.invoices, at_stake=found.at_stake, at=at)

    @override
    def freeze(self, set_id: str, choice: Choice, *, at: float) -> FrozenSet:
        return self._choose(set_id, choice, at=at)

    @override
    def freeze_members(self, set_id: str, members: Sequence[tuple[str, float]]) -> FrozenSet:
        from worker.domain.frozen_set import FrozenSet

        digest = ""
        for start in range(0, len(members), _PAGE):
            some = members[start : start + _PAGE]
            part = [f"{key} {moved_at:.17g}" for key, moved_at in some]  # as scripts write a time
            (digest,) = texts(self.run("freeze_members", set_id, start, digest, *part))
        return FrozenSet(id=set_id, invoices=len(members), at_stake={}, digest=digest)

    @override
    def hold_frozen(self, set_id: str, *, seconds: float) -> None:
        self.ask(["EXPIRE", self.key("frozen", set_id), int(seconds)])

    @override
    def frozen_members(self, set_id: str, *, start: int = 0, most: int = -1) -> Sequence[tuple[str, float]]:
        if most == 0:
            return []
        end = -1 if most < 0 else start + most - 1
        members = texts(self.ask(["LRANGE", self.key("frozen", set_id), start, end])[0])
        return [(key, float(moved_at)) for key, _, moved_at in (member.partition(" ") for member in members)]

    @override
    def still_frozen(self, set_id: str) -> int:
        start, still = 0, 0
        while True:
            seen, unmoved = self.run("still_frozen", set_id, start, _PAGE)
            start, still = start + int(seen), still + int(unmoved)
            if seen < _PAGE:
                return still

    def _summed(self, choice: Choice) -> tuple[int, dict[str, Decimal]] | None:
        """Return number and money from the sums that scripts keep; None where they do not tell, or not all."""
        state = choice.wanted.state or State.DEAD
        if sought(choice.wanted.text) or state not in STAKED:
            return None
        wanted = replace(choice.wanted, state=state)
        found = self.staked(choice.period, wanted)
        if found is None:
            self._add_up(choice.period)
            found = self.staked(choice.period, wanted)
        return found and (found[0], _money(found[1]))

    def _choose(self, set_id: str, choice: Choice, *, at: float) -> FrozenSet:
        from worker.domain.frozen_set import FrozenSet

        where = self._where(choice)
        count, cursor, digest, sums = 0, "", "", dict[str, int]()
        while where:
            words: tuple[Word, ...] = (count, repr(at), int(choice.anyway), _PAGE, cursor, digest)
            cursor, fitted, digest, *money = texts(self.run("choose", set_id, *words, *where))
            count += int(fitted)
            for currency, hundredths in zip(money[::2], money[1::2], strict=True):
                sums[currency] = sums.get(currency, 0) + int(hundredths)
            if not cursor:
                break
        return FrozenSet(id=set_id, invoices=count, at_stake=_money(sums), digest=digest)

    def _where(self, choice: Choice) -> Sequence[Word]:
        """Return where the script looks, as it takes it; nothing where nothing can fit."""
        if choice.cause:
            return (State.DEAD, "set", f"cause-dead:{choice.cause}", "", "-inf", "+inf")
        wanted, words = choice.wanted, sought(choice.wanted.text)
        state = wanted.state or State.DEAD
        index = self._index(choice.period)
        if words and not index.adds_up:
            self._add_up(choice.period)
        ranges = self._ranges(replace(wanted, state=state))
        bounds = [bound for low, high in ranges for bound in (low, f"({high}")]
        if not bounds:
            return ()
        where = ("text", f"search:{choice.period}") if words else ("set", f"members:{choice.period}")
        return (state, *where, words, *bounds)


def _numbers(kept: dict[str, str]) -> dict[str, int]:
    return {currency: int(text(hundredths)) for currency, hundredths in kept.items()}


def _money(hundredths: dict[str, int]) -> dict[str, Decimal]:
    return {currency: Decimal(amount).scaleb(-2) for currency, amount in sorted(hundredths.items()) if amount}
