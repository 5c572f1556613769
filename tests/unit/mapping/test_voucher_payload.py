"""The voucher as it is sent, and what the sandbox's books make of it."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from support.samples import invoice, line, year
from support.vouchers import agreement, booked, export, reference

from config.export_schema import Booking
from config.exports import ExportConfig
from worker.domain.identity import canonical_json
from worker.domain.invoice import Invoice
from worker.economic.mapping.voucher_payload import Voucher, entry_text, marked, voucher_payload
from worker.errors import InvalidInvoice

MIXED = invoice(line("100.00"), line("50.00", account="3012", rate="0.00", vat_code="FREE"))


def voucher(source: Invoice, chosen: ExportConfig | None = None, **agreed: Any) -> Voucher:
    return voucher_payload(source, chosen or export(), reference(**agreed), "main-100353", 1001)


def test_one_post_and_revenue_against_the_clearing_account() -> None:
    """175.00 on the customer; 125.00 (25.00 of it VAT) and 50.00 revenue; 175.00 - 125.00 - 50.00 = 0.00 in between."""
    sent = voucher(MIXED)
    text = {"date": "2026-11-20", "text": "Faktura 100353 [main-100353]", "currency": {"code": "DKK"}}
    clearing = {"contraAccount": {"accountNumber": 5990}}
    assert sent.payload == {
        "accountingYear": {"year": "2026"},
        "journal": {"journalNumber": 1},
        "entries": {
            "manualCustomerInvoices": [
                {
                    **text,
                    **clearing,
                    "customer": {"customerNumber": 1001},
                    "customerInvoice": 100353,
                    "dueDate": "2026-12-20",
                    "amount": Decimal("175.00"),
                }
            ],
            "financeVouchers": [
                {
                    **text,
                    **clearing,
                    "account": {"accountNumber": 3010},
                    "vatAccount": {"vatCode": "U25"},
                    "amount": Decimal("-125.00"),
                },
                {**text, **clearing, "account": {"accountNumber": 3012}, "amount": Decimal("-50.00")},
            ],
        },
    }
    assert sent.remarks == ()
    assert booked(sent.payload, agreement()) == {
        "owed": Decimal("175.00"),
        "3010": Decimal("-100.00"),
        "vat": Decimal("-25.00"),
        "vat U25": Decimal("-25.00"),
        "3012": Decimal("-50.00"),
        "5990": Decimal("0.00"),
    }


def test_a_single_account_and_code_needs_no_clearing_account() -> None:
    """The customer's entry takes the revenue account as contra account: one entry, one open item."""
    sent = voucher(invoice(line("100.00"), line("20.00")), export(clearing_account=None))
    [entry] = sent.payload["entries"].pop("manualCustomerInvoices")
    assert sent.payload["entries"] == {}
    assert (entry["amount"], entry["contraAccount"], entry["contraVatAccount"]) == (
        Decimal("150.00"),  # (100.00 + 20.00) x 1.25
        {"accountNumber": 3010},
        {"vatCode": "U25"},
    )


def test_the_other_layout_has_a_customer_entry_for_every_amount() -> None:
    """Each with the invoice's number, so that all of them are found with it."""
    entries = voucher(MIXED, export(layout="per-account", clearing_account=None)).payload["entries"]
    assert list(entries) == ["manualCustomerInvoices"]
    assert [
        (
            entry["amount"],
            entry["contraAccount"]["accountNumber"],
            entry.get("contraVatAccount"),
            entry["customerInvoice"],
        )
        for entry in entries["manualCustomerInvoices"]
    ] == [
        (Decimal("125.00"), 3010, {"vatCode": "U25"}, 100353),
        (Decimal("50.00"), 3012, None, 100353),
    ]


def test_several_amounts_without_a_clearing_account_are_refused() -> None:
    """One entry cannot stand against two accounts."""
    with pytest.raises(InvalidInvoice) as refused:
        voucher(MIXED, export(clearing_account=None))
    assert refused.value.failure.reason == "clearing-account-missing"


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [
        ("customerInvoice", {"customerInvoice": 100353}),
        ("customerInvoiceNumber", {"customerInvoiceNumber": 100353}),
        ("both", {"customerInvoice": 100353, "customerInvoiceNumber": 100353}),
    ],
)
def test_the_name_of_the_invoice_number_can_be_chosen(chosen: str, sent: dict[str, int]) -> None:
    """Schema and examples of e-conomic's documentation name the property differently."""
    [entry] = voucher(invoice(), export(invoice_number_property=chosen)).payload["entries"]["manualCustomerInvoices"]
    assert {name: value for name, value in entry.items() if name.startswith("customerInvoice")} == sent


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({"currency": "EUR", "exchange_rate": "746.11"}, Decimal("746.110000")),  # Opter's, per 100 units
        ({"currency": "EUR"}, None),  # e-conomic's of the day
        ({"exchange_rate": "100"}, None),  # the base currency's own
    ],
)
def test_currency_and_rate_stand_on_every_entry(changes: dict[str, Any], rate: Decimal | None) -> None:
    """Entries of one voucher share them."""
    source = MIXED.model_copy(update={name: value for name, value in changes.items() if name == "currency"})
    source = Invoice.model_validate({**source.model_dump(), **changes})
    every = [entry for rows in voucher(source).payload["entries"].values() for entry in rows]
    assert [(entry["currency"]["code"], entry.get("exchangeRate")) for entry in every] == [(source.currency, rate)] * 3


def test_the_year_is_spelt_as_the_api_spells_it() -> None:
    """A skewed year may carry a suffix (reported by an integrator); it is never built from the date."""
    skewed = year(date(2026, 7, 1), year="2026/2027a")
    assert voucher(invoice(), years=(skewed,)).payload["accountingYear"] == {"year": "2026/2027a"}


@pytest.mark.parametrize(
    ("due", "sent", "remarks"),
    [
        (date(2026, 12, 24), "2026-12-24", 0),  # overridden in Opter: sent as it is
        (date(2026, 11, 20), "2026-11-20", 0),
        (date(2026, 11, 19), "2026-11-20", 1),  # e-conomic refuses a due date before the date
    ],
)
def test_due_dates(due: date, sent: str, remarks: int) -> None:
    """Opter's due date, whatever e-conomic's payment terms would give."""
    found = voucher(invoice(due_date=due))
    assert found.payload["entries"]["manualCustomerInvoices"][0]["dueDate"] == sent
    assert len(found.remarks) == remarks


def test_a_due_date_before_the_date_may_be_refused_instead() -> None:
    """booking.due_date_mismatch decides, as for the invoice method."""
    strict = export().model_copy(update={"booking": Booking(due_date_mismatch="refuse")})
    with pytest.raises(InvalidInvoice) as refused:
        voucher(invoice(due_date=date(2026, 11, 19)), strict)
    assert refused.value.failure.reason == "due-date-mismatch"


def test_economic_units_are_reported_as_left_out() -> None:
    """Opter states that they are not transferred; the report says on how many lines they were."""
    source = invoice(line("1.00", economic_units={"1": "CPH"}), line("2.00"))
    assert voucher(source).remarks == ("economicUnits: of 1 lines left out; they are not exported to e-conomic",)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (invoice(), "Faktura 100353 [main-100353]"),
        (invoice(line("-1.00"), invoice_type="correction"), "Kreditnota 100353 [main-100353]"),
        (
            invoice(line("-1.00"), invoice_type="correction", credits_invoice_number=100001),
            "Kreditnota 100353 til faktura 100001 [main-100353]",
        ),
    ],
)
def test_the_entries_text(source: Invoice, text: str) -> None:
    """What a bookkeeper reads, and the marker."""
    assert entry_text(source, "main-100353") == text


def test_the_marker_is_never_cut() -> None:
    """A text has at most 250 characters; what is before the marker gives way."""
    text = entry_text(invoice(credits_invoice_number=10**300), "main-100353")
    assert (len(text), marked(text)) == (250, "main-100353")


def test_the_same_invoice_gives_the_same_bytes() -> None:
    """The request is frozen under a key: a re-built one must not differ, in whatever order its lines came."""
    back = MIXED.model_copy(update={"lines": tuple(reversed(MIXED.lines))})
    assert canonical_json(voucher(MIXED).payload) == canonical_json(voucher(back).payload)
    assert json.loads(canonical_json(voucher(MIXED).payload))["journal"] == {"journalNumber": 1}
