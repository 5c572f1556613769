"""Numbers that never came from Opter, looked up in e-conomic: is somebody else's document there under them?"""

from collections.abc import Mapping, Sequence

from worker.domain.number_series import NumberSeries
from worker.economic.ledger import LedgerReader

#: Numbers of one gap that are looked up: a call reads a thousand, and a wider one is another series, or a mistake.
MOST_LOOKED_UP = 5000

Place = tuple[str | None, str, int]


def taken_numbers(series: Sequence[NumberSeries], ledger: LedgerReader) -> Mapping[Place, str]:
    """Return where numbers that never came stand in the ledger, by region, series and number.

    Where regions or types number apart, what stands under a number is shown for each series that misses it. Raises what
    reading raises.
    """
    missing = _missing(series)
    taken: dict[Place, str] = {}
    for _, entries in ledger.by_invoice_number(missing):
        for entry in entries:
            if entry.customer is not None:
                where = f"voucher {entry.voucher} of {entry.date}, customer {entry.customer}"
                for region, name in missing[entry.invoice_number or 0]:
                    taken.setdefault((region, name, entry.invoice_number or 0), where)
    return taken


def _missing(series: Sequence[NumberSeries]) -> Mapping[int, Sequence[tuple[str | None, str]]]:
    """Return the numbers to look up, each with the series that miss it."""
    missing: dict[int, list[tuple[str | None, str]]] = {}
    for each in series:
        for gap in (gap for gap in each.gaps if gap.count <= MOST_LOOKED_UP):
            for number in range(gap.first, gap.last + 1):
                missing.setdefault(number, []).append((each.region, each.series))
    return missing
