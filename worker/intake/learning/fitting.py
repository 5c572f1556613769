"""Which fields a column or element may be: those that its name means and that its content does not contradict."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from worker.intake.formats.rows import KNOWN
from worker.intake.learning.content import Values

Key = TypeVar("Key", bound=Hashable)
#: Values that are words of a list, at most.
MOST_WORDS = 30
#: Field -> what its values look like, beside what its type says.
_FORMS: Mapping[str, Callable[[Values], bool]] = {
    "invoiceNumber": Values.integers,
    "creditsInvoiceNumber": Values.integers,
    "paymentCondition.days": Values.integers,
    "line.lineNumber": Values.integers,
    "line.vatRate": Values.rates,
    "line.vatCode": lambda values: not values.numbers() or values.rates(),
    "currency": lambda values: values.matching(r"\s*[A-Za-z]{3}\s*"),
    "customer.ean": lambda values: values.matching(r"[0-9]{13}"),
    "customer.email": lambda values: all("@" in each for each in values.all),
    "customer.name": lambda values: not values.numbers(),
    "customer.country": lambda values: not values.numbers(),
    "invoiceType": lambda values: len(values.distinct) <= MOST_WORDS,
}


def fits(field: str, values: Values) -> bool:
    """Tell whether these values can be a field's."""
    kind = KNOWN[field].kind
    if field in _FORMS and not _FORMS[field](values):
        return False
    if kind == "date":
        return bool(values.date_forms())
    if kind == "decimal" and field != "line.vatRate":
        return values.numbers()
    return bool(values.all)


def assign(options: Mapping[Key, Sequence[str]]) -> dict[str, Key]:
    """Return field -> the one that is it: what can be a single field alone is given out first."""
    taken: dict[str, Key] = {}
    for most in range(1, max(map(len, options.values()), default=0) + 1):
        for key, fields in options.items():
            if len(fields) == most and (field := next((each for each in fields if each not in taken), None)):
                taken[field] = key
    return taken
