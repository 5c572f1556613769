"""Customers and products that a plan would create: each once, under its future number or a placeholder."""

import hashlib
import json

from worker.domain.store_port import PlanPort
from worker.dry_run.plan import Created, Request
from worker.dry_run.read_only import ReadOnlyEconomic
from worker.workflow.customers_and_products import pending_update, update_key, wants_update
from worker.workflow.execution import Execution
from worker.workflow.single_flight import SharedResource, known_key


class DryRunCreator:
    """Stands in for ``find_or_create`` (see ``Obtain``): the same lookups and bodies, and nothing is sent."""

    def __init__(self, economic: ReadOnlyEconomic, store: PlanPort) -> None:
        self._economic = economic
        self._store = store
        #: Numbers by ``known_as``, and of what would be created by ``identity``.
        self._numbers: dict[str, str] = {}
        self._created: dict[str, str] = {}
        self.customers: list[Created] = []
        self.products: list[Created] = []
        #: Customers that exist and would be written with Opter's newer data.
        self.updates: list[Request] = []
        self._checked_for_update: set[int] = set()
        #: The id of the invoice that is being planned.
        self.invoice = ""

    def __call__(self, execution: Execution, resource: SharedResource, *, agreement: int) -> str:
        """See ``Obtain``."""
        if resource.known_as not in self._numbers:
            self._numbers[resource.known_as] = self._number(execution, resource, agreement)
        return self._numbers[resource.known_as]

    def refresh(self, execution: Execution, number: int) -> None:
        """Do as ``refresh_customer`` does; customers that this plan creates have Opter's data already."""
        new = number in {int(customer.number) for customer in self.customers}
        if new or number in self._checked_for_update or not wants_update(execution):
            return
        self._checked_for_update.add(number)
        agreement = self._economic.master_data(frozenset()).agreement
        done = self._store.shared_number(update_key(agreement, number, execution.record.periods[0]))
        pending = None if done else pending_update(execution.context, execution.invoice.customer, number)
        if pending:
            self.updates.append(Request(step="update", method="PUT", path=f"/customers/{number}", body=pending[1]))

    def _number(self, execution: Execution, resource: SharedResource, agreement: int) -> str:
        known = self._store.shared_number(known_key(agreement, resource.known_as))
        if known and resource.exists(known):
            return known
        return self._created.get(resource.identity) or resource.lookup() or self._create(execution, resource)

    def _create(self, execution: Execution, resource: SharedResource) -> str:
        body = resource.body()
        content = json.loads(body)
        answer = {"customerNumber": _placeholder(resource.identity), **content}
        number = str(answer[f"{resource.step}Number"])
        request = Request(step=resource.step, method="POST", path=resource.path, body=body)
        created = Created(request=request, number=number, needed_by=self.invoice)
        if resource.step == "customer":
            self.customers.append(created)
            self._economic.add_customer(int(number), content)
        else:
            self.products.append(created)
            self._economic.add_product(number, content)
        self._created[resource.identity] = number
        for remark in resource.remarks():
            execution.note(remark)
        return number


def _placeholder(identity: str) -> int:
    """Return a negative number for one that e-conomic will give: the same in every plan, whatever else is in it."""
    return -1 - int(hashlib.sha256(identity.encode()).hexdigest()[:7], 16)
