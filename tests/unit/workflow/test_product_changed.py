"""Products that somebody changes in e-conomic after an invoice has used them: revenue must reach its own account."""

from typing import Any

from support.harness import Works
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice
from worker.domain.record import State

CARD = customer(ledger_number=1001, corporate_id=None)


def one(number: int) -> Invoice:
    return invoice(line(account="3020"), invoice_number=number, customer=CARD)


def next_period(works: Works) -> None:
    works.clock.advance(3700.0)
    works.close_period(one(2), event="/opter/acme/1#e2")
    works.until_rest()


def lines_of(works: Works, number: int) -> list[Any]:
    return [entry["product"]["productNumber"] for entry in works.sandbox.agreement.booked[number]["lines"]]


def used() -> Works:
    """Sales account 3020's product was created for an invoice, and is remembered."""
    works = Works()
    works.close_period(one(1))
    works.until_rest()
    assert lines_of(works, 1) == ["3020"]
    return works


def test_a_product_moved_to_another_group_is_not_used_any_more() -> None:
    """Its group decides the account: 1000.00 of account 3020 would be booked on 3010's. Another one is made."""
    works = used()
    works.sandbox.agreement.products["3020"]["productGroup"] = {"productGroupNumber": 61}
    next_period(works)

    assert works.record("main-2").state is State.EXPORTED
    assert lines_of(works, 2) == ["OPT-3020"]


def test_a_product_deleted_in_e_conomic_is_made_anew() -> None:
    """Its number is remembered, and refused by e-conomic (E06000): without another look no invoice would go on."""
    works = used()
    works.sandbox.agreement.booked.clear()
    del works.sandbox.agreement.products["3020"]
    next_period(works)

    assert works.record("main-2").state is State.EXPORTED
    assert "3020" in works.sandbox.agreement.products


def test_a_barred_product_is_told() -> None:
    """It is read again before it is put on a line: a person lifts the bar, nothing is booked around it."""
    works = used()
    works.sandbox.agreement.products["3020"]["barred"] = True
    next_period(works)

    record = works.record("main-2")
    assert record.failure is not None
    assert record.failure.reason == "product-barred"
