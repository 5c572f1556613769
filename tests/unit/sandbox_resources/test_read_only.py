"""What public clients read besides, and the newer services' ways."""

import pytest
from support.sandbox_calls import draft, listed, refusal, send

from worker.sandbox.seed import standard_agreement
from worker.sandbox.state import Agreement


def booked() -> Agreement:
    agreement = standard_agreement()
    send(agreement, "POST", "/invoices/drafts", draft())
    send(agreement, "POST", "/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": 1}, "sendBy": "none"})
    return agreement


@pytest.mark.parametrize(
    "path", ["/employees", "/departmental-distributions", "/suppliers", "/customers/1001/contacts", "/invoices/sent"]
)
def test_a_listing_without_entries_is_empty_not_missing(path: str) -> None:
    """A client that reads it gets a listing."""
    assert listed(booked(), path) == []


def test_a_contact_of_a_customer_that_is_not_there_is_a_404() -> None:
    """So is a contact: the standard agreement has none."""
    for path in ("/customers/999/contacts", "/customers/1001/contacts/1", "/employees/1"):
        assert refusal(lambda path=path: send(standard_agreement(), "GET", path)).status == 404


def test_a_booked_invoice_is_unpaid_until_its_remainder_is_gone() -> None:
    """Lists and totals say the same."""
    agreement = booked()
    assert [len(listed(agreement, f"/invoices/{state}")) for state in ("paid", "unpaid")] == [0, 1]
    for invoice in agreement.booked.values():
        invoice["remainder"] = 0
    assert [len(listed(agreement, f"/invoices/{state}")) for state in ("paid", "unpaid", "overdue")] == [1, 0, 0]
    totals = send(agreement, "GET", "/invoices/totals").body
    assert (totals["drafts"]["invoiceCount"], totals["booked"]["paid"]["invoiceCount"]) == (0, 1)


def test_the_service_lists_years_under_paged_only() -> None:
    """Its years stand at ``/AccountingYears/paged``."""
    years = listed(standard_agreement(), "/accountingyearsapi/v2.0.1/AccountingYears/paged")
    assert [year["year"] for year in years] == ["2024", "2025", "2026", "2027"]
