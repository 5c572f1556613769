"""Requests for a second person's yes to periods, on Redis; their decisions are those of all requests."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from typing_extensions import override

from worker.domain.approval import NewApproval
from worker.domain.period_hold import PeriodHoldPort, Standing
from worker.store.connection import StoreConnection, Word, text, texts, token

#: A period waits for as long as it takes; seconds.
_FOR_GOOD = 100 * 366 * 86_400.0
#: Seconds for which the set of a request is kept while the request itself is not written.
_BEING_ASKED = 86_400
#: Invoices that one command reads or writes.
_CHUNK = 500


class RedisPeriodHolds(StoreConnection, PeriodHoldPort):
    """See ``PeriodHoldPort``. Every method raises ``StoreUnavailable``."""

    @override
    def standings(self, period_id: str, invoices: Mapping[str, str]) -> Mapping[str, Standing]:
        asked = self.requests(period_id)
        if not asked or not invoices:
            return {}
        kept = self.ask(*(["HMGET", self.key("approval", each), "decision", "set"] for each in asked))
        found: dict[str, Standing] = {}
        for decision, of in kept:  # oldest first: what was said last counts, and a yes stays one
            same = self._with_this_content(text(of), invoices)
            said = _standing(text(decision))
            found |= {key: said for key in same if found.get(key) is not Standing.APPROVED}
        return found

    @override
    def ask_for_period(self, period_id: str, new: NewApproval, invoices: Mapping[str, str]) -> None:
        members = list(invoices.items())
        kept = self.key("approval-invoices", new.id)
        for at in range(0, len(members), _CHUNK):
            words = [word for pair in members[at : at + _CHUNK] for word in pair]
            self.ask(["HSET", kept, *words], ["EXPIRE", kept, _BEING_ASKED])
        self._ask(period_id, new, of=new.id)

    @override
    def ask_again(self, approval_id: str, new: NewApproval) -> bool:
        period = self.period_of(approval_id)
        return bool(period) and self._ask(period, new, of=approval_id) != "not-refused"

    @override
    def period_of(self, approval_id: str) -> str:
        return text(self.ask(["HGET", self.key("approval", approval_id), "period"])[0])

    @override
    def requests(self, period_id: str) -> Sequence[str]:
        return texts(self.ask(["LRANGE", self.key("period-approvals", period_id), 0, -1])[0])

    def _ask(self, period_id: str, new: NewApproval, *, of: str) -> str:
        request = json.dumps(asdict(new), default=str)
        words: Sequence[Word] = (token(), new.id, _FOR_GOOD, request, new.export, new.by, new.why, period_id, of)
        return texts(self.run("ask_approval", *words))[0]

    def _with_this_content(self, of: str, invoices: Mapping[str, str]) -> list[str]:
        keys = list(invoices)
        chunks = [keys[at : at + _CHUNK] for at in range(0, len(keys), _CHUNK)]
        kept = self.ask(*(["HMGET", self.key("approval-invoices", of), *chunk] for chunk in chunks))
        asked = zip(keys, (text(content) for answer in kept for content in answer), strict=True)
        return [key for key, content in asked if content == invoices[key]]


def _standing(decision: str) -> Standing:
    if not decision:
        return Standing.ASKED
    return Standing.APPROVED if json.loads(decision)["yes"] else Standing.REFUSED
