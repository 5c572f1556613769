"""e-conomic's genuine answers, garbled: another status, other headers, a broken body, another value, or no answer."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
from hypothesis import strategies as st
from support.fuzzing import broken_bytes, changed

#: From a genuine answer to another answer, or to an error of the network.
Garble = Callable[[httpx.Response], httpx.Response]

_STATUSES = st.one_of(
    st.sampled_from(
        [200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 408, 409, 413, 425, 429, 500, 502, 503, 504]
    ),
    st.integers(100, 599),
)
_HEADERS = st.sampled_from(
    [
        ("content-encoding", "gzip"), ("content-encoding", "br"), ("content-encoding", "deflate"),
        ("content-type", "text/html"), ("content-type", "application/json; charset=utf-16"), ("content-type", "\x00"),
        ("retry-after", "0"), ("retry-after", "-5"), ("retry-after", "99999999999"), ("retry-after", "soon"),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 -9999"), ("retry-after", "Mon, 01 Jan 0001 00:00:00 +2359"),
        ("retry-after", "1e9"), ("retry-after", "٣"), ("x-callcost", "nan"), ("x-callcost", "999999999"),
        ("x-callcost", "-3"), ("x-callcost", ""), ("x-resultfromcache", "true"), ("x-resultfromcache", "maybe"),
        ("x-ratelimiting", "token-limit-0-per-0-seconds: 1/2"), ("x-ratelimiting", "token-limit-1-per-60-seconds: 9/1"),
        ("x-ratelimiting", "token-limit-999999999-per-1-seconds: 999999999/1"), ("x-ratelimiting", "42/10000"),
        ("location", "https://evil.example/"), ("set-cookie", "a=b; Domain=e-conomic.com"),
    ]
)  # fmt: skip
_ERRORS = st.sampled_from(
    [
        httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ReadTimeout, httpx.WriteTimeout,
        httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.RemoteProtocolError, httpx.LocalProtocolError,
        httpx.ProxyError, httpx.UnsupportedProtocol, httpx.DecodingError, httpx.TooManyRedirects, httpx.InvalidURL,
    ]
)  # fmt: skip
_BODIES = st.sampled_from(
    [
        b"", b" ", b"null", b"[]", b"{}", b"0", b'""', b"<html>503</html>", b"\xff\xfe", b"{" * 50_000, b"[" * 50_000,
        b"9" * 5000, b"1e999999999", b'{"message": null, "errors": [[[]]]}', b'{"errors": {"a": {"errors": [{}]}}}',
        b'{"errorCode": 5, "message": {"a": 1}, "errors": "x"}', b'{"message": "\\ud800", "logId": "\\udfff"}',
        b'{"collection": null, "pagination": 5}', b'{"collection": [null, 5, "x"], "pagination": {"nextPage": 5}}',
        b'{"collection": [], "pagination": {"nextPage": "https://evil.example/customers"}}',
    ]
)  # fmt: skip
#: Numbers as JSON allows them, that grow when they are unfolded or are no numbers at all.
_NUMBERS = st.sampled_from(
    [b"1e999999999", b"-1e999999999", b"1e-999999999", b"1e99999999999999999999", b"1.5", b"-0", b"-0.0", b"9" * 5000]
)
_NUMBER = re.compile(rb'(?<=":)\s*(-?\d[\d.]*)')


@st.composite
def garbles(draw: st.DrawFn) -> Garble:
    """Return one way to garble an answer."""
    if draw(st.integers(0, 3)):
        return draw(st.one_of(_GARBLED_WHOLE))
    # Which value is changed depends on the answer, so it is drawn when that is known.
    return lambda answer: _with_value(draw, answer)


def _with_status(status: int) -> Garble:
    return lambda answer: _rebuilt(answer, status=status)


def _with_header(name: str, value: str, *, status: int | None) -> Garble:
    return lambda answer: _rebuilt(answer, status=status, headers={name: value})


def _with_body(content: bytes, *, status: int | None) -> Garble:
    return lambda answer: _rebuilt(answer, status=status, content=content)


def _with_value(draw: st.DrawFn, answer: httpx.Response) -> httpx.Response:
    try:
        document = json.loads(answer.content)
    except ValueError:
        return answer
    return _rebuilt(answer, content=json.dumps(changed(draw, document)).encode())


def _with_number(literal: bytes, at: int) -> Garble:
    def garble(answer: httpx.Response) -> httpx.Response:
        places = list(_NUMBER.finditer(answer.content))
        if not places:
            return answer
        start, end = places[at % len(places)].span(1)
        return _rebuilt(answer, content=answer.content[:start] + literal + answer.content[end:])

    return garble


def _raising(error: Any) -> Garble:
    def garble(_: httpx.Response) -> httpx.Response:
        raise error("garbled")

    return garble


def _rebuilt(
    answer: httpx.Response,
    *,
    status: int | None = None,
    headers: dict[str, str] | None = None,
    content: bytes | None = None,
) -> httpx.Response:
    kept = [(name, value) for name, value in answer.headers.raw if name.lower() != b"content-length"]
    added = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    stream = httpx.ByteStream(answer.content if content is None else content)
    return httpx.Response(status or answer.status_code, headers=kept + added, stream=stream, request=answer.request)


_GARBLED_WHOLE = (
    _STATUSES.map(_with_status),
    st.builds(lambda header, status: _with_header(*header, status=status), _HEADERS, st.none() | _STATUSES),
    st.builds(lambda body, status: _with_body(body, status=status), _BODIES, st.none() | _STATUSES),
    broken_bytes().map(lambda mutate: lambda answer: _rebuilt(answer, content=mutate(answer.content))),
    st.builds(_with_number, _NUMBERS, st.integers(0, 200)),
    _ERRORS.map(_raising),
)
