"""Names and spellings that last: ids, keys, fingerprints, and the one JSON text of a content.

The id of an invoice finds it again in the store, in the accounting system and in Flower alike. It uses only
``[A-Za-z0-9-]``, so that no filter of an API has to escape it. Export names and regions hold no hyphen, so two
invoices never share an id; ``config.names.export_of`` reads the export's name back out of one.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

#: Digits of the longest invoice number of an accounting system.
_LONGEST_NUMBER = 9


def invoice_id_of(export: str, region: str | None, invoice_number: int, *, series: str = "") -> str:
    """Return for example ``main-100353``, or ``main-DK1-100353`` when the region has a number series of its own.

    ``series`` keeps invoice types apart when the export's ``invoice_series`` is ``by-type`` (see the exports file).
    """
    parts = [export, *(_alphanumeric(part) for part in (region, series) if part), str(invoice_number)]
    return "-".join(parts)


def normal_reference(text: str) -> str:
    """Return a reference as it is compared: a person may have written ours with other case, spaces or in brackets."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1].strip()
    return plain.casefold()


def same_reference(ours: str, theirs: str) -> bool:
    """Tell whether two texts are one reference."""
    return normal_reference(ours) == normal_reference(theirs)


def resembles(reference: str, text: str) -> bool:
    """Tell whether a text holds a reference among other words, or with other separators: a question to a person.

    The reference itself does not resemble itself.
    """
    if same_reference(reference, text):
        return False
    parts = (re.escape(part) for part in normal_reference(reference).split("-"))
    pattern = r"(?<![^\W_])" + r"[\W_]{0,3}".join(parts) + r"(?![^\W_])"
    return re.search(pattern, unicodedata.normalize("NFKC", text).casefold()) is not None


def by_number(references: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return references by the invoice number that they end in, as ``named_in`` wants them."""
    numbered: dict[str, list[str]] = {}
    for reference in references:
        numbered.setdefault(reference.rpartition("-")[2], []).append(reference)
    return numbered


def named_in(text: str, references: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the references that a text is, however written, or resembles; the time does not grow with their number."""
    for digits in re.findall("[0-9]+", unicodedata.normalize("NFKC", text)):
        for at in range(max(0, len(digits) - _LONGEST_NUMBER), len(digits)):
            for reference in references.get(digits[at:], ()):
                if same_reference(reference, text) or resembles(reference, text):
                    yield reference


def period_id_of(export: str, region: str | None, period_id: int) -> str:
    """Return for example ``main-p881``, or ``main-DK1-p881``."""
    return "-".join([export, *([_alphanumeric(region)] if region else []), f"p{period_id}"])


def idempotency_key(environment: str, reference: str, step: str, generation: int) -> str:
    """Return the key of one write: the same write, the same key, even after the store was lost.

    Environment and document are part of it, because everything that uses the same app and agreement shares one key
    space. ``generation`` rises only when a lookup has found nothing and a new create is allowed.
    """
    readable = f"{environment}-{reference}-{step}-{generation}"
    return f"{readable[:48]}-{hashlib.sha256(readable.encode()).hexdigest()[:16]}"


def fingerprint(kind: str, *parts: object) -> str:
    """Return a name for a shared thing, for example a customer, that identifies it without revealing its data."""
    identifying = json.dumps([kind, *map(str, parts)])
    return f"{kind}-{hashlib.sha256(identifying.encode()).hexdigest()[:24]}"


def _alphanumeric(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9]{1,20}", text) and not text.startswith("x"):
        return text
    return "x" + hashlib.sha256(text.encode()).hexdigest()[:12]


#: A text as ``json.dumps(text, ensure_ascii=False)`` writes it: what that calls in the end.
_quoted = json.encoder.encode_basestring


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, a Decimal as a number with just its digits.

    Money never passes through a float. Raises TypeError for null (leave the property out), floats and whatever else
    JSON or money does not know; ValueError for infinities.
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)  # the digits of a member of an enumeration, too
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_quoted(str(key))}:{canonical_json(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "[" + ",".join(map(canonical_json, value)) + "]"
    raise TypeError(f"{type(value).__name__} cannot be written as canonical JSON")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number that can be sent")
    return format(value or abs(value), "f")  # a zero has no sign in accounts
