"""Draft invoices: rules, totals, due dates, deletion."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sandbox_calls import codes, draft, line, listed, refusal, send

from worker.sandbox.routes import Collection
from worker.sandbox.seed import standard_agreement
from worker.sandbox.state import Agreement

D = Decimal
DRAFTS = "/invoices/drafts"
TOTALS = ("netAmount", "vatAmount", "grossAmount")


def created(body: dict[str, Any], agreement: Agreement | None = None) -> dict[str, Any]:
    answer = send(agreement or standard_agreement(), "POST", DRAFTS, body)
    assert answer.status == 201
    result: dict[str, Any] = answer.body
    return result


def test_recorded_example() -> None:
    """3 x 153.44 - 10 % = 414.29; + 2 x 23.00 = 46.00 -> 460.29; VAT 25 % = 115.07; gross 575.36; rounding 0.00."""
    body = created(draft(line("FRAGT", "3", "153.44", "10"), line("FRAGT", "2", "23.00")))

    assert [D("414.29"), D("46.00")] == [each["totalNetAmount"] for each in body["lines"]]
    assert (D("460.29"), D("115.07"), D("575.36")) == tuple(body[name] for name in TOTALS)
    assert D("0.00") == body["roundingAmount"]


@pytest.mark.parametrize(
    ("zone", "product", "vat"),
    [
        (1, "FRAGT", "250.00"),
        (2, "FRAGT", "0.00"),
        (3, "FRAGT", "0.00"),
        (4, "FRAGT", "0.00"),
        (1, "TERMINAL", "250.00"),
    ],
)
def test_vat_comes_from_group_and_zone(zone: int, product: str, vat: str) -> None:
    """The recipient's zone decides, not the customer's."""
    assert D(vat) == created(draft(line(product, "1", "1000.00"), zone=zone))["vatAmount"]


@pytest.mark.parametrize(("rounding", "vat"), [("line", "0.06"), ("total", "0.05")])
def test_vat_rounding_switch(rounding: str, vat: str) -> None:
    """Two lines of 0.10: 0.03 + 0.03 per line, 0.05 per total."""
    agreement = standard_agreement()
    agreement.switches.vat_rounding = rounding

    assert D(vat) == created(draft(line("FRAGT", "1", "0.10"), line("FRAGT", "1", "0.10")), agreement)["vatAmount"]


def test_group_without_account_for_the_zone() -> None:
    """Unknown of the real e-conomic: refused by default, no VAT under the switch."""
    agreement = standard_agreement()
    body = draft(line("TERMINAL", "1", "1000.00"), zone=2)
    error = refusal(lambda: send(agreement, "POST", DRAFTS, body))
    agreement.switches.missing_zone_account = "no-vat"

    assert codes(error) == {"0.productNumber": "E04300"}
    assert D("0.00") == created(body, agreement)["vatAmount"]


@pytest.mark.parametrize(
    ("changes", "rate", "in_base"),
    [
        ({"currency": "EUR"}, "746.11", "9326.38"),  # 1250 x 7.4611 = 9326.375
        ({"currency": "EUR", "exchangeRate": D("743.914941")}, "743.914941", "9298.94"),  # 1250 x 7.43914941
        ({}, "100", "1250.00"),
    ],
)
def test_exchange_rate(changes: dict[str, Any], rate: str, in_base: str) -> None:
    """A rate is per 100 units; without one e-conomic's rate of the day is taken."""
    body = created(draft(**changes))

    assert (D(rate), D(in_base)) == (body["exchangeRate"], body["grossAmountInBaseCurrency"])


@pytest.mark.parametrize(
    ("terms", "sent", "due"),
    [
        (12, None, "2026-12-04"),
        (12, "2026-12-24", "2026-12-04"),  # ignored with net terms
        (21, None, "2026-12-30"),
        (31, "2026-12-24", "2026-12-24"),
        (31, "2026-11-20", "2026-11-20"),
        (41, None, "2026-11-20"),
    ],
)
def test_due_date(terms: int, sent: str | None, due: str) -> None:
    """The due date comes from the terms; it can be stated with ``dueDate`` terms alone."""
    stated = {"dueDate": sent} if sent else {}

    assert due == created(draft(terms=terms, **stated))["dueDate"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"paymentTerms": {"paymentTermsNumber": 31}}, {"dueDate": "E04042"}),
        ({"paymentTerms": {"paymentTermsNumber": 31}, "dueDate": "2026-11-19"}, {"dueDate": "E04760"}),
        ({"paymentTerms": {"paymentTermsNumber": 1}}, {"paymentTermsNumber": "E07080"}),
        (
            {"paymentTerms": {"paymentTermsNumber": 12, "paymentTermsType": "invoiceMonth"}},
            {"paymentTermsType": "E07180"},
        ),
        ({"customer": {"customerNumber": 9999}}, {"customerNumber": "E06000"}),
        ({"layout": {"layoutNumber": 1}}, {"layoutNumber": "E06000"}),
        ({"layout": {"layoutNumber": 19}}, {"layoutNumber": "E06000"}),  # deleted
        ({"currency": "USD"}, {"currency": "E06000"}),
        ({"exchangeRate": D(99)}, {"exchangeRate": "E04300"}),
        ({"references": {"salesPerson": {"employeeNumber": 1}}}, {"employeeNumber": "E06000"}),
        ({"lines": [line("NIX", "1", "1.00")]}, {"0.productNumber": "E06000"}),
        ({"lines": [line("DIV", "1", "1.00"), line("DIV", "1", "0.125")]}, {"1.unitNetPrice": "E04740"}),
        ({"lines": [{"quantity": D(1), "unitNetPrice": D(1)}]}, {"0.product": "E04730"}),
        (
            {"lines": [{"product": {"productNumber": "DIV"}}]},
            {"0.quantity": "E04730", "0.unitNetPrice": "E04730"},
        ),
    ],
)
def test_refusals(changes: dict[str, Any], expected: dict[str, str]) -> None:
    """Each violation has its code, and a line's violation its index; nothing is created."""
    agreement = standard_agreement()

    assert expected == codes(refusal(lambda: send(agreement, "POST", DRAFTS, draft(**changes))))
    assert agreement.drafts == {}


def test_line_numbers_start_at_one() -> None:
    """A line number of 0 is refused by the schema."""
    error = refusal(lambda: send(standard_agreement(), "POST", DRAFTS, draft(line("DIV", "1", "1", lineNumber=0))))

    assert error.body["errors"] == ["Integer 0 is less than minimum value of 1. Path 'lines[0].lineNumber'."]


def test_recipient_name_is_shorter_than_a_customers() -> None:
    """251 characters fit a customer's name and not a recipient's."""
    recipient = {"name": "x" * 251, "vatZone": {"vatZoneNumber": 1}}
    error = refusal(lambda: send(standard_agreement(), "POST", DRAFTS, draft(recipient=recipient)))

    assert [f"String '{'x' * 251}' exceeds maximum length of 250. Path 'recipient.name'."] == error.body["errors"]


def test_what_is_sent_of_totals_is_ignored() -> None:
    """Totals are the server's own."""
    assert D("1250.00") == created(draft(grossAmount=D(7)))["grossAmount"]


def test_text_line_needs_no_product() -> None:
    """A description alone is a line without amount."""
    body = created(draft({"description": "Ordre 4555"}, line("FRAGT", "1", "10.00")))

    assert (D("10.00"), False) == (body["netAmount"], "totalNetAmount" in body["lines"][0])


def test_zero_price_is_absent_from_the_answer() -> None:
    """Zero numbers may be absent, as in a recorded answer."""
    assert "unitNetPrice" not in created(draft(line("FRAGT", "1", "0.00")))["lines"][0]


def test_credit_note_is_a_negative_draft() -> None:
    """-1 x 1000 gives -1000 net, -250 VAT, -1250 gross."""
    body = created(draft(line("FRAGT", "-1", "1000.00")))

    assert (D("-1000.00"), D("-250.00"), D("-1250.00")) == tuple(body[name] for name in TOTALS)


def test_listing_omits_lines_and_filters_by_reference() -> None:
    """Listings have no lines; ``references.other`` is filterable, the customer's name is not."""
    agreement = standard_agreement()
    created(draft(references={"other": "OPTER-1"}), agreement)
    collection = send(agreement, "GET", DRAFTS).body
    assert isinstance(collection, Collection)

    assert [row["references"]["other"] for row in collection.items if "lines" not in row] == ["OPTER-1"]
    assert ("references.other" in collection.filterable, "customer.name" in collection.filterable) == (True, False)


def test_company_number_is_copied_to_the_recipient() -> None:
    """``recipient.cvr`` is only answered; sending it changes nothing."""
    recipient = {"name": "A", "vatZone": {"vatZoneNumber": 1}, "cvr": "1"}

    assert created(draft(recipient=recipient))["recipient"]["cvr"] == "99000007"


def test_put_replaces_header_and_lines() -> None:
    """What is omitted is cleared, lines included; a number that is not there is created."""
    agreement = standard_agreement()
    number = created(draft(notes={"heading": "H"}), agreement)["draftInvoiceNumber"]
    answer = send(agreement, "PUT", f"{DRAFTS}/{number}", draft(line("DIV", "1", "5.00")))

    assert (200, 1, D("5.00")) == (answer.status, len(answer.body["lines"]), answer.body["netAmount"])
    assert "notes" not in answer.body
    assert send(agreement, "PUT", f"{DRAFTS}/900", draft()).status == 201


def test_lines_are_appended() -> None:
    """1000.00 + 5.00 = 1005.00; a zero-priced line before it survives."""
    agreement = standard_agreement()
    number = created(draft(line("FRAGT", "1", "1000.00"), line("FRAGT", "1", "0.00")), agreement)["draftInvoiceNumber"]
    answer = send(agreement, "POST", f"{DRAFTS}/{number}/lines", {"lines": [line("DIV", "1", "5.00")]})

    assert (201, [1, 2, 3], D("1005.00")) == (
        answer.status,
        [each["lineNumber"] for each in answer.body["lines"]],
        answer.body["netAmount"],
    )


def test_delete_one() -> None:
    """200 with a count, then 404; the number is free again."""
    agreement = standard_agreement()
    first, second = created(draft(), agreement), created(draft(), agreement)
    answer = send(agreement, "DELETE", f"{DRAFTS}/{first['draftInvoiceNumber']}")

    assert (
        answer.status,
        answer.body["deletedCount"],
        [each["draftInvoiceNumber"] for each in answer.body["deletedItems"]],
    ) == (200, 1, [1])
    assert [second["draftInvoiceNumber"]] == [row["draftInvoiceNumber"] for row in listed(agreement, DRAFTS)]
    assert refusal(lambda: send(agreement, "DELETE", f"{DRAFTS}/1")).status == 404
    assert created(draft(), agreement)["draftInvoiceNumber"] == 1


def test_delete_without_a_number_deletes_all() -> None:
    """An empty number in the path costs every draft."""
    agreement = standard_agreement()
    for _ in range(3):
        created(draft(), agreement)

    assert send(agreement, "DELETE", f"{DRAFTS}/").body["deletedCount"] == 3
    assert agreement.drafts == {}


money = st.decimals(min_value=-10_000, max_value=10_000, places=2)


@given(st.lists(st.tuples(money, money), min_size=1, max_size=6), st.sampled_from(["line", "total"]))
def test_gross_is_net_plus_vat(amounts: list[tuple[Decimal, Decimal]], rounding: str) -> None:
    """Whatever the lines, gross is net plus VAT, and VAT is within half an øre a line of a quarter of net."""
    agreement = standard_agreement()
    agreement.switches.vat_rounding = rounding
    body = created(draft(*(line("FRAGT", str(q), str(p)) for q, p in amounts)), agreement)

    assert body["netAmount"] + body["vatAmount"] == body["grossAmount"]
    assert abs(body["netAmount"] / 4 - body["vatAmount"]) <= D("0.005") * len(amounts)
