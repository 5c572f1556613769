"""Customers and products that a plan would create: each once, under the number that it will have, or a stand-in."""

import hashlib
import json

from worker.domain.store_port import PlanPort
from worker.dry_run.plan import Created, Request
from worker.dry_run.reading import ReadOnly
from worker.workflow.context import ExportContext
from worker.workflow.customers_and_products import pending_update, update_key, wants_update
from worker.workflow.execution import Execution
from worker.workflow.single_flight import SharedResource, known_key


class DryRunCreator:
    """Stands in for ``find_or_create`` (see ``Obtain``): the same looks and bodies, and nothing is sent."""

    def __init__(self, economic: ReadOnly, store: PlanPort) -> None:
        self._economic = economic
        self._ledger = store
        self._numbers: dict[str, str] = {}
        self._made: dict[str, str] = {}
        self.customers: list[Created] = []
        self.products: list[Created] = []
        #: Customers that exist and would be written with Opter's newer data.
        self.updates: list[Request] = []
        self._had_their_turn: set[int] = set()
        #: The reference of the invoice whose turn it is.
        self.invoice = ""

    def __call__(self, context: ExportContext, creation: SharedResource, *, agreement: int) -> str:
        """See ``Obtain``."""
        del context
        if creation.known_as not in self._numbers:
            self._numbers[creation.known_as] = self._number(creation, agreement)
        return self._numbers[creation.known_as]

    def refresh(self, execution: Execution, number: int) -> None:
        """Do as ``refresh_customer`` does; customers that would only be created now have Opter's data already."""
        new = number in {int(one.number) for one in self.customers}
        if new or number in self._had_their_turn or not wants_update(execution):
            return
        self._had_their_turn.add(number)
        agreement = self._economic.master_data(frozenset()).agreement
        done = self._ledger.shared_number(update_key(agreement, number, execution.record.periods[0]))
        pending = None if done else pending_update(execution.context, execution.invoice.customer, number)
        if pending:
            self.updates.append(Request(step="update", method="PUT", path=f"/customers/{number}", body=pending[1]))

    def _number(self, creation: SharedResource, agreement: int) -> str:
        known = self._ledger.shared_number(known_key(agreement, creation.known_as))
        if known and creation.trusts(known):
            return known
        return self._made.get(creation.identity) or creation.lookup() or self._pretend(creation)

    def _pretend(self, creation: SharedResource) -> str:
        body = creation.body()
        content = json.loads(body)
        answer = {"customerNumber": _stand_in(creation.identity), **content}
        number = str(answer[f"{creation.step}Number"])
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
