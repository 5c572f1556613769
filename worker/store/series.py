"""The numbers of an export's invoices on Redis: six fields of each record, page by page."""

# ruff: noqa: PLC0415  # `status` needs the store without series

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from typing_extensions import override

from worker.domain.reconcile_ports import SeriesPort
from worker.domain.record import State
from worker.store import records
from worker.store.connection import StoreConnection, text, texts, token

if TYPE_CHECKING:
    from worker.domain.number_series import Explanation, NumberRecord

#: Invoices read in one trip.
_PAGE = 500
_FIELDS = ("number", "type", "region", "state", "outcome")


class RedisSeries(StoreConnection, SeriesPort):
    """See ``SeriesPort``."""

    @override
    def numbers(self, export: str) -> Iterator[NumberRecord]:
        seen: set[str] = set()
        for period in texts(self.ask(["ZRANGE", self.key("periods"), 0, -1])[0]):
            if period.startswith(f"{export}-"):
                members = texts(self.ask(["ZRANGE", self.key("members", period), 0, -1])[0])
                new = [invoice_id for invoice_id in members if invoice_id not in seen]
                seen.update(new)
                for start in range(0, len(new), _PAGE):
                    yield from self._page(new[start : start + _PAGE])
        yield from (record for record in self.archived_numbers(export) if record.id not in seen)

    def archived_numbers(self, export: str) -> Iterable[NumberRecord]:  # noqa: ARG002  # see archived.py
        """Return the numbers of archived invoices; who reads no archive knows none."""
        return ()

    @override
    def explanations(self, export: str) -> Sequence[Explanation]:
        from worker.domain.number_series import Explanation

        kept = texts(self.ask(["LRANGE", self.key("explained", export), 0, -1])[0])
        return [Explanation(**json.loads(each)) for each in kept]

    @override
    def explain(self, export: str, explanation: Explanation) -> None:
        # The same said twice, as an answer was lost, explains no more than said once.
        said = json.dumps(asdict(explanation), ensure_ascii=False)
        numbers = f"{explanation.first}-{explanation.last}"
        self.run("explain", token(), export, said, explanation.by, explanation.why, numbers)

    def _page(self, invoice_ids: Sequence[str]) -> Iterator[NumberRecord]:
        from worker.domain.number_series import NumberRecord

        answers = self.ask(*(["HMGET", self.key("invoice", invoice_id), *_FIELDS] for invoice_id in invoice_ids))
        for invoice_id, answer in zip(invoice_ids, answers, strict=True):
            number, invoice_type, region, state, outcome = map(text, answer)
            yield NumberRecord(
                id=invoice_id,
                number=int(number or invoice_id.rpartition("-")[2]),
                invoice_type=invoice_type or "invoice",
                region=region or None,
                state=State(state),
                outcome=records.outcome_of(outcome),
            )
