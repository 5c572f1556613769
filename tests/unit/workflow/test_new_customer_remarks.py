"""What a new customer did not get as Opter has it: remarked on the invoice that created it, and on no other."""

from collections.abc import Callable

import httpx
import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.planning import planned
from support.samples import customer, invoice, line

from config.export_schema import Customers
from config.exports import ExportConfig
from worker.domain.invoice import Customer, Invoice
from worker.domain.record import State

BOTH = pytest.mark.parametrize("base", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
UNFIT = customer(
    code="NEW-1",
    ledger_number=4_571_234_567_890,
    corporate_id="31000041",
    name="Tabt ApS",
    zip="8" * 31,
    city="B" * 51,
    email="a@example.com;b@example.com;ingen",
)
REMARKS = (
    "customer.ledgerNumber: too long for e-conomic, which numbered the customer itself (new customer)",
    "customer.zip: cut from 31 to 30 characters (new customer)",
    "customer.city: cut from 51 to 50 characters (new customer)",
    "customer.email: 1 of 3 entries left out (not an e-mail address) (new customer)",
)


def remarked(remarks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the remarks on a new customer; the draft has limits of its own."""
    return tuple(remark for remark in remarks if remark.endswith("(new customer)"))


def invoices(harness: Harness, who: Customer = UNFIT, number: int = 3) -> list[Invoice]:
    each = (invoice(line("10.00"), invoice_number=200_001 + n, customer=who) for n in range(number))
    return [harness.pdf_fixtures.printed(printed) for printed in each]


def new_customers(harness: Harness) -> list[dict[str, object]]:
    return [body for body in harness.sandbox.agreement.customers.values() if body["name"] == UNFIT.name]


def refusing(path: str) -> Callable[[httpx.Request, Callable[[httpx.Request], httpx.Response]], httpx.Response]:
    """Return an e-conomic that refuses what is posted there."""

    def answer(request: httpx.Request, sandbox: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if (request.method, request.url.path) != ("POST", path):
            return sandbox(request)
        body = {"message": "Validation failed.", "errorCode": "E04300", "httpStatusCode": 400, "logId": "x"}
        return httpx.Response(400, json=body, request=request)

    return answer


@BOTH
def test_the_invoice_that_creates_the_customer_carries_the_remarks(base: ExportConfig) -> None:
    """Three invoices of one new customer: remarked once, in the plan as in the export."""
    harness = Harness(base)
    plan = planned(harness, *invoices(harness))
    harness.hire()
    harness.close_period(*invoices(harness))
    harness.until_rest()

    assert [remarked(each.remarks) for each in plan.invoices] == [REMARKS, (), ()]
    found = [remarked(record.progress.remarks) for record in harness.records()]
    assert sorted(found) == [(), (), REMARKS]
    assert [(body["email"], body["eInvoicingDisabledByDefault"]) for body in new_customers(harness)] == [
        ("a@example.com b@example.com", True)
    ]
    assert harness.sandbox.server_state.request_log.findings == []


@BOTH
def test_a_customer_that_is_there_gets_neither_remark_nor_switch(base: ExportConfig) -> None:
    """Brought up to date with what does not fit: the switch is as a person left it, and nothing is remarked as new."""
    harness = Harness(base.model_copy(update={"customers": Customers(group=21, layout=17, update="newer")}))
    harness.sandbox.agreement.customers[1001].pop("eInvoicingDisabledByDefault", None)
    changes = {"ledger_number": 1001, "corporate_id": None, "name": "Aalbæk Tømrerfirma ApS"}
    known = UNFIT.model_copy(update={**changes, "changed_at": "2026-11-01T12:00:00Z"})
    harness.close_period(*invoices(harness, known, 1))
    harness.until_rest()

    (record,) = harness.records()
    after = harness.sandbox.agreement.customers[1001]
    assert (record.state, remarked(record.progress.remarks)) == (State.EXPORTED, ())
    assert "customer: updated" in record.progress.remarks
    assert (after["email"], "eInvoicingDisabledByDefault" in after) == ("a@example.com b@example.com", False)


def test_a_switch_that_e_conomic_ignores_is_remarked_on() -> None:
    """Its schema says that PATCH alone updates the property; should a create ignore it, a person is asked to set it."""

    def ignoring(request: httpx.Request, sandbox: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        answer = sandbox(request)
        if (request.method, request.url.path) != ("POST", "/customers"):
            return answer
        body = {name: value for name, value in answer.json().items() if name != "eInvoicingDisabledByDefault"}
        return httpx.Response(answer.status_code, json=body, request=request)

    remark = "eInvoicingDisabledByDefault: ignored by e-conomic, set it there by hand (new customer)"
    ordinary = customer(code="N", ledger_number=5001, corporate_id="31000041")
    wanted = EXPORT.customers.model_copy(update={"disable_einvoicing": False})
    for export, expected in ((EXPORT, (remark,)), (EXPORT.model_copy(update={"customers": wanted}), ())):
        harness = Harness(export)
        harness.around_http = ignoring
        harness.close_period(*invoices(harness, ordinary, 1))
        harness.until_rest()

        (record,) = harness.records()
        assert (record.state, record.progress.remarks) == (State.EXPORTED, expected)


def test_an_ordinary_new_customer_costs_no_trip_more() -> None:
    """Nothing to remark, nothing to write ahead."""
    harness = Harness()
    harness.close_period(*invoices(harness, customer(code="N", ledger_number=5001, corporate_id="31000041"), 1))
    harness.until_rest()

    (record,) = harness.records()
    assert (record.state, record.progress.remarks) == (State.EXPORTED, ())
    assert "customer-intended" not in [entry.event for entry in record.history]


def test_a_customer_that_is_refused_is_not_remarked_on() -> None:
    """A person may create it by hand, with all that did not fit: then nothing was cut."""
    harness = Harness()
    harness.around_http = refusing("/customers")
    harness.close_period(*invoices(harness, number=1))
    harness.until_rest()

    (record,) = harness.records()
    assert (record.state, record.progress.remarks) == (State.DEAD, ())


def test_remarks_stay_when_the_invoice_is_posted_anew() -> None:
    """The customer is created, the draft refused, the invoice requeued: another execution, the same customer."""
    harness = Harness()
    harness.around_http = refusing("/invoices/drafts")
    harness.close_period(*invoices(harness, number=1))
    harness.until_rest()
    (dead,) = harness.records()
    harness.around_http = lambda request, answer: answer(request)
    harness.store.requeue([dead.id], by="kim")
    harness.until_rest()

    (record,) = harness.records()
    assert (dead.state, record.state) == (State.DEAD, State.EXPORTED)
    assert remarked(dead.progress.remarks) == remarked(record.progress.remarks) == REMARKS
