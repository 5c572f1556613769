"""Addresses of e-conomic's resources: path segments, routes, filters."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, unquote, urlsplit

#: e-conomic's own encoding of awkward characters in path segments: ``_0_`` to ``_13_`` (REST docs, special characters).
_AWKWARD = "<>*%:&/\\_ ?.#+"
_CODE = re.compile(r"_(1[0-3]|[0-9])_")
_OPENAPI = re.compile(r"/[a-z0-9]+/v\d+\.\d+\.\d+/")
_NUMBERED = re.compile(r"(/[a-z0-9-]+)+/[1-9][0-9]*")
_OF_ONE = frozenset({"DELETE", "PUT"})
_SAFE = re.compile(r"(/[^/?#\s]+)+")
_NUMBER = re.compile(r"/\d[^/]*|(?<=/products)/[^/]+")
_VOUCHER_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
#: Values that need no escape in any position.
_PLAIN = re.compile(r"[A-Za-z0-9-]+")
#: A number whose digits but the last two are still a number of their own, not a beginning that all share.
_STEM = re.compile(r"-[0-9]{5,}$")
#: What may be written otherwise in a name, and how many letters it must leave.
_WORDS, _FEWEST = re.compile("(?:[^A-Za-z0-9]|[Aa]{2})+"), 4
_ESCAPED = re.compile(r"[$()*,]")
#: Longest percent-encoded filter. Servers of this family refuse queries beyond 2048 bytes by default, with all that
#: stands beside the filter; a longer one saves calls.
LONGEST = 1800


def segment(text: str) -> str:
    """Encode one path segment, for example the year ``2025/2026`` as ``2025_6_2026``."""
    coded = "".join(f"_{_AWKWARD.index(char)}_" if char in _AWKWARD else char for char in text)
    return quote(coded, safe="")


def segment_text(segment: str) -> str:
    """Return the text that a path segment of e-conomic stands for: ``2025/2026`` for ``2025_6_2026``."""
    return _CODE.sub(lambda code: _AWKWARD[int(code[1])], unquote(segment))


def voucher_path(journal: int, voucher: str) -> str:
    """Return the path of a voucher by its key ``{year}-{number}``; ``ValueError`` is a mistake in this program."""
    year, _, number = voucher.rpartition("-")
    if journal < 1 or not year or not _VOUCHER_NUMBER.fullmatch(number):
        raise ValueError(f"{voucher!r} is not the key of a voucher in journal {journal}")
    return f"/journals/{journal}/vouchers/{segment(year)}-{number}"


def is_openapi(path: str) -> bool:
    """Return whether the path is one of the newer services (``/journalsapi/v15.0.0/...``), on a host of their own."""
    return _OPENAPI.match(path) is not None


def checked(method: str, path: str) -> str:
    """Return the path of a write if it is safe to send; ``ValueError`` is a mistake in this program.

    ``DELETE /invoices/drafts`` without a number deletes every draft of the agreement, and a PUT to a number creates
    what is not there, so both must end in one.
    """
    if not _SAFE.fullmatch(path) or ".." in path:
        raise ValueError(f"{path!r} is not a path of e-conomic's API")
    if method in _OF_ONE and not _NUMBERED.fullmatch(path):
        raise ValueError(f"a {method} needs the number of one resource, and {path!r} has none")
    return path


def local(link: str, api_url: str) -> str:
    """Return path and query of a link that e-conomic gave, below ``api_url``: our tokens never follow it elsewhere."""
    if link.startswith(f"{api_url}/"):
        return link[len(api_url) :]
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def route(path: str) -> str:
    """Return the path without query and numbers: what learned costs, failures and figures are filed under.

    A product's number may be any text.
    """
    return _NUMBER.sub("/{n}", path.partition("?")[0])


def equals(field: str, value: str) -> str:
    """Return ``field$eq:value`` with the value escaped."""
    return f"{field}$eq:{_ESCAPED.sub(lambda char: '$' + char[0], value)}"


def between(field: str, first: date, last: date) -> str:
    """Return the filter for dates from ``first`` to ``last``, both included."""
    return f"{field}$gte:{first}$and:{field}$lte:{last}"


def query_encoded(expression: str) -> str:
    """Percent-encode a filter for the query string; ``$ : ,`` may stand there as they are."""
    return quote(expression, safe="$:,")


def lookups(field: str, values: Sequence[str], *, most: int) -> Iterator[str]:
    """Yield the filters that together find every one of these values, at most ``most`` of them in each.

    Empty values are left out: no resource is looked up by an empty name.
    """
    wanted = [value for value in dict.fromkeys(values) if value]
    plain = [value for value in wanted if _PLAIN.fullmatch(value)]
    yield from (f"{field}$in:[{','.join(chunk)}]" for chunk in _chunks(field, plain, most))
    yield from (equals(field, value) for value in wanted if not _PLAIN.fullmatch(value))


def containing(field: str, references: Sequence[str]) -> Iterator[str]:
    """Yield the filters that find what holds one of these references (ids of ``worker.domain.identity``) among others.

    References that differ in their last two digits are asked for by what they share, so that a period's consecutive
    numbers make a short filter. It may find neighbours too, a hundred numbers at most: the caller leaves them out.
    """
    parts = [f"{field}$like:{text}" for text in _stems(references)]
    for chunk in _within(parts, len("$or:")):
        yield "$or:".join(chunk)


def worded(field: str, text: str) -> str | None:
    """Return the filter that finds a text whatever stands between its plain letters; None: too few to search by.

    Spaces, signs, letters beyond ASCII and ``aa`` (å) may be written in several ways; ``*`` stands for any of them
    (e-conomic REST docs, filtering). It finds other texts too: the caller compares.
    """
    plain = [word for word in _WORDS.split(text) if word]
    return f"{field}$like:*{'*'.join(plain)}*" if sum(map(len, plain)) >= _FEWEST else None


def _stems(references: Sequence[str]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for reference in dict.fromkeys(references):
        groups.setdefault(reference[:-2] if _STEM.search(reference) else reference, []).append(reference)
    for stem, group in groups.items():
        yield stem if len(group) > 1 else group[0]


def _within(parts: Sequence[str], joint: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    length = 0
    for part in parts:
        if chunk and length + len(part) + joint > LONGEST:
            yield chunk
            chunk, length = [], 0
        chunk.append(part)
        length += len(part) + joint
    if chunk:
        yield chunk


def _chunks(field: str, values: Sequence[str], most: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    length = start = len(field) + len("$in:%5B%5D")
    for value in values:
        if chunk and (len(chunk) == most or length + len(value) + 1 > LONGEST):
            yield chunk
            chunk, length = [], start
        chunk.append(value)
        length += len(value) + 1
    if chunk:
        yield chunk


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLabel:
    """A request by its kind, without anything of a customer."""

    export: str
    method: str
    #: Path with its numbers taken out.
    route: str

    @property
    def writes(self) -> bool:
        """Whether it may have changed something."""
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.route}"
