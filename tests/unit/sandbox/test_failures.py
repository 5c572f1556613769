import json
from datetime import UTC, datetime

from worker.sandbox.failures import Invalid, not_found, problem, refused, schema_failed, validation_failed
from worker.sandbox.messages import render_failure
from worker.sandbox.state import ApiError, Json

NOW = datetime(2026, 11, 20, 15, 4, 5, tzinfo=UTC)
DECIMALS = Invalid(property="quantity", message="At most 2 decimals.", code="E04740", value=1.005)
TERMS = Invalid(property="paymentTerms.paymentTermsNumber", message="Not found.", code="E07080", value=99)


def rendered(error: ApiError, *, service: bool = False) -> Json:
    reply = render_failure(error, service=service, call=255, now=NOW, path="/x")
    body: Json = json.loads(reply.body)
    return body


def test_semantic_validation_is_keyed_by_property() -> None:
    """Shape 1: the top-level property of the request, then its errors."""
    body = rendered(validation_failed(TERMS))
    assert (body["message"], body["errorCode"]) == ("Validation failed. 1 error found.", "E04300")
    assert body["errors"] == {
        "paymentTerms": {
            "errors": [
                {
                    "propertyName": "paymentTermsNumber",
                    "errorMessage": "Not found.",
                    "errorCode": "E07080",
                    "inputValue": 99,
                    "developerHint": "",
                }
            ]
        }
    }


def test_errors_of_lines_carry_their_index() -> None:
    """Shape 2: lines.items with arrayIndex, counted into the total."""
    body = rendered(validation_failed(TERMS, lines={3: [DECIMALS], 1: [DECIMALS]}))
    assert [
        (item["arrayIndex"], item["quantity"]["errors"][0]["errorCode"]) for item in body["errors"]["lines"]["items"]
    ] == [
        (1, "E04740"),
        (3, "E04740"),
    ]
    assert (body["errorCount"], body["message"]) == (3, "Validation failed. 3 errors found.")


def test_schema_errors_are_an_array() -> None:
    """Shape 3: sentences."""
    body = rendered(schema_failed(["Expected String but got Null."]))
    assert (body["message"], body["errors"]) == ("Schema validation failed.", ["Expected String but got Null."])


def test_not_found_has_no_error_code() -> None:
    """As recorded from the real e-conomic."""
    body = rendered(not_found())
    assert sorted(body) == ["developerHint", "httpStatusCode", "logId", "logTime", "message"]
    assert (body["message"], body["httpStatusCode"]) == ("Resource not found.", 404)


def test_every_refusal_is_stamped() -> None:
    """Log id and time come from the server, not from the resource."""
    body = rendered(refused(409, "Taken.", "E06010"))
    assert (body["logId"], body["logTime"]) == ("00000000000000ff-CPH", "2026-11-20T15:04:05")


def test_a_service_answers_problem_details() -> None:
    """RFC 7807 with e-conomic's own members, from the resource's own words or from a legacy refusal."""
    own = problem(400, "Year is closed", "JournalEntryDateAccountingYearClosed", TERMS)
    for error in (own, refused(400, "Year is closed", "JournalEntryDateAccountingYearClosed")):
        body = rendered(error, service=True)
        assert (body["title"], body["status"], body["instance"]) == ("Year is closed", 400, "/x")
        assert (body["errorCode"], body["traceId"]) == ("JournalEntryDateAccountingYearClosed", "00000000000000ff-CPH")
        assert body["errors"]
        assert "logId" not in body
