"""Reading records and periods from Redis."""

from collections.abc import Iterator, Sequence

from worker.invoicing.record import InvoiceRecord, State
from worker.ledger.adapter.fields import invoice_record
from worker.ledger.adapter.store import Store, mapping, text, texts

#: Records fetched in one trip.
PAGE = 200


class RedisReading(Store):
    """What several rooms read."""

    def members(self, period_id: str, state: State | None) -> Iterator[InvoiceRecord]:
        """Yield a period's invoices, history left out, in invoice number order."""
        return self.records(texts(self.ask(["ZRANGE", self.key("members", period_id), 0, -1])[0]), state)

    def records(self, invoice_ids: Sequence[str], state: State | None) -> Iterator[InvoiceRecord]:
        """Yield these invoices in this order, history left out; those in another state are passed over."""
        for start in range(0, len(invoice_ids), PAGE):
            page = invoice_ids[start : start + PAGE]
            wanted = page if state is None else self._in_state(page, state)
            answers = self.ask(*(["HGETALL", self.key("invoice", one)] for one in wanted))
            found = [invoice_record(one, mapping(answer)) for one, answer in zip(wanted, answers, strict=True)]
            yield from (record for record in found if state in (None, record.state))

    def _in_state(self, invoice_ids: Sequence[str], state: State) -> list[str]:
        states = self.ask(*(["HGET", self.key("invoice", one), "state"] for one in invoice_ids))
        return [one for one, found in zip(invoice_ids, states, strict=True) if text(found) == state]
