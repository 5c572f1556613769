"""How a channel is spoken to: language, numbers, times, and what may be named."""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Tone:
    """How a channel is spoken to."""

    language: str
    catalogue: gettext.NullTranslations
    zone: str
    #: Address of the page; empty: no links.
    page: str = ""
    #: Whether values that may show a customer are named.
    customer_values: bool = False

    def money(self, amounts: Mapping[str, str]) -> str:
        """Return amounts by currency."""
        each = (
            f"{format_decimal(Decimal(amount), format='#,##0.00', locale=self.language)} {currency}"
            for currency, amount in amounts.items()
        )
        return ", ".join(each)

    def count(self, number: int) -> str:
        """Return a number."""
        return str(format_decimal(number, locale=self.language))

    def moment(self, at: float) -> str:
        """Return a time, local."""
        when = datetime.fromtimestamp(at, UTC)
        return str(format_datetime(when, "medium", ZoneInfo(self.zone), self.language))


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A message as it is read."""

    subject: str
    body: str
