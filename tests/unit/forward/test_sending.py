"""What the forwarder makes of addresses and answers."""

import json
from pathlib import Path

import pytest

from worker.forward.sending import Sender, Unusable, read_answer
from worker.forward.signing import secrets_of


def _problem(status: int) -> bytes:
    return json.dumps({"status": status, "detail": "d", "problems": [{"description": "p"}]}).encode()


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (202, b'{"id": "x", "state": "accepted", "status": "/events/x/status"}', "sent"),
        (202, b"<html>a portal says welcome</html>", "stop"),
        (200, b"{}", "stop"),
        (204, b"", "stop"),
        (301, b"", "stop"),
        (401, _problem(401), "stop"),
        (403, b"", "stop"),
        (404, b"", "stop"),
        (408, b"", "later"),
        (409, _problem(409), "refused"),
        (413, _problem(413), "refused"),
        (413, b"<html>a proxy's limit</html>", "stop"),
        (415, _problem(415), "refused"),
        (422, _problem(422), "refused"),
        (429, _problem(429), "later"),
        (500, b"", "later"),
        (502, b"[]", "later"),
        (503, _problem(503), "later"),
    ],
)
def test_only_our_own_answers_decide_about_a_file(status: int, body: bytes, outcome: str) -> None:
    """What a proxy or somebody else says moves no file: it is neither accepted nor refused."""
    answer = read_answer(status, body)

    assert answer.outcome == outcome
    assert ("ALLOWED_HOSTS" in answer.next_step) == (outcome == "stop")


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30), ("", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("99999", 900)]
)
def test_the_time_to_wait_is_bounded(header: str, seconds: float) -> None:
    """Whatever the header says."""
    assert read_answer(429, b"", retry_after=header).retry_after == seconds


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("page.example.dk", "not of the form"),
        ("ftp://page.example.dk", "not of the form"),
        ("https://page.example.dk/opter", "not of the form"),
        ("https://me:word@page.example.dk", "not of the form"),
        ("https://page.example.dk:x", "no address"),
        ("http://page.example.dk", "not encrypted"),
        ("https://page.example.dk", ""),
        ("https://page.example.dk:8443/", ""),
        ("http://127.0.0.1:8470", ""),
    ],
)
def test_an_address_is_that_of_the_page_over_tls(tmp_path: Path, url: str, says: str) -> None:
    """Before anything is sent; to this machine alone plain http is enough."""
    secret = tmp_path / "secret"
    secret.write_text("\ufeff" + "s" * 32 + "\r\n", encoding="utf-8")
    sender = Sender(url=url, export="main", secret_file=secret, clock=lambda: 0.0)
    if not says:
        sender.check()
        return
    with pytest.raises(Unusable, match=says):
        sender.check()


@pytest.mark.parametrize("content", [None, "", "short", "s" * 31])
def test_a_secret_file_that_cannot_be_used_is_said(tmp_path: Path, content: str | None) -> None:
    """Without a word of what is in it."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    sender = Sender(url="https://h", export="main", secret_file=file, clock=lambda: 0.0)

    with pytest.raises(Unusable) as caught:
        sender.check()
    assert "short" not in str(caught.value).replace("secret", "")


def test_the_first_of_several_secrets_signs() -> None:
    """Notepad's mark and line ends are no part of them."""
    assert secrets_of("\ufeff" + "a" * 32 + "\r\n\r\n" + "b" * 40 + "\r\n") == (b"a" * 32, b"b" * 40)
