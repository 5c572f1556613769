"""Texts fitted to e-conomic's limits: unprintable characters replaced, unseen ones removed, length cut, remarked."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from worker.domain.reasons import invalid
from worker.economic.mapping.reasons import SetUpReason

#: Unicode categories that are not printed: control characters, lone surrogates, line and paragraph separators.
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: Of the characters that take no room (category Cf), those that change what is seen: they join emoji and letters.
_JOINING = frozenset("\u200c\u200d")
_FIRST_TAG = "\U000e0000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One text on its way into a payload."""

    #: Property of the payload.
    name: str
    #: Field of the invoice, in the event's spelling; remarks name it, never its content.
    field: str
    text: str | None
    #: e-conomic's limit in characters.
    limit: int
    #: Whether line breaks may stay.
    lines: bool = False
    #: Whether it is left out rather than cut: an identifier cut short would be somebody else's.
    whole: bool = False
    #: Whether e-conomic insists on it.
    required: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """Texts that may be sent; absent where nothing was left, as e-conomic refuses null and "" says nothing."""

    texts: dict[str, str]
    remarks: tuple[str, ...]


def fit(sources: Iterable[Source]) -> Fitted:
    """Fit several texts at once. Raises ``InvalidInvoice`` when nothing is left of one that e-conomic insists on."""
    every = [(source, *_fit(source)) for source in sources]
    return Fitted(
        texts={source.name: text for source, text, _ in every if text},
        remarks=tuple(remark for _, _, remarks in every for remark in remarks),
    )


def _fit(source: Source) -> tuple[str, list[str]]:
    clean, replaced, removed = _printable(source)
    if clean and not (replaced or removed) and len(clean) * 2 <= source.limit:  # most are: nothing to say of them
        return clean, []
    if source.required and not clean:
        text = f"Nothing printable is left of {source.field}, which e-conomic requires."
        raise invalid(SetUpReason.TEXT_REFUSED, text, field=source.field)
    text = _cut(clean, source.limit)
    counts = {"unprintable characters replaced": replaced, "characters removed that take no room": removed}
    remarks = [f"{source.field}: {count} {what}" for what, count in counts.items() if count]
    if len(text) == len(clean):
        return text, remarks
    if source.whole:
        return "", [*remarks, f"{source.field}: left out, as it is longer than {source.limit} characters"]
    return text, [*remarks, f"{source.field}: cut from {len(clean)} to {len(text)} characters"]


def _printable(source: Source) -> tuple[str, int, int]:
    """Return the text on one line (or with its breaks), how many characters a space replaced, and how many are gone."""
    text = source.text or ""
    if text.isascii() and text.isprintable():  # most are, and need none of what follows
        return text.strip(), 0, 0
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if not source.lines:
        text = text.replace("\n", " ")
    bad = {mark for mark in text if unicodedata.category(mark) in _UNPRINTABLE and mark != "\n"}
    replaced = sum(mark in bad for mark in text)
    seen = "".join(mark for mark in text if not _unseen(mark))
    return seen.translate(dict.fromkeys(map(ord, bad), " ")).strip(), replaced, len(text) - len(seen)


def _unseen(mark: str) -> bool:
    return unicodedata.category(mark) == "Cf" and mark not in _JOINING and mark < _FIRST_TAG


def _cut(text: str, limit: int) -> str:
    """Cut by UTF-16 units, as .NET counts characters, and never through the middle of one."""
    if len(text) * 2 <= limit:  # no character takes more than two
        return text
    return text.encode("utf-16-le")[: limit * 2].decode("utf-16-le", errors="ignore").rstrip()
