import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import customer, export, invoice, line, reference

from config.export_schema import Booking
from worker.domain.identity import canonical_json
from worker.domain.invoice import Invoice, InvoiceType
from worker.economic.mapping.documents import Draft, draft_payload
from worker.economic.mapping.exchange_rates import exchange_rate
from worker.economic.mapping.master_data import PaymentTerms
from worker.errors import InvalidInvoice

PRODUCTS = {"3010": "3010", "3012": "FRI"}
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False, allow_infinity=False)


def draft(source: Invoice, **changes: Any) -> Draft:
    return draft_payload(source, export(**changes), reference(), "main-100353", 1001, PRODUCTS)


def test_draft_payload() -> None:
    """The whole of an ordinary invoice, with nothing to remark."""
    source = invoice(line("1000.00"), line("-40.50", account="3012", rate="0.00", text=""), your_reference="Anna")

    assert draft(source) == Draft(
        payload={
            "date": "2026-11-20",
            "currency": "DKK",
            "layout": {"layoutNumber": 19},
            "paymentTerms": {"paymentTermsNumber": 5},
            "customer": {"customerNumber": 1001},
            "recipient": {
                "name": "Acme A/S",
                "address": "Havnegade 1",
                "zip": "1058",
                "city": "København K",
                "country": "DK",
                "vatZone": {"vatZoneNumber": 1},
            },
            "references": {"other": "main-100353"},
            "notes": {"heading": "Faktura", "textLine1": "Deres ref.: Anna\nOrdrer: 4555"},
            "lines": [
                {
                    "lineNumber": 1,
                    "sortKey": 1,
                    "description": "Invoice 100353, 4555, 2026-11-19",
                    "product": {"productNumber": "3010"},
                    "quantity": Decimal("1.00"),
                    "unitNetPrice": Decimal("1000.00"),
                },
                {
                    "lineNumber": 2,
                    "sortKey": 2,
                    "description": "Faktura 100353",
                    "product": {"productNumber": "FRI"},
                    "quantity": Decimal("1.00"),
                    "unitNetPrice": Decimal("-40.50"),
                },
            ],
        },
        remarks=(),
    )


@given(nets=st.lists(AMOUNTS, min_size=1, max_size=20))
def test_lines_add_up_to_the_invoice(nets: list[Decimal]) -> None:
    """As bytes on the wire, quantity x price over the lines is the invoice's net to the øre, at two decimals each."""
    source = invoice(*(line(str(net)) for net in nets))
    sent = json.loads(canonical_json(draft(source).payload), parse_float=Decimal)

    assert sum(line["quantity"] * line["unitNetPrice"] for line in sent["lines"]) == source.net
    assert {-line["unitNetPrice"].as_tuple().exponent for line in sent["lines"]} == {2}
    assert [line["lineNumber"] for line in sent["lines"]] == list(range(1, len(nets) + 1))


@pytest.mark.parametrize(
    ("source", "heading"),
    [
        (invoice(), "Faktura"),
        (invoice(line("-1.00")), "Kreditnota"),  # a negative total is a credit note, whatever its type
        (invoice(line("1.00"), invoice_type=InvoiceType.CORRECTION), "Faktura"),
        (invoice(line("0.00"), invoice_type=InvoiceType.CORRECTION), "Kreditnota"),
        (invoice(line("0.00")), "Faktura"),
    ],
)
def test_heading(source: Invoice, heading: str) -> None:
    """e-conomic has no document type: the word over the invoice follows the total."""
    assert draft(source).payload["notes"]["heading"] == heading


def test_what_a_credit_note_credits() -> None:
    """The credited number stands first, so that a cut of the order numbers never takes it."""
    orders = tuple(f"{n:010}" for n in range(100))
    source = invoice(line("-1.00"), invoice_type="correction", credits_invoice_number=100300, order_numbers=orders)
    cut = draft(source)

    assert cut.payload["notes"]["textLine1"].startswith("Krediterer faktura 100300\nOrdrer: 0000000000, 00")
    # "Krediterer faktura 100300" 25 + 1 + "Ordrer: " 8 + 100 x 10 + 99 x 2 = 1232
    assert cut.remarks == ("orderNumbers: cut from 1232 to 1000 characters",)


def test_opters_number_is_told_when_e_conomic_numbers() -> None:
    """An invoice with a number of e-conomic's own still says which invoice of Opter's it is."""
    notes = draft(invoice(order_numbers=()), booking=Booking(numbers="economic")).payload["notes"]

    assert notes["textLine1"] == "Fakturanr. i Opter: 100353"


def test_nothing_to_tell() -> None:
    """An empty text is left out."""
    assert draft(invoice(order_numbers=())).payload["notes"] == {"heading": "Faktura"}


def test_limits_are_remarked() -> None:
    """Name, address, zip, city and line texts are cut at e-conomic's limits; an EAN too long is left out."""
    who = customer(name="n" * 251, address="a" * 251, zip="z" * 51, city="c" * 251, ean="1" * 14)
    made = draft(invoice(line(text="t" * 2501), customer=who))
    recipient = made.payload["recipient"]

    assert [len(recipient[name]) for name in ("name", "address", "zip", "city")] == [250, 250, 50, 250]
    assert "ean" not in recipient
    assert len(made.payload["lines"][0]["description"]) == 2500
    assert [remark.partition(":")[0] for remark in made.remarks] == [
        "customer.name",
        "customer.address",
        "customer.zip",
        "customer.city",
        "customer.ean",
        "lines[1].text",
    ]


def test_a_due_date_of_opters_own() -> None:
    """With ``dueDate`` terms the date is sent."""
    own = PaymentTerms(number=7, name="Forfaldsdato", kind="dueDate", days=0)
    terms = (*reference().payment_terms, own)
    source = invoice(due_date=date(2026, 12, 24))
    payload = draft_payload(source, export(), reference(payment_terms=terms), "r", 1, PRODUCTS).payload

    assert (payload["paymentTerms"], payload["dueDate"]) == ({"paymentTermsNumber": 7}, "2026-12-24")


@pytest.mark.parametrize(
    ("currency", "ours", "rate", "remarks"),
    [
        ("EUR", None, None, 0),  # e-conomic's rate of the day
        ("EUR", "743.914941", "743.914941", 0),  # 100 EUR = 743.914941 DKK
        ("EUR", "743.9149415", "743.914942", 1),  # six decimals, halves up
        ("DKK", "100", None, 0),
        ("DKK", "1.000000", None, 1),
        ("DKK", None, None, 0),
    ],
)
def test_exchange_rate(currency: str, ours: str | None, rate: str | None, remarks: int) -> None:
    """Opter's rate per 100 units, at most six decimals; none for the base currency."""
    sent, remarked = exchange_rate(invoice(currency=currency, exchange_rate=ours), export(), reference())

    assert (sent, len(remarked)) == (Decimal(rate) if rate else None, remarks)
    assert draft(invoice(currency=currency, exchange_rate=ours)).payload.get("exchangeRate") == sent


@pytest.mark.parametrize("rate", ["0", "-743.91", "1000000000", "0.0000001", "0.0000004"])
def test_no_price(rate: str) -> None:
    """A rate that is no price of 100 units would misstate the books."""
    with pytest.raises(InvalidInvoice) as caught:
        exchange_rate(invoice(currency="EUR", exchange_rate=rate), export(), reference())

    assert caught.value.failure.reason == "exchange-rate-invalid"


@pytest.mark.parametrize(("rounding", "tolerance", "fits"), [("0.25", "0.24", False), ("-0.25", "0.25", True)])
def test_rounding(rounding: str, tolerance: str, fits: bool) -> None:  # noqa: FBT001  # a table's column
    """e-conomic has no field for it: within the tolerance it is left out with a remark, above it is refused."""
    source, booking = invoice(rounding=rounding), Booking(tolerance=Decimal(tolerance))
    try:
        outcome = draft(source, booking=booking).remarks
    except InvalidInvoice as refusal:
        outcome = (refusal.failure.reason,)

    exclusion = f"rounding: {rounding} left out, as it is within the tolerance"
    assert outcome == ((exclusion,) if fits else ("rounding-unsupported",))


def test_economic_units_are_counted() -> None:
    """Economic units are not exported, as Opter states (docs.opter.com, integration-001), but nobody is surprised."""
    source = invoice(line(economic_units={"1": "CPH"}), line())

    assert draft(source).remarks == ("economicUnits: of 1 lines left out; they are not exported to e-conomic",)


def test_accounts_by_name_are_reported() -> None:
    """A sales account that is free text is sent, with one remark."""
    source = invoice(line(account="Fragt"), line(account="Fragt"), line())
    made = draft_payload(source, export(), reference(), "r", 1, {"Fragt": "F1", **PRODUCTS})

    assert made.remarks == ("salesAccount: 'Fragt' is a name, not an account number",)


def test_lines_keep_opters_order() -> None:
    """Lines go over by line number, however the event listed them."""
    source = invoice(line("1.00"), line("2.00"))
    turned = source.model_copy(update={"lines": source.lines[::-1]})

    assert draft(turned) == draft(source)
