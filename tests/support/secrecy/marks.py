"""Words that occur nowhere by chance: one in every secret, one in everything about a customer."""

import base64
from collections.abc import Iterator, Mapping

#: Part of both tokens, of Redis' password and of Flower's.
SECRET = "Wkjp7"
#: Part of every name, address, e-mail, phone number and text of the invoices.
CUSTOMER = "Zqxv3"


def holding(mark: str, evidence: Mapping[str, str]) -> list[str]:
    """Return the names of the evidence that holds this word, in plain letters or in base64, with its surroundings."""
    return [f"{name}: …{around}…" for name, text in evidence.items() if (around := _around(mark, text))]


def _around(mark: str, text: str) -> str:
    for spelling, found_in in ((mark.lower(), text.lower()), *((spelling, text) for spelling in _base64(mark))):
        at = found_in.find(spelling)
        if at >= 0:
            return text[max(0, at - 80) : at + 80]
    return ""


def _base64(mark: str) -> Iterator[str]:
    """Yield how the word reads inside of base64, at each of the three places where it may begin."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + mark.encode()).decode()
        first, last = -(-before * 8 // 6), (before + len(mark)) * 8 // 6
        yield encoded[first:last]
