"""Four eyes on periods: what is over the limit of its export waits for a second person, and is asked for once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

import structlog

from config.exports import ExportConfig
from worker.domain.approval import needs_approval
from worker.domain.invoice_period import PeriodRecord
from worker.domain.money import ZERO
from worker.domain.period_hold import NOTHING_HELD, PeriodHold, PeriodHoldPort, Standing, hold_of, new_request
from worker.domain.record import InvoiceRecord, State

log = structlog.get_logger()

#: Seconds after which a period that is held is looked at again: a decision does so at once, a limit that was raised or
#: taken away in the exports file does so then.
LOOK_AGAIN = 600.0


class PeriodsRead(Protocol):
    """What of the store says how large a period is."""

    def period(self, period_id: str) -> PeriodRecord | None:
        """See ``OperatorPort.period``."""

    def invoices(self, period_id: str | None, state: State | None) -> Iterable[InvoiceRecord]:
        """See ``OperatorPort.invoices``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondPerson:
    """Says what of a period has to wait, and asks for a yes."""

    holds: PeriodHoldPort
    store: PeriodsRead

    def hold(self, records: Sequence[InvoiceRecord], export: ExportConfig) -> PeriodHold:
        """Return what may not be exported of a period's received invoices yet.

        An invoice of several periods waits if any of them is over the limit. Raises ``StoreUnavailable``.
        """
        limits = export.period_limits
        if not limits:
            return NOTHING_HELD
        periods = sorted({period for record in records for period in record.periods})
        over = {period for period in periods if self._over(period, limits)}
        held = [record for record in records if not over.isdisjoint(record.periods)]
        standings: dict[str, Standing] = {}
        for period in periods:
            said = self.holds.standings(period, {it.id: it.content_hash for it in held if period in it.periods})
            # A yes to the very content is one, in whichever of its periods it was given.
            standings |= {key: each for key, each in said.items() if standings.get(key) is not Standing.APPROVED}
        return hold_of({record.id: record.content_hash for record in held}, standings)

    def ask(self, period_id: str, export: ExportConfig, hold: PeriodHold, records: Sequence[InvoiceRecord]) -> None:
        """Ask for a yes to those of which nobody was asked yet. Raises ``StoreUnavailable``."""
        if not hold.unasked:
            return
        found = self.store.period(period_id)
        at_stake = _money(record.content for record in records if record.id in hold.unasked)
        name = found.name if found else period_id
        new = new_request(period_id, name, export.name, hold.unasked, at_stake or {})
        self.holds.ask_for_period(period_id, new, hold.unasked)
        log.info("period_held", approval=new.id, invoices=new.invoices)

    def _over(self, period_id: str, limits: Mapping[str, Decimal]) -> bool:
        """Count everything in the period, so that a large one in small parts is over the limit all the same.

        What Opter has announced counts, too, where it is more than has come.
        """
        found = self.store.period(period_id)
        announced = {total.currency: abs(total.gross) for total in (found.control_totals if found else ())}
        if needs_approval(limits, announced):
            return True
        whole = _money(record.content for record in self.store.invoices(period_id, None))
        return whole is None or needs_approval(limits, whole)


def _money(contents: Iterable[str]) -> Mapping[str, Decimal] | None:
    """Return currency -> gross, credit notes by their size; None when a content cannot be read: nobody knows then."""
    sums: dict[str, Decimal] = {}
    for content in contents:
        try:
            read = json.loads(content)
            currency, gross = str(read["currency"]), abs(Decimal(read["gross"]))
        except (ValueError, KeyError, TypeError, InvalidOperation):
            return None
        sums[currency] = sums.get(currency, ZERO) + gross
    return sums
