"""A plan's e-conomic and store cannot be written to; reads wait while the rate is used up."""

from collections.abc import Callable

import httpx
import pytest
from support.harness import Harness
from support.plan_periods import NEW
from support.planning import planned
from support.samples import invoice

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import Intent, State
from worker.dry_run.plan import PlannedAction
from worker.dry_run.read_only import PlanWouldWrite, ReadOnlyEconomic, read_only_store
from worker.economic.mapping.customer_matching import card_key
from worker.workflow.single_flight import known_key


def read_only(harness: Harness) -> ReadOnlyEconomic:
    return ReadOnlyEconomic(harness.client, began=harness.clock(), sleep=harness.clock.advance)


def test_nothing_can_be_sent() -> None:
    """A bug in this program ends the plan before e-conomic is called."""
    harness = Harness()
    intent = Intent(step="draft", method="POST", path="/invoices/drafts", body="{}", key="k", at=0.0)

    with pytest.raises(PlanWouldWrite, match="POST /invoices/drafts"):
        read_only(harness).send(intent)
    with pytest.raises(PlanWouldWrite):
        read_only(harness).attach(1, "2026-10001", b"%PDF-", key="k")
    assert harness.sandbox.server_state.request_log.entries == []


def test_the_store_is_read_only_too() -> None:
    """States are read; leases, pauses and saves are refused."""
    harness = Harness()
    harness.close_period(invoice())
    store = read_only_store(harness.store, {})

    assert store.states(["main-100353", "main-1"]) == {"main-100353": State.RECEIVED}
    with pytest.raises(PlanWouldWrite, match="open_shared"):
        store.open_shared("known:417001:x")
    with pytest.raises(PlanWouldWrite, match="pause"):
        store.pause("main", failure(ProcessReason.EXPORT_PAUSED, "No."))


def test_a_plan_leaves_the_store_as_it_is() -> None:
    """No record, period or lease: whoever creates that customer afterwards is the first to hold its lease."""
    harness = Harness()
    harness.close_period(invoice(customer=NEW))
    before = harness.records(), harness.store.periods()
    plan = planned(harness, invoice(customer=NEW))

    assert (harness.records(), harness.store.periods()) == before
    assert harness.store.open_shared(known_key(plan.agreement, card_key(NEW))).fence == 1


def test_a_plan_waits_for_the_rate() -> None:
    """e-conomic throttles two calls for seven seconds each: the plan goes on after them."""
    harness = Harness()
    began, refusals = harness.clock(), [429, 429]

    def throttle(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if refusals:
            return httpx.Response(refusals.pop(), headers={"Retry-After": "7"}, json={}, request=request)
        return answer(request)

    harness.around_http = throttle

    assert planned(harness, invoice(customer=NEW)).actions == {PlannedAction.POST: 1}
    assert harness.clock() - began >= 14.0


def test_what_would_be_created_is_found_from_then_on() -> None:
    """By number, corporate id and name, as the export would find it."""
    economic = read_only(Harness())
    economic.add_customer(7001, {"name": "Ny ApS", "currency": "DKK", "corporateIdentificationNumber": "88000005"})

    found = (
        economic.customers_by_number([7001]),
        economic.customers_by_corporate_id(["88000005"]),
        economic.customers_by_name("NY APS"),
    )

    assert [[customer.number for customer in customers] for customers in found] == [[7001]] * 3
