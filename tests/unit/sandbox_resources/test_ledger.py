"""The sandbox's general ledger and documents: what booking posts, what the services list, what they refuse."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.reconciled import Reconciled, reconciled

from worker.sandbox.resources import documents, ledger
from worker.sandbox.routes import Collection
from worker.sandbox.state import ApiError

PDF = b"%PDF-1.4\n"


@pytest.fixture
def world() -> Reconciled:
    return reconciled(81)


def _items(answer: Any) -> list[Any]:
    assert isinstance(answer.body, Collection)
    return list(answer.body.items)


def test_a_booked_invoice_is_posted_and_balances(world: Reconciled) -> None:
    """Its customer owes the gross, revenue and VAT are credited, and the remainder is the gross."""
    for number, booked in world.agreement.booked.items():
        rows = [row for row in world.agreement.booked_entries if row["invoice"] == number]
        owing = [row for row in rows if row["customer"] is not None]

        assert sum(row["amount"] for row in rows) == Decimal(0)
        assert [(row["amount"], row["remainder"]) for row in owing] == [(booked["grossAmount"],) * 2]
        assert len({row["voucherNumber"] for row in rows}) == 1


def test_only_the_customers_line_carries_the_number_unless_told_otherwise(world: Reconciled) -> None:
    """The harsher reading is the default."""
    told = [
        entry
        for entry in _items(ledger.list_entries(world.agreement, world.call()))
        if "customerInvoiceNumber" in entry
    ]
    world.agreement.switches.invoice_number_on = "every-line"
    every = [
        entry
        for entry in _items(ledger.list_entries(world.agreement, world.call()))
        if "customerInvoiceNumber" in entry
    ]

    assert len(told) == 4
    assert all("customerNumber" in entry for entry in told)
    assert len(every) == len(world.agreement.booked_entries)


def test_the_ledger_may_lag(world: Reconciled) -> None:
    """What was booked a moment ago is not listed yet."""
    world.agreement.switches.ledger_lag = 3600.0
    call = world.call()
    early = replace(call, now=call.now - timedelta(seconds=9000))

    assert _items(ledger.list_entries(world.agreement, early)) == []
    assert len(_items(ledger.list_entries(world.agreement, call))) == len(world.agreement.booked_entries)


def _upload(world: Reconciled, content: bytes = PDF, **form: str) -> Any:
    row = world.agreement.booked_entries[0]
    fields = {"AccountingYear": row["year"], "VoucherNumber": str(row["voucherNumber"])} | form
    return documents.attach(world.agreement, replace(world.call(), file=content, file_name="a.pdf", form=fields))


def test_a_document_is_attached_and_listed_and_deleted(world: Reconciled) -> None:
    """Creating answers with the number alone."""
    answer = _upload(world)
    listed = _items(documents.list_all(world.agreement, world.call()))
    documents.delete(world.agreement, replace(world.call(), params={"documentNumber": str(answer.body["number"])}))

    assert answer.status == 201
    assert [each["number"] for each in listed] == [answer.body["number"]]
    assert _items(documents.list_all(world.agreement, world.call())) == []


def test_a_second_document_is_merged_or_refused(world: Reconciled) -> None:
    """As ``onConflict`` asks."""
    first = _upload(world)
    merged = _upload(world)
    with pytest.raises(ApiError) as refused:
        _upload(world, onConflict="1")

    assert first.body == merged.body
    assert world.agreement.documents[first.body["number"]]["pages"] == 2
    assert refused.value.body["errorCode"] == "DocumentAlreadyAttachedToVoucher"


@pytest.mark.parametrize(
    ("form", "content", "code"),
    [
        ({"AccountingYear": "1999"}, PDF, "AccountingYearNotFound"),
        ({"VoucherNumber": "0"}, PDF, "InvalidVoucherNumber"),
        ({"VoucherNumber": "4711"}, PDF, "UnableToAttach"),
        ({}, b"text", "InvalidFileData"),
        ({}, PDF + b"0" * 9_000_000, "InvalidFileData"),
    ],
)
def test_what_the_service_refuses(world: Reconciled, form: dict[str, str], content: bytes, code: str) -> None:
    """With its documented codes."""
    with pytest.raises(ApiError) as refused:
        _upload(world, content, **form)

    assert refused.value.body["errorCode"] == code


def test_an_electronic_invoice_takes_no_document(world: Reconciled) -> None:
    """``CannotAttachToElectronicInvoice``."""
    for booked in world.agreement.booked.values():
        booked["electronic"] = True
    with pytest.raises(ApiError) as refused:
        _upload(world)

    assert refused.value.body["errorCode"] == "CannotAttachToElectronicInvoice"
