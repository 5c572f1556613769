"""PDFs on vouchers: the same bytes under the same key, and what e-conomic says about them."""

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.economic_bodies import Wire, client

from worker.economic.port import LARGEST_PDF, Reply
from worker.economic.vouchers import multipart
from worker.errors import ExportError, Misconfigured, Refused, Throttled, Uncertain, Unreachable

PDF = b"%PDF-1.7\r\n\r\nbinary \x00\xff\r\n--x\r\n%%EOF"
FILE = "/journals/1/vouchers/2025_6_2026-10001/attachment/file"
META = "/journals/1/vouchers/2025_6_2026-10001/attachment"
VOUCHER = "2025/2026-10001"


def parts(content_type: str, body: bytes) -> list[EmailMessage]:
    """Read a form as any MIME reader would."""
    whole = email.message_from_bytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
    )
    assert isinstance(whole, EmailMessage)
    return [part for part in whole.iter_parts() if isinstance(part, EmailMessage)]


class TestForm:
    """A multipart body that never changes."""

    @given(pdf=st.binary(min_size=1, max_size=2000), key=st.text(max_size=60))
    def test_the_file_comes_out_as_it_went_in(self, pdf: bytes, key: str) -> None:
        """Whatever bytes it holds, its boundary is not among them."""
        body, content_type = multipart(pdf, key=key)
        _, _, boundary = content_type.partition("boundary=")
        edge = f"--{boundary}".encode()
        before, content, after = body.split(edge)

        assert before == b""
        assert content.split(b"\r\n\r\n", 1)[1] == pdf + b"\r\n"
        assert after == b"--\r\n"

    def test_any_reader_understands_it(self) -> None:
        """One part: a file named .pdf, of a PDF's type."""
        body, content_type = multipart(b"%PDF-1.7 text", key="k")
        (part,) = parts(content_type, body)

        assert (part.get_filename(), part.get_content_type()) == ("invoice.pdf", "application/pdf")
        assert part.get_content() == b"%PDF-1.7 text"

    def test_the_same_key_gives_the_same_bytes(self) -> None:
        """Or e-conomic would answer PayloadChanged; another key gives another boundary."""
        assert multipart(PDF, key="k-1") == multipart(PDF, key="k-1")
        assert multipart(PDF, key="k-1") != multipart(PDF, key="k-2")

    def test_a_file_that_holds_its_boundary_gets_another(self) -> None:
        """Even that boundary follows from the key alone."""
        _, first = multipart(PDF, key="k")
        boundary = first.partition("boundary=")[2]
        body, content_type = multipart(PDF + boundary.encode(), key="k")

        assert f"boundary={boundary}" not in content_type
        assert (body, content_type) == multipart(PDF + boundary.encode(), key="k")


class TestAttach:
    """One upload."""

    def test_what_is_sent(self) -> None:
        """The year is encoded as e-conomic wants it, the form's own type replaces JSON's."""
        wire = Wire()
        wire.respond(f"POST {FILE}", (201, {"pages": 1}))
        reply = client(wire).attach(1, VOUCHER, PDF, key="key-1")
        sent = wire.requests[0]
        body, content_type = multipart(PDF, key="key-1")

        assert reply == Reply(status=201, body={"pages": 1})
        assert sent.content == body
        assert (sent.headers["content-type"], sent.headers["idempotency-key"]) == (content_type, "key-1")
        assert sent.headers.get_list("content-type") == [content_type]

    def test_a_replay_is_marked(self) -> None:
        """``X-ResultFromCache: true``."""
        wire = Wire()
        wire.respond(f"POST {FILE}", httpx.Response(201, json={}, headers={"X-ResultFromCache": "true"}))

        assert client(wire).attach(1, VOUCHER, PDF, key="key-1").replayed

    @pytest.mark.parametrize(
        "answer",
        [
            (400, {"message": "Voucher already has attachment", "errorCode": "E04300", "httpStatusCode": 400}),
            (400, {"message": "Validation failed.", "errors": ["The voucher  ALREADY has attachment. Use PATCH."]}),
            httpx.Response(400, content=b"Voucher already has attachment"),
        ],
    )
    def test_an_attachment_that_exists_is_recognised(self, answer: Any) -> None:
        """By its words, as e-conomic gives it no code."""
        wire = Wire()
        wire.respond(f"POST {FILE}", answer)
        with pytest.raises(Refused) as caught:
            client(wire).attach(1, VOUCHER, PDF, key="key-1")

        assert "VoucherAlreadyHasAttachment" in caught.value.codes

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            ((404, {"message": "Resource not found.", "logId": "x"}), Refused),
            ((400, {"message": "Too large", "errorCode": "E04300"}), Refused),
            ((500, {"message": "Voucher already has attachment"}), Uncertain),
            (httpx.Response(413, content=b"<html>"), Uncertain),
            (httpx.Response(201, content=b"<html>"), Uncertain),
            (httpx.ReadTimeout("slow"), Uncertain),
            (httpx.WriteTimeout("slow"), Uncertain),
            (httpx.ConnectError("refused"), Unreachable),
            (httpx.Response(429, headers={"retry-after": "7"}), Throttled),
            ((403, {"message": "role", "errorCode": "x"}), Misconfigured),
        ],
    )
    def test_failures_are_those_of_a_write(self, answer: Any, expected: type[ExportError]) -> None:
        """Without a usable answer the file may or may not hang on the voucher."""
        wire = Wire()
        wire.respond(f"POST {FILE}", answer)
        with pytest.raises(expected):
            client(wire).attach(1, VOUCHER, PDF, key="key-1")

    @pytest.mark.parametrize("pdf", [b"", b"%" * (LARGEST_PDF + 1)])
    def test_what_cannot_be_attached_is_not_sent(self, pdf: bytes) -> None:
        """e-conomic takes up to 9.0 MB."""
        wire = Wire()
        with pytest.raises(ValueError):
            client(wire).attach(1, VOUCHER, pdf, key="key-1")
        assert wire.requests == []

    @pytest.mark.parametrize("voucher", ["", "10001", "-10001", "2026-", "2026-0", "2026-x", "2026-1/../2"])
    def test_what_is_no_voucher_makes_no_call(self, voucher: str) -> None:
        """A path without year or number names something else."""
        wire = Wire()
        with pytest.raises(ValueError):
            client(wire).attach(1, voucher, PDF, key="key-1")
        with pytest.raises(ValueError):
            client(wire).attachment(0, "2026-1")
        assert wire.requests == []


def test_a_success_that_describes_an_error_is_none() -> None:
    """Status 200 over the body of a 404: nothing is known to be attached, so it is looked up again."""
    wire = Wire()
    wire.respond(f"POST {FILE}", (200, {"message": "Voucher not found.", "errorCode": "E00500", "httpStatusCode": 404}))
    with pytest.raises(Uncertain, match="describes an error"):
        client(wire).attach(1, VOUCHER, PDF, key="k")


class TestDeadline:
    """A large file gets more time than an ordinary call."""

    @pytest.mark.parametrize(
        ("size", "seconds"),
        [
            (1, 15.0),  # 15 + 0.000001
            (4_000_000, 19.0),  # 15 + 4 MB at 1 MB/s
            (9_000_000, 24.0),  # 15 + 9 MB at 1 MB/s
        ],
    )
    def test_it_grows_with_the_file(self, size: int, seconds: float) -> None:
        """One megabyte a second at the slowest."""
        wire = Wire()
        wire.respond(f"POST {FILE}", (201, {}))
        wire.respond("GET /invoices/drafts/1", (404, {"logId": "x"}))
        economic = client(wire, deadline=15.0)
        # The second is begun within a blink of the first, so that their difference is the extra time.
        economic.draft(1)
        economic.attach(1, VOUCHER, b"%" * size, key="k")
        ordinary, upload = (request.extensions["deadline"] for request in wire.requests)

        assert upload - ordinary == pytest.approx(seconds - 15.0, abs=1.0)


class TestAttachment:
    """Whether a file hangs on a voucher."""

    @pytest.mark.parametrize(
        ("answer", "pages"),
        [
            ((200, {"pages": 2, "file": "https://x"}), 2),
            ((404, {"message": "Resource not found.", "logId": "x"}), None),
            ((200, {"file": "https://x"}), None),  # a description without pages
        ],
    )
    def test_pages(self, answer: Any, pages: int | None) -> None:
        """None is no proof for ever: uploading a second file is refused anyway."""
        wire = Wire()
        wire.respond(f"GET {META}", answer)

        assert client(wire).attachment(1, VOUCHER) == pages
