"""What every failure becomes: the table that decides whether an invoice could be posted twice."""

import ssl
import traceback
from typing import Any

import httpx
import pytest
from support import samples
from support.economic_bodies import NOT_FOUND, Wire, client

from worker.domain.record import Intent
from worker.errors import ExportError, Misconfigured, Refused, Retryable, Throttled, Unavailable, Uncertain, Unreachable

DRAFT = Intent(step="draft", method="POST", path="/invoices/drafts", body="{}", key="k-1", at=0.0)
REFUSAL = {"message": "Validation failed.", "errorCode": "E04300", "logId": "ab-CPH"}


def read(answer: Any) -> ExportError:
    wire = Wire()
    wire.respond("GET /invoices/drafts/17", answer)
    with pytest.raises(ExportError) as caught:
        client(wire).draft(17)
    return caught.value


def write(answer: Any) -> ExportError:
    wire = Wire()
    wire.respond("POST /invoices/drafts", answer)
    with pytest.raises(ExportError) as caught:
        client(wire).send(DRAFT)
    return caught.value


def json(status: int, body: Any = REFUSAL, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def page(status: int) -> httpx.Response:
    return httpx.Response(status, html="<h1>Something went wrong</h1>")


@pytest.mark.parametrize(
    ("answer", "of_read", "of_write"),
    [
        # never sent
        (httpx.ConnectError("refused"), Unreachable, Unreachable),
        (httpx.ConnectTimeout("slow"), Unreachable, Unreachable),
        (httpx.PoolTimeout("busy"), Unreachable, Unreachable),
        (httpx.UnsupportedProtocol("ftp"), Misconfigured, Misconfigured),
        # sent, and no usable answer
        (httpx.ReadTimeout("slow"), Unavailable, Uncertain),
        (httpx.WriteTimeout("slow"), Unavailable, Uncertain),
        (httpx.ReadError("reset"), Unavailable, Uncertain),
        (httpx.WriteError("broken pipe"), Unavailable, Uncertain),
        (httpx.CloseError("reset"), Unavailable, Uncertain),
        (httpx.RemoteProtocolError("disconnected"), Unavailable, Uncertain),
        (httpx.DecodingError("gzip"), Unavailable, Uncertain),
        (page(200), Unavailable, Uncertain),
        (httpx.Response(201, content=b'{"draftInvoiceNumber": 1'), Unavailable, Uncertain),
        (httpx.Response(200, content=b'{"netAmount": NaN}'), Unavailable, Uncertain),
        (json(500), Unavailable, Uncertain),
        (json(501), Unavailable, Uncertain),
        (page(502), Unavailable, Uncertain),
        (json(503), Unavailable, Uncertain),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), Unavailable, Uncertain),
        (json(304), Unavailable, Uncertain),
        (json(408), Unavailable, Uncertain),
        (json(409, {"title": "In flight", "errorCode": "UpdateConflict"}), Unavailable, Uncertain),
        (json(400, {"message": "no", "errorCode": "UpdateConflict"}), Unavailable, Uncertain),
        (json(425), Unavailable, Uncertain),
        # refused, nothing done
        (json(429), Throttled, Throttled),
        (page(429), Throttled, Throttled),
        (json(401), Misconfigured, Misconfigured),
        (page(401), Misconfigured, Misconfigured),
        (json(403), Misconfigured, Misconfigured),
        (json(400, {"message": "no", "errorCode": "E02250"}), Misconfigured, Misconfigured),
        (json(400), Refused, Refused),
        (json(405), Refused, Refused),
        (json(415), Refused, Refused),
        # 4xx that e-conomic's API did not write
        (page(400), Unavailable, Uncertain),
        (page(404), Unavailable, Uncertain),
        (json(404, {"message": "Not found"}), Unavailable, Uncertain),
        (httpx.Response(413), Unavailable, Uncertain),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else getattr(value, "status_code", repr(value)),
)
def test_reads_and_writes_fail_differently(answer: Any, of_read: type, of_write: type) -> None:
    """A write without a usable answer may have happened; a read cannot have done anything."""
    assert (type(read(answer)), type(write(answer))) == (of_read, of_write)


def test_a_404_is_an_answer_to_a_read_and_a_refusal_of_a_write() -> None:
    """e-conomic itself says that there is none."""
    refusal = write(json(404, NOT_FOUND))

    assert client(Wire()).draft(17) is None
    assert isinstance(refusal, Refused)
    assert refusal.status == 404


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_handed_on(status: int) -> None:
    """The other side's own time counts."""
    for error in (read(json(status, **{"retry-after": "30"})), write(json(status, **{"retry-after": "30"}))):
        assert isinstance(error, Retryable | Uncertain)
        assert error.retry_after == 30.0


def test_a_refusal_carries_everything_a_person_needs() -> None:
    """Codes, message, field, value and log id; what a customer wrote stays out of the exception's text."""
    errors = {"recipient": {"errors": [{"propertyName": "name", "errorMessage": "Too long: Hansen.", "errorCode": "E1",
                                        "inputValue": "Hansen"}]}}  # fmt: skip
    error = write(json(400, REFUSAL | {"errors": errors}))

    assert isinstance(error, Refused)
    assert error.codes == {"E04300", "E1"}
    assert error.failure.remote_message == "Validation failed. (E04300); Too long: Hansen. (E1)"
    assert (error.failure.field, error.failure.value) == ("recipient.name", "Hansen")
    assert error.failure.log_id == "ab-CPH"
    assert str(error) == "e-conomic refused POST /invoices/drafts with status 400 (E04300, E1)."


@pytest.mark.parametrize("status", [400, 500])
def test_a_remembered_failure_is_known_as_such(status: int) -> None:
    """``X-ResultFromCache``: the earlier request under this key has ended like this."""
    error = write(json(status, **{"x-resultfromcache": "true"}))

    assert isinstance(error, Refused | Uncertain)
    assert error.replayed


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (json(401), "the access tokens"),
        (json(401, {"message": "Invalid AgreementGrantToken"}), "the agreement grant token"),
        (json(401, {"message": "X-AppSecretToken is unknown"}), "the app secret token"),
        (json(400, {"message": "no", "errorCode": "E02250"}), "different apps"),
        (json(403), "SuperUser or Sales"),
        (json(403, {"title": "no", "errorCode": "AccessDeniedAgreementMissingModules"}), "lacks a module"),
    ],
)
def test_a_misconfiguration_names_what_is_at_fault(answer: httpx.Response, words: str) -> None:
    """Which token, which role, or that a module is missing."""
    assert words in write(answer).failure.description


def test_an_untrusted_certificate_is_called_by_its_name() -> None:
    """The network is not to blame."""
    error = httpx.ConnectError("ssl")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")

    assert "certificate" in read(error).failure.description


TOKENS = ("grant-token-for-tests", "app-secret-token-for-tests")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("slow"),
        json(401, {"message": "The token grant-token-for-tests is not valid", "developerHint": TOKENS[1]}),
        json(500, {"message": TOKENS[0]}),
    ],
)
def test_tokens_are_never_shown(answer: Any) -> None:
    """Not in a failure, an exception's text, its trace, or a client's name, even when e-conomic repeats them."""
    wire = Wire()
    wire.respond("POST /invoices/drafts", answer)
    economic = client(wire)
    with pytest.raises(ExportError) as caught:
        economic.send(DRAFT)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.failure) + repr(economic)

    assert [token for token in TOKENS if token in shown] == []


@pytest.mark.parametrize("token", ["", "with space", "line\nend", "blå"])
def test_a_token_that_http_cannot_carry_is_refused_before_it_is_printed(token: str) -> None:
    """The HTTP library would complain with the token in its message."""
    wire = Wire()
    with pytest.raises(Misconfigured) as caught:
        client(wire, export=samples.export(grant_token=token)).draft(17)

    assert "grant_token" in str(caught.value)
    assert wire.requests == []
