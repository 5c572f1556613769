"""e-conomic's error bodies, read leniently: three shapes on the legacy API, problem+json on the newer services.

1. Semantic validation: ``errors`` is an object keyed by request property, at its leaves ``{"errors": [{...}]}``;
2. the same for lines: a list, or an object with ``items``, of objects with ``arrayIndex``;
3. schema validation and filter errors: ``errors`` is an array of strings or objects; a voucher's errors are an array
   of the second shape, with the entries under ``entries.items`` (recorded in production, August 2026).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from worker.economic.parsers import parse_json
from worker.errors import Complaint

#: Bare words of e-conomic when an idempotency key is used for something else (reported by integrators).
_WORDS = re.compile(r"PayloadChanged|URLChanged|UpdateConflict")
#: Stated in a sentence, without a code of its own (an integrator's recorded answer to a second upload).
_SENTENCES = {"already has attachment": "VoucherAlreadyHasAttachment"}
_CODE = re.compile(r"\bE\d{5}\b")
_TEXTS = ("errorMessage", "message", "detail", "title", "developerHint")
#: Stands in the refusal of a filter, which has no code and quotes what was looked for (live agreement, August 2026).
_FILTERABLE = "allowedFilteringFields"
#: A gateway in front of the API may answer with a ``message`` too, so that alone proves nothing.
_OWN = frozenset({"errorCode", "developerHint", "logId", "httpStatusCode", "traceId", "errors", _FILTERABLE})
_LONGEST = 1000
_DEEPEST = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What a body says about a refusal."""

    #: e-conomic's own words, top-level first, then each error's; at most 1000 characters.
    message: str = ""
    codes: frozenset[str] = frozenset()
    #: The codes that stood in a field of their own, with the property at fault, in the order of the body.
    complaints: tuple[Complaint, ...] = ()
    #: Path of the first property at fault, for example ``lines[0].unitNetPrice``.
    field: str = ""
    #: Its value as e-conomic understood it.
    value: str = ""
    log_id: str = ""
    #: Whether e-conomic's API wrote it, rather than a proxy or a maintenance page.
    by_economic: bool = False


@dataclass(frozen=True, slots=True)
class _Leaf:
    text: str
    code: str = ""
    field: str = ""
    value: str = ""


def explain(body: bytes) -> Explanation:
    """Read an error body of any shape; never raises."""
    try:
        parsed = parse_json(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        words = frozenset(_codes_in(body.decode("utf-8", "replace")))
        return Explanation(codes=words, message=", ".join(sorted(words)), by_economic=bool(words))
    return _explained(parsed)


def _explained(body: dict[str, Any]) -> Explanation:
    if _FILTERABLE in body:
        return _bad_filter(body)
    top = _leaf(body, "")
    leaves = list(_leaves(body.get("errors"), ""))
    every = [top, *leaves]
    first = next((leaf for leaf in leaves if leaf.field), top)
    return Explanation(
        message=_message(every),
        codes=frozenset(code for leaf in every for code in (*leaf.code.split(), *_codes_in(leaf.text))),
        complaints=tuple(
            Complaint(code=code, field=leaf.field, value=leaf.value) for leaf in every for code in leaf.code.split()
        ),
        field=first.field,
        value=first.value,
        log_id=_text(body.get("logId") or body.get("traceId")),
        by_economic=not _OWN.isdisjoint(body),
    )


def _bad_filter(body: dict[str, Any]) -> Explanation:
    """Read the refusal of a filter: its sentences may quote a customer's words, so no code is looked for in them."""
    texts = [_Leaf(text=leaf.text) for leaf in (_leaf(body, ""), *_leaves(body.get("errors"), ""))]
    allowed = body[_FILTERABLE] if isinstance(body[_FILTERABLE], list) else [body[_FILTERABLE]]
    texts.append(_Leaf(text=f"filterable: {', '.join(map(_text, allowed))}"))
    code = _text(body.get("errorCode"))
    return Explanation(
        message=_message(texts),
        codes=frozenset({code} - {""}),
        complaints=(Complaint(code=code, field="filter"),) if code else (),
        field="filter",
        log_id=_text(body.get("logId") or body.get("traceId")),
        by_economic=True,
    )


def _message(leaves: Iterable[_Leaf]) -> str:
    texts = [f"{leaf.text} ({leaf.code})" if leaf.code else leaf.text for leaf in leaves if leaf.text]
    return "; ".join(dict.fromkeys(texts))[:_LONGEST]


def _leaves(node: Any, path: str, depth: int = 0) -> Iterator[_Leaf]:
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for entry in node:
            number = entry.get("arrayIndex") if isinstance(entry, dict) else None
            yield from _leaves(entry, f"{path}[{number}]" if isinstance(number, int) else path, depth + 1)
    elif isinstance(node, dict):
        yield from _object(node, path, depth)
    elif isinstance(node, str):
        yield _Leaf(text=node, code=" ".join(_CODE.findall(node)), field=path)


def _object(node: dict[str, Any], path: str, depth: int) -> Iterator[_Leaf]:
    if any(isinstance(node.get(key), str) for key in (*_TEXTS, "errorCode")):
        yield _leaf(node, path)
    for key, child in node.items():
        if isinstance(child, dict | list) and key not in ("inputValue", "value"):
            inner = path if key in ("errors", "items") else f"{path}.{key}".strip(".")
            yield from _leaves(child, inner, depth + 1)


def _leaf(node: dict[str, Any], path: str) -> _Leaf:
    texts = [_text(node.get(key)) for key in _TEXTS if node.get(key)]
    name = _text(node.get("propertyName") or node.get("property"))
    known = not name or path.lower().endswith(name.lower())
    field = path if known else f"{path}.{name}".strip(".")
    value = _text(node.get("inputValue", node.get("value", "")))
    return _Leaf(text=": ".join(dict.fromkeys(texts)), code=_text(node.get("errorCode")), field=field, value=value)


def _codes_in(text: str) -> set[str]:
    """Return the codes that stand in running text."""
    words = " ".join(text.lower().split())
    return {*_WORDS.findall(text), *(code for sentence, code in _SENTENCES.items() if sentence in words)}


def _text(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())[:_LONGEST]
