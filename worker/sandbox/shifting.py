"""What a person changes while a listing is being read, between two of its pages: see the switches."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from worker.sandbox.state import Agreement, Json

#: Listings of what a person deletes or moves every day.
_SHIFTING = ("/vouchers", "/invoices/drafts", "/customers", "/products")


def capped(agreement: Agreement, path: str, query: Mapping[str, str]) -> Mapping[str, str]:
    """Return the query of a listing with a page no larger than the switch ``largest_page`` says."""
    asked, largest = query.get("pagesize", ""), agreement.switches.largest_page
    cut = path.endswith(_SHIFTING) and asked.isdecimal() and int(asked) > largest
    return {**query, "pagesize": str(largest)} if cut else query


def shift(agreement: Agreement, read: list[Json], to_come: list[Json]) -> None:
    """Let the pages after the one that was just read shift, if the switch ``shifts`` says so."""
    switches = agreement.switches
    if not (switches.shifts and read and to_come):
        return
    struck = (read if switches.shift_by == "delete" else to_come)[0]
    for table in _tables(agreement):
        for key in [key for key, item in table.items() if item["self"] == struck.get("self")]:
            switches.shifts -= 1
            item = table.pop(key)
            if switches.shift_by == "front":
                others = dict(table)
                table.clear()
                table.update({key: item, **others})


def _tables(agreement: Agreement) -> tuple[MutableMapping[Any, Json], ...]:
    return agreement.vouchers, agreement.drafts, agreement.customers, agreement.products
