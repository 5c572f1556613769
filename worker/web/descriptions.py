"""What is said of a single failure, and beside an entry of a history, in the reader's language by its pattern.

The store keeps the sentence as it was found, in English: so records of every version are read alike, and nothing has
to be migrated. A sentence that no pattern fits is somebody else's, or an older version's: it is quoted.
"""

import re

from worker.economic.mapping.reasons import REASONS
from worker.web.file_descriptions import FILE_DESCRIPTIONS, PLACED
from worker.web.inner_phrases import INNER_PHRASES, PLACES
from worker.web.invoice_descriptions import INVOICE_DESCRIPTIONS
from worker.web.language import mark
from worker.web.sentences import Say, fitting, values_of

#: Details of a history that are neither a number nor a person's own words.
_DETAILS = (
    mark("found booked as {number}"),
    mark("booked as {number}"),
    mark("the store was away"),
)
#: Every sentence that is said, those with a place ahead of what is wrong last; of two that fit, the first counts.
SENTENCES = (*INVOICE_DESCRIPTIONS, *FILE_DESCRIPTIONS, *PLACED)
#: Every pattern that may hold a number which the stored sentence has counted by.
PATTERNS = frozenset({*SENTENCES, *INNER_PHRASES, *PLACES})
#: Before each sentence of a failure that says several.
_NUMBER = re.compile(r"(?:^| )\(\d+\) ")
#: Single words that are phrases wherever they stand, and placeholders whose single words are; all others are names.
_WORDS, _OF_WORDS = ("none", "(none)"), ("kind", "part", "what")
_QUOTES = ("'", '"')


def described(text: str, say: Say) -> str:
    """Return the description of a failure in the language of ``say``; quoted where it cannot be said in it."""
    if not text or say(SENTENCES[0]) == SENTENCES[0]:
        return text  # English
    said = _sentence(text, say) or _of_several(text, say)
    return f"»{text}«" if said is None else said


def detail(text: str, say: Say) -> str:
    """Return what stands beside an entry of a history: a reason by its heading; a person's words as they are."""
    if text in REASONS:
        return say(REASONS[text].heading)
    return _by_pattern(text, _DETAILS, say) or text


def _sentence(text: str, say: Say) -> str | None:
    said = _by_pattern(text, SENTENCES, say)
    if said is None and say(text) != text:
        said = say(text)
    return said or _behind_place(text, say)


def _behind_place(text: str, say: Say) -> str | None:
    """Say what stands behind the name of a file, a line, a call: ``a.csv: line 3: ...``."""
    place, colon, rest = text.partition(": ")
    if not colon:
        return None
    said = _sentence(rest, say) or _phrase(rest, say)
    return f"{_place(place, say)}: {said}" if said else None


def _phrase(text: str, say: Say) -> str | None:
    said = _by_pattern(text.removesuffix("."), INNER_PHRASES, say) if text.endswith(".") else None
    return f"{said}." if said else None


def _of_several(text: str, say: Say) -> str | None:
    before, *parts = _NUMBER.split(text)
    if before or len(parts) < 2:  # noqa: PLR2004  # one is no several
        return None
    return " ".join(f"({number}) {described(part, say)}" for number, part in enumerate(parts, 1))


def _by_pattern(text: str, patterns: tuple[str, ...], say: Say) -> str | None:
    for pattern, values in fitting(patterns, text):
        if "place" not in values or _is_place(values["place"]):
            return say(pattern).format(**{name: _inside(name, value, say) for name, value in values.items()})
    return None


def _inside(name: str, value: str, say: Say) -> str:
    """Return what a placeholder stands for: a place, a phrase, another description, a heading, or a name as it is."""
    if name == "place":
        return _place(value, say)
    if " " not in value:
        is_word = value in _WORDS or (name in _OF_WORDS and value in INNER_PHRASES)
        return say(value) if is_word else value
    return _by_pattern(value, INNER_PHRASES, say) or _by_pattern(value, SENTENCES, say) or say(value)


def _is_place(text: str) -> bool:
    """Tell a place in a file, which our readers write, from the beginning of somebody else's sentence."""
    last = text.rpartition(": ")[2]
    return " " not in last or last.endswith(":") or last.startswith(_QUOTES) or _place_pattern(last) is not None


def _place(text: str, say: Say) -> str:
    """Say the parts of a place: ``line 3: net of invoice 7: 'abc'``; what the file says stays as it is."""
    plain = text.removesuffix(":")
    parts = []
    for part in plain.split(": "):
        pattern = _place_pattern(part)
        parts.append(part if pattern is None else _by_pattern(part, (pattern,), say) or part)
    return ": ".join(parts) + text[len(plain) :]


def _place_pattern(part: str) -> str | None:
    alike = (pattern for pattern in PLACES if pattern.startswith(_QUOTES) == part.startswith(_QUOTES))
    return next((pattern for pattern in alike if values_of(pattern, part) is not None), None)
