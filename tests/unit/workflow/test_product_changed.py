"""Products that somebody changes in e-conomic after an invoice has used them: revenue must reach its own account."""

from typing import Any

from support.harness import Harness
from support.samples import customer, invoice, line

from worker.domain.invoice import Invoice
from worker.domain.record import State

CARD = customer(ledger_number=1001, corporate_id=None)


def sample(number: int) -> Invoice:
    return invoice(line(account="3020"), invoice_number=number, customer=CARD)


def next_period(harness: Harness) -> None:
    harness.clock.advance(3700.0)
    harness.close_period(sample(2), event="/opter/acme/1#e2")
    harness.until_rest()


def lines_of(harness: Harness, number: int) -> list[Any]:
    return [entry["product"]["productNumber"] for entry in harness.sandbox.agreement.booked[number]["lines"]]


def used() -> Harness:
    """Sales account 3020's product was created for an invoice, and is remembered."""
    harness = Harness()
    harness.close_period(sample(1))
    harness.until_rest()
    assert lines_of(harness, 1) == ["3020"]
    return harness


def test_a_product_moved_to_another_group_is_not_used_any_more() -> None:
    """Its group decides the account: 1000.00 of account 3020 would be booked on 3010's. Another one is made."""
    harness = used()
    harness.sandbox.agreement.products["3020"]["productGroup"] = {"productGroupNumber": 61}
    next_period(harness)

    assert harness.record("main-2").state is State.EXPORTED
    assert lines_of(harness, 2) == ["OPT-3020"]


def test_a_product_deleted_in_e_conomic_is_made_anew() -> None:
    """Its number is remembered, and refused by e-conomic (E06000): without another lookup no invoice would go on."""
    harness = used()
    harness.sandbox.agreement.booked.clear()
    del harness.sandbox.agreement.products["3020"]
    next_period(harness)

    assert harness.record("main-2").state is State.EXPORTED
    assert "3020" in harness.sandbox.agreement.products


def test_a_barred_product_is_pdf_failure() -> None:
    """It is read again before it is put on a line: a person lifts the bar, nothing is booked around it."""
    harness = used()
    harness.sandbox.agreement.products["3020"]["barred"] = True
    next_period(harness)

    record = harness.record("main-2")
    assert record.failure is not None
    assert record.failure.reason == "product-barred"
