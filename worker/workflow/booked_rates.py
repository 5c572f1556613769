"""The rates that e-conomic booked last, read only where an invoice's own rate is held against them."""

from collections.abc import Iterable
from dataclasses import replace

from worker.domain.invoice import Invoice
from worker.economic.mapping.exchange_rates import needs_booked_rates
from worker.economic.mapping.master_data import MasterData
from worker.economic.port import Economic


def with_booked_rates(economic: Economic, master_data: MasterData, invoices: Iterable[Invoice]) -> MasterData:
    """Return the master data with the booked rates in them, if any of these invoices states a rate."""
    base = master_data.base_currency
    if not any(needs_booked_rates(invoice, base) for invoice in invoices):
        return master_data
    return replace(master_data, booked_rates=economic.booked_rates(base))
