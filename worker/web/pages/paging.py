"""Pages of a long list, of which only one is read and shown."""

import re
from dataclasses import dataclass

#: Rows on one page.
PER_PAGE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """One page among all."""

    #: From 1 on.
    at: int
    total: int
    size: int = PER_PAGE

    @classmethod
    def of(cls, text: str, rows: int) -> "Pages":
        """Return the page that an address asks for; the first for what is no number, the last for one beyond."""
        total = max(1, -(-rows // PER_PAGE))
        return cls(at=min(total, max(1, int(text))) if re.fullmatch("[0-9]{1,9}", text) else 1, total=total)

    @property
    def start(self) -> int:
        """The place of the first row."""
        return (self.at - 1) * self.size
