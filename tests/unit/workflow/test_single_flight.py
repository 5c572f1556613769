"""Customers and products that invoices share are found, or created once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
from support.harness import Harness
from support.samples import customer, invoice, line

from worker.domain.record import State
from worker.economic.mapping.customer_matching import card_key
from worker.workflow.single_flight import known_key

NEW = customer(code="NEW-1", ledger_number=5001, corporate_id="87654311", name="Ny Kunde ApS")


def test_fifty_invoices_of_a_new_customer_in_parallel_create_it_once() -> None:
    """Ten threads at once: one creates, the others wait for it in the store, all are booked on the same customer."""
    harness = Harness()
    lock = threading.Lock()

    def one_at_a_time(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        with lock:
            return answer(request)

    harness.around_http = one_at_a_time
    invoices = [invoice(line("10.00"), invoice_number=200_001 + n, customer=NEW) for n in range(50)]
    harness.close_period(*invoices)
    harness.check()
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(harness.exporter.run, list(harness.mailbox)))
    harness.mailbox.clear()
    harness.until_rest()

    created = [body for body in harness.sandbox.agreement.customers.values() if body["name"] == "Ny Kunde ApS"]
    assert [body["customerNumber"] for body in created] == [5001]
    assert [document.customer for document in harness.documents()] == [5001] * 50


def test_two_opter_codes_of_one_company_create_one_customer() -> None:
    """One CVR, no ledger numbers, two Opter codes: the second finds what the first created."""
    harness = Harness()
    cards = [customer(code=code, ledger_number=None, corporate_id="87654311", name="Ny ApS") for code in "AB"]
    harness.close_period(*(invoice(line(), invoice_number=1 + n, customer=card) for n, card in enumerate(cards)))
    harness.until_rest()

    made = [body for body in harness.sandbox.agreement.customers.values() if body["name"] == "Ny ApS"]
    assert len(made) == 1


def test_a_customer_deleted_in_e_conomic_is_looked_up_again() -> None:
    """Its remembered number is refused: it is forgotten, and the customer found or made anew."""
    harness = Harness()
    harness.close_period(invoice(line(), invoice_number=1, customer=NEW))
    harness.until_rest()
    harness.sandbox.agreement.booked.clear()
    del harness.sandbox.agreement.customers[5001]
    harness.close_period(invoice(line(), invoice_number=2, customer=NEW), event="/opter/acme/1#e2")
    harness.clock.advance(3700)
    harness.until_rest()

    assert harness.record("main-2").state is State.EXPORTED
    assert 5001 in harness.sandbox.agreement.customers


def test_a_number_that_another_worker_has_forgotten_is_not_used() -> None:
    """A bookkeeper gives the customer's number to another company and one worker finds out: no other may use it."""
    harness = Harness()
    card = customer(code="NEW-2", ledger_number=None, corporate_id="87654311", name="Ny Kunde ApS")
    harness.close_period(invoice(line(), invoice_number=1, customer=card))
    harness.until_rest()
    [number] = [document.customer for document in harness.documents()]
    agreement = harness.sandbox.agreement
    agreement.booked.clear()
    agreement.customers[7001] = agreement.customers[number] | {"customerNumber": 7001}
    agreement.customers[number] |= {"name": "Fremmed A/S", "corporateIdentificationNumber": "11223344"}

    harness.store.forget_shared(known_key(agreement.number, card_key(card)))  # as a worker does after a refusal
    harness.close_period(invoice(line(), invoice_number=2, customer=card), event="/opter/acme/1#e2")
    harness.until_rest()

    assert [document.customer for document in harness.documents()] == [7001]


def test_a_remembered_create_whose_number_is_another_company_now_is_not_used() -> None:
    """e-conomic still answers the create of an hour ago; the number has gone to another company: a new one is made."""
    harness = Harness()
    card = customer(code="NEW-2", ledger_number=None, corporate_id="87654311", name="Ny Kunde ApS")
    harness.close_period(invoice(line(), invoice_number=1, customer=card))
    harness.until_rest()
    [number] = [document.customer for document in harness.documents()]
    agreement = harness.sandbox.agreement
    agreement.booked.clear()
    agreement.customers[number] |= {"name": "Fremmed A/S", "corporateIdentificationNumber": "11223344"}

    harness.store.forget_shared(known_key(agreement.number, card_key(card)))
    harness.close_period(invoice(line(), invoice_number=2, customer=card), event="/opter/acme/1#e2")
    harness.until_rest()

    [document] = harness.documents()
    assert document.customer != number
    assert agreement.customers[document.customer]["corporateIdentificationNumber"] == "87654311"


def test_a_product_is_created_once_in_its_group() -> None:
    """Group 63 ("3020") has no product: two invoices make one, named like the sales account."""
    harness = Harness()
    card = customer(ledger_number=1001, corporate_id=None)
    harness.close_period(*(invoice(line(account="3020"), invoice_number=1 + n, customer=card) for n in range(2)))
    harness.until_rest()

    made = [body for body in harness.sandbox.agreement.products.values() if body["productNumber"] == "3020"]
    assert [body["productGroup"]["productGroupNumber"] for body in made] == [63]
    assert [record.state for record in harness.records()] == [State.EXPORTED] * 2
