"""Error bodies: three shapes, problem details, and things that are none of these."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.recorded_refusals import (
    BAD_FILTER,
    BOOKING_IN_A_BARRED_PERIOD,
    PAYLOAD_CHANGED,
    VOUCHER_IN_A_BARRED_PERIOD,
    WRAPPER,
    under,
    voucher,
)

from worker.economic.api_calls import is_refusal
from worker.economic.error_body import Explanation, explain
from worker.errors import Complaint


def leaf(name: str, code: str, value: Any = "") -> dict[str, Any]:
    return {
        "errors": [{"propertyName": name, "errorMessage": f"{name} is wrong.", "errorCode": code, "inputValue": value}]
    }


@pytest.mark.parametrize(
    ("errors", "field", "value", "codes"),
    [
        (
            {"paymentTerms": leaf("paymentTermsNumber", "E07080", 77)},
            "paymentTerms.paymentTermsNumber",
            "77",
            {"E07080"},
        ),
        ({"dueDate": leaf("dueDate", "E04760")}, "dueDate", "", {"E04760"}),
        (
            {"lines": {"items": [{"arrayIndex": 3, "unitNetPrice": leaf("unitNetPrice", "E04740", 1.234)}]}},
            "lines[3].unitNetPrice",
            "1.234",
            {"E04740"},
        ),
        (
            {
                "lines": [
                    {"arrayIndex": 0, "product": {"errors": [{"message": "no", "errorCode": "E06000", "value": "X"}]}}
                ]
            },
            "lines[0].product",
            "X",
            {"E06000"},
        ),
        (["E00500: String is longer than 250.", "another"], "", "", {"E00500"}),
        ([{"propertyName": "filter", "errorMessage": "bad", "errorCode": "E1"}], "filter", "", {"E1"}),
    ],
)
def test_the_three_shapes_of_the_legacy_api(errors: Any, field: str, value: str, codes: set[str]) -> None:
    """By property, by line in both notations, and as an array."""
    explanation = explain(json.dumps(WRAPPER | {"errors": errors}).encode())

    assert (explanation.field, explanation.value, explanation.codes) == (field, value, codes | {"E04300"})
    assert explanation.message.startswith("Validation failed. 1 error found. (E04300)")
    assert (explanation.log_id, explanation.by_economic) == ("ab12-CPH", True)


def test_problem_details_of_the_newer_services() -> None:
    """``traceId`` stands for the log id, and each error names its property."""
    body = {
        "title": "Bad request",
        "status": 400,
        "traceId": "00-1",
        "errors": [{"message": "Customer is barred.", "errorCode": "CustomerBarred", "property": "customerNumber"}],
    }
    explanation = explain(json.dumps(body).encode())

    assert explanation == Explanation(
        message="Bad request; Customer is barred. (CustomerBarred)",
        codes=frozenset({"CustomerBarred"}),
        complaints=(Complaint(code="CustomerBarred", field="customerNumber"),),
        field="customerNumber",
        log_id="00-1",
        by_economic=True,
    )


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        (VOUCHER_IN_A_BARRED_PERIOD, [("E04041", "[0].entries.date")]),
        (WRAPPER | VOUCHER_IN_A_BARRED_PERIOD, [("E04300", ""), ("E04041", "[0].entries.date")]),
        (voucher(under("Date", "E04041"), index=3), [("E04300", ""), ("E04041", "[3].entries.date")]),
        (
            voucher(under("Date", "E04041"), under("Date", "E04041")),
            [("E04300", ""), ("E04041", "[0].entries.date"), ("E04041", "[0].entries.date")],
        ),
        (
            voucher(under("Date", "E04041") | under("Account", "E04041", "E07150", inputValue=3099)),
            [
                ("E04300", ""),
                ("E04041", "[0].entries.date"),
                ("E04041", "[0].entries.account"),
                ("E07150", "[0].entries.account"),
            ],
        ),
        (BOOKING_IN_A_BARRED_PERIOD, [("E04870", "")]),
        (BOOKING_IN_A_BARRED_PERIOD | {"errors": {"date": leaf("date", "E1")}}, [("E04870", ""), ("E1", "date")]),
        (PAYLOAD_CHANGED, [("PayloadChanged", "")]),
        ({"errors": {"customerGroup": leaf("customerGroupNumber", "E07140", 77)}},
         [("E07140", "customerGroup.customerGroupNumber")]),
        ({"errors": {"lines": {"items": [{"arrayIndex": 1, "product": leaf("product", "E06600")}]}}},
         [("E06600", "lines[1].product")]),
    ],
)  # fmt: skip
def test_a_code_keeps_the_property_that_it_stood_under(body: Any, complaints: list[tuple[str, str]]) -> None:
    """The same code means a barred period under ``date`` and a barred account under ``account``."""
    explanation = explain(json.dumps(body).encode())

    assert [(complaint.code, complaint.field) for complaint in explanation.complaints] == complaints
    assert explanation.codes == {code for code, _ in complaints}
    assert explanation.by_economic


def test_the_recorded_refusal_of_a_barred_period_in_words() -> None:
    """e-conomic's own sentence, the path of the date, and the value where it was sent along."""
    explanation = explain(json.dumps(VOUCHER_IN_A_BARRED_PERIOD).encode())

    assert (explanation.message, explanation.field) == ("Perioden er spærret. (E04041)", "[0].entries.date")
    assert explain(json.dumps(voucher(under("Date", "E04041", inputValue="2026-11-20"))).encode()).value == "2026-11-20"


@pytest.mark.parametrize("without", ["", "message", "errors", "logId"])
def test_a_bad_filter_has_no_code(without: str) -> None:
    """It says what can be filtered; what was looked for is quoted, and cannot pose as a code."""
    explanation = explain(json.dumps({name: part for name, part in BAD_FILTER.items() if name != without}).encode())

    assert (explanation.codes, explanation.complaints, explanation.field) == (frozenset(), (), "filter")
    assert explanation.by_economic
    assert explanation.message.endswith("filterable: bookedInvoiceNumber, date")
    assert ("Field 'orderNumber' is not filterable." in explanation.message) == (without != "errors")


@pytest.mark.parametrize("word", ["PayloadChanged", "URLChanged"])
@pytest.mark.parametrize(
    "body", ['{{"errorCode": "{}"}}', '{{"message": "Idempotency: {}."}}', "{}", '"{}"', "<p>{}</p>"]
)
def test_a_clash_of_keys_is_recognised_as_a_word(word: str, body: str) -> None:
    """The exact JSON of these answers is not published."""
    assert word in explain(body.format(word).encode()).codes


def test_a_customers_text_is_no_code() -> None:
    """What was typed into an invoice cannot pose as e-conomic's code."""
    errors = {"notes": {"errors": [{"errorMessage": "Too long.", "inputValue": "PayloadChanged E06000"}]}}

    assert explain(json.dumps({"message": "No.", "errors": errors}).encode()).codes == frozenset()


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"null", b"[]", b'{"message": "Not found"}', b"\xff\xfe"]
)
def test_what_e_conomic_did_not_write_is_not_its_word(body: bytes) -> None:
    """A proxy's page refuses nothing in e-conomic's name."""
    assert not explain(body).by_economic


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["errors", "items", "arrayIndex", "message", "errorCode", "propertyName", "value", "x"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_body_is_too_odd(body: Any) -> None:
    """An error about an error would hide the first one."""
    assert len(explain(json.dumps(body).encode()).message) <= 1000


def test_a_very_deep_body_explains_nothing() -> None:
    """Recursion is bounded."""
    assert explain(b'{"errors":' * 5000 + b"1" + b"}" * 5000) == Explanation()


@pytest.mark.parametrize(
    ("body", "refuses"),
    [
        (WRAPPER, True),
        ({"message": "Voucher not found.", "httpStatusCode": 404}, True),
        ({"draftInvoiceNumber": 5, "notes": {"heading": "errorCode"}}, False),
        (PAYLOAD_CHANGED, True),
        ({"message": "Welcome."}, False),
        ({"title": "Invoice", "draftInvoiceNumber": 5}, False),
        (["errorCode", "message"], False),
        (None, False),
    ],
)
def test_an_error_is_known_whatever_status_it_came_with(body: Any, *, refuses: bool) -> None:
    """e-conomic's errors carry a message and a code; no resource does."""
    assert is_refusal(body) == refuses
