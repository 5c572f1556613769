"""Failed invoices grouped by cause and value, with the money at stake. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord
from worker.errors import Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Invoices of one export that failed for the same cause in the same place."""

    #: Stable for cause and value, so that it can stand in an address.
    id: str
    export: str
    failure: Failure
    invoices: tuple[InvoiceRecord, ...]
    #: Currency -> gross of its invoices, credit notes counted by their size.
    at_stake: Mapping[str, Decimal]
    #: When the oldest of them failed; seconds since the epoch, UTC.
    oldest: float

    @property
    def set_digest(self) -> str:
        """Name of exactly this set of invoices: what a person confirmed is what is re-queued."""
        return _digest(*(f"{record.id}/{record.content_hash}" for record in self.invoices))


def grouped(records: Iterable[InvoiceRecord]) -> Sequence[Group]:
    """Return the groups, the one with the most money at stake first."""
    members: dict[tuple[str, ...], list[InvoiceRecord]] = defaultdict(list)
    for record in records:
        if record.failure:
            members[record.export, record.failure.reason, record.failure.field, record.failure.value].append(record)
    groups = [_group(key, sorted(found, key=lambda it: it.invoice_number)) for key, found in members.items()]
    return sorted(groups, key=lambda group: (-max(group.at_stake.values()), group.id))


def _group(key: tuple[str, ...], found: Sequence[InvoiceRecord]) -> Group:
    at_stake: dict[str, Decimal] = defaultdict(Decimal)
    for record in found:
        invoice = Invoice.model_validate_json(record.content)
        at_stake[invoice.currency] += abs(invoice.gross)
    failure = found[0].failure
    assert failure is not None  # noqa: S101  # only failed ones are grouped; mypy cannot know
    return Group(
        id=_digest(*key),
        export=found[0].export,
        failure=failure,
        invoices=tuple(found),
        at_stake=dict(at_stake),
        oldest=min(record.updated_at for record in found),
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
