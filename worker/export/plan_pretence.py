"""Customers and products that a plan would create: each once, under the number that it will have, or a stand-in."""

import hashlib
import json

from worker.export.desk import Desk
from worker.export.plan_reading import ReadOnly
from worker.export.shared import Creation, known_key
from worker.invoicing.economic_port import Reply
from worker.invoicing.plans.plan import Created, Request
from worker.invoicing.ports import PlanPort


class Pretence:
    """Stands in for ``find_or_create`` (see ``Obtain``): the same looks and bodies, and nothing is sent."""

    def __init__(self, economic: ReadOnly, ledger: PlanPort) -> None:
        self._economic = economic
        self._ledger = ledger
        self._numbers: dict[str, str] = {}
        self._made: dict[str, str] = {}
        self.customers: list[Created] = []
        self.products: list[Created] = []
        #: The reference of the invoice whose turn it is.
        self.invoice = ""

    def __call__(self, desk: Desk, creation: Creation, *, agreement: int) -> str:
        """See ``Obtain``."""
        del desk
        if creation.known_as not in self._numbers:
            self._numbers[creation.known_as] = self._number(creation, agreement)
        return self._numbers[creation.known_as]

    def _number(self, creation: Creation, agreement: int) -> str:
        known = self._ledger.shared_number(known_key(agreement, creation.known_as))
        return known or self._made.get(creation.identity) or creation.look() or self._pretend(creation)

    def _pretend(self, creation: Creation) -> str:
        body = creation.body()
        content = json.loads(body)
        answer = {"customerNumber": _stand_in(creation.identity), **content}
        number = creation.number_of(Reply(status=201, body=answer))
        request = Request(step=creation.step, method="POST", path=creation.path, body=body)
        created = Created(request=request, number=number, needed_by=self.invoice)
        if creation.step == "customer":
            self.customers.append(created)
            self._economic.pretend_customer(int(number), content)
        else:
            self.products.append(created)
            self._economic.pretend_product(number, content)
        self._made[creation.identity] = number
        return number


def _stand_in(identity: str) -> int:
    """Return a number below zero for one that e-conomic will give: the same in every plan, whatever else is in it."""
    return -1 - int(hashlib.sha256(identity.encode()).hexdigest()[:7], 16)
