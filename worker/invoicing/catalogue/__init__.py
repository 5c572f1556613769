"""The words for every reason code: cause and remedy, one file per origin."""

from collections.abc import Mapping

from worker.invoicing.catalogue.customer import CUSTOMER
from worker.invoicing.catalogue.economic import ECONOMIC
from worker.invoicing.catalogue.event import EVENT
from worker.invoicing.catalogue.set_up import SET_UP
from worker.invoicing.catalogue.transit import TRANSIT
from worker.invoicing.catalogue.voucher import VOUCHER
from worker.invoicing.codes import Entry, Reason

CATALOGUE: Mapping[Reason, Entry] = {**EVENT, **SET_UP, **VOUCHER, **CUSTOMER, **ECONOMIC, **TRANSIT}

__all__ = ["CATALOGUE"]
