"""The filter grammar of the legacy REST API, as far as it can be trusted.

Documented escapes are ``$$ $( $) $* $, $[ $]``. Measured on a live agreement (August 2026): ``$`` and ``)`` must be
escaped, ``(``, ``*`` and ``,`` may be, but an escaped bracket under ``$eq`` matches nothing, so that a lookup would
falsely say "not found". Nothing is known of escapes inside ``$in:[...]``: only plain values go there.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import quote

#: Values that need no escape in any position.
_PLAIN = re.compile(r"[A-Za-z0-9-]+")
_ESCAPED = re.compile(r"[$()*,]")
#: Longest percent-encoded filter. Servers of this family refuse queries beyond 2048 bytes by default.
LONGEST = 1500


def equals(field: str, value: str) -> str:
    """Return ``field$eq:value`` with the value escaped."""
    return f"{field}$eq:{_ESCAPED.sub(lambda found: '$' + found[0], value)}"


def between(field: str, first: date, last: date) -> str:
    """Return the filter for dates from ``first`` to ``last``, both included."""
    return f"{field}$gte:{first}$and:{field}$lte:{last}"


def encoded(expression: str) -> str:
    """Percent-encode a filter for the query string; ``$ : ,`` may stand there as they are."""
    return quote(expression, safe="$:,")


def lookups(field: str, values: Sequence[str], *, most: int) -> Iterator[str]:
    """Yield the filters that together find every one of these values, ``most`` of them a filter.

    Empty values are left out: no resource is asked for by an empty name.
    """
    wanted = [value for value in dict.fromkeys(values) if value]
    plain = [value for value in wanted if _PLAIN.fullmatch(value)]
    yield from (f"{field}$in:[{','.join(chunk)}]" for chunk in _chunks(field, plain, most))
    yield from (equals(field, value) for value in wanted if not _PLAIN.fullmatch(value))


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
