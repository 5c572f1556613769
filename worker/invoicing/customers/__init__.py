"""Customers: how they are named among us, found in e-conomic, and created."""

from worker.invoicing.customers.creation import check_defaults, check_findable, creation_remarks, new_customer
from worker.invoicing.customers.keys import by_address, card_key, identity_key, ledger_number
from worker.invoicing.customers.matching import match
from worker.invoicing.customers.updating import differences, updated

__all__ = [
    "by_address",
    "card_key",
    "check_defaults",
    "check_findable",
    "creation_remarks",
    "differences",
    "identity_key",
    "ledger_number",
    "match",
    "new_customer",
    "updated",
]
