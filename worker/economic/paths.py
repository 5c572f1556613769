"""Paths of the legacy REST API."""

import re
from urllib.parse import quote, unquote, urlsplit

#: e-conomic's own encoding of awkward characters in path segments: ``_0_`` to ``_13_`` (REST docs, special characters).
_AWKWARD = "<>*%:&/\\_ ?.#+"
_CODE = re.compile(r"_(1[0-3]|[0-9])_")
_OPENAPI = re.compile(r"/[a-z0-9]+/v\d+\.\d+\.\d+/")
_NUMBERED = re.compile(r"(/[a-z0-9-]+)+/[1-9][0-9]*")
_OF_ONE = frozenset({"DELETE", "PUT"})
_SAFE = re.compile(r"(/[^/?#\s]+)+")


def segment(text: str) -> str:
    """Encode one path segment, for example the year ``2025/2026`` as ``2025_6_2026``."""
    spelt = "".join(f"_{_AWKWARD.index(char)}_" if char in _AWKWARD else char for char in text)
    return quote(spelt, safe="")


def plain(spelt: str) -> str:
    """Return the text that a path segment of e-conomic stands for: ``2025/2026`` for ``2025_6_2026``."""
    return _CODE.sub(lambda found: _AWKWARD[int(found[1])], unquote(spelt))


def voucher_path(journal: int, voucher: str) -> str:
    """Return the path of a voucher by its key ``{year}-{number}``; ``ValueError`` is a mistake in this program."""
    year, _, number = voucher.rpartition("-")
    if journal < 1 or not year or not re.fullmatch(r"[1-9][0-9]{0,8}", number):
        raise ValueError(f"{voucher!r} is not the key of a voucher in journal {journal}")
    return f"/journals/{journal}/vouchers/{segment(year)}-{number}"


def is_openapi(path: str) -> bool:
    """Tell paths of the newer services (``/journalsapi/v15.0.0/...``, on a host of their own) from legacy ones."""
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
    """Return the path with its numbers taken out: what learned costs and failures are filed under."""
    return re.sub(r"/\d[^/]*", "/{n}", path)
