"""Names that last: the reference that finds an invoice again in Redis, e-conomic and Flower alike.

Only ``[A-Za-z0-9-]`` is used, so that a filter on ``references.other`` needs no escaping (e-conomic's filter escapes
are unreliable for brackets). Export names and regions hold no hyphen, so two invoices never share a reference.
"""

import hashlib
import json
import re


def invoice_id_of(export: str, region: str | None, invoice_number: int, *, series: str = "") -> str:
    """Return for example ``main-100353``, or ``main-DK1-100353`` when the region has a number series of its own.

    ``series`` tells invoice types apart when the export's ``invoice_series`` is ``by-type`` (see the exports file).
    """
    parts = [export, *(_alphanumeric(part) for part in (region, series) if part), str(invoice_number)]
    return "-".join(parts)


def period_id_of(export: str, region: str | None, period_id: int) -> str:
    """Return for example ``main-p881``, or ``main-DK1-p881``."""
    parts = [export, *(_alphanumeric(part) for part in (region,) if part), f"p{period_id}"]
    return "-".join(parts)


def idempotency_key(environment: str, reference: str, step: str, generation: int) -> str:
    """Name one write for e-conomic's key memory (one hour): the same write, the same key, also after Redis is lost.

    Environment and document are part of it, because the key space is shared by everything that uses the same app and
    agreement. ``generation`` rises only after a fruitless look has licensed a new create.
    """
    readable = f"{environment}-{reference}-{step}-{generation}"
    return f"{readable[:48]}-{hashlib.sha256(readable.encode()).hexdigest()[:16]}"


def fingerprint(kind: str, *parts: object) -> str:
    """Name a shared thing, for example a customer, by what identifies it, without telling it."""
    told = json.dumps([kind, *map(str, parts)])
    return f"{kind}-{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def _alphanumeric(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9]{1,20}", text) and not text.startswith("x"):
        return text
    return "x" + hashlib.sha256(text.encode()).hexdigest()[:12]
