"""The nodes of a UBL document by path, and everything that is wrong with them."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from worker.domain.money import to_oere
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem

#: Prefixes as every description of UBL writes them.
CAC, CBC = "cac:", "cbc:"
_NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
#: Largest amount; as the contract's money.
_MOST = Decimal(10) ** 15


class Nodes:
    """A document, or one of its lines."""

    def __init__(self, root: Any, *, at: str = "", currency: str = "", problems: list[Problem] | None = None) -> None:
        """``at`` is the path of a part; its problems are added to those of the document, in whose currency it is."""
        self._root = root
        self.currency = currency or self.text(f"{CBC}DocumentCurrencyCode")
        self._at = at
        self.problems: list[Problem] = [] if problems is None else problems

    def all(self, path: str) -> Sequence[Any]:
        """Return the elements at a path."""
        return list(self._root.findall(path, _NAMESPACES))

    def texts(self, path: str) -> list[str]:
        """Return the texts at a path that are not empty."""
        return [text for each in self.all(path) if (text := " ".join((each.text or "").split()))]

    def text(self, path: str) -> str:
        """Return the first text at a path; empty when there is none."""
        return next(iter(self.texts(path)), "")

    def attribute(self, path: str, name: str) -> str:
        """Return an attribute of the first element at a path; empty when there is none."""
        return next((str(each.get(name, "")) for each in self.all(path)), "")

    def amount(self, path: str, *, needed: bool = False) -> Decimal:
        """Return the amount at a path, zero where there is none."""
        found = self.all(path)
        if found:
            return self.amount_of(found[0], path)
        if needed:
            self.problem(path, "", "is missing; add it")
        return Decimal("0.00")

    def amount_of(self, element: Any, path: str) -> Decimal:
        """Return an element's amount; one that is none is a problem and counts as zero."""
        text = (element.text or "").strip()
        try:
            amount = Decimal(text)
            usable = amount.is_finite() and abs(amount) < _MOST and amount == to_oere(amount)
        except ArithmeticError:
            usable = False
        if not usable:
            self.problem(path, text, 'is no amount with two decimals at most, such as "1234.50"')
            return Decimal("0.00")
        if (said := element.get("currencyID", self.currency)) != self.currency:
            self.problem(path, text, f"is in {said[:10]}, and DocumentCurrencyCode says {self.currency or 'nothing'}")
        return to_oere(amount)

    def part(self, element: Any, path: str) -> "Nodes":
        """Return an element as a document of its own."""
        return Nodes(element, at=f"{self._at}/{path}", currency=self.currency, problems=self.problems)

    def problem(self, path: str, value: str, what: str) -> None:
        """Note what is wrong at a path."""
        where = f"{self._at}/{path}".removesuffix("/")
        text = f"{where}: {value[:100]!r} {what}." if value else f"{where} {what}."
        reason = EventReason.EVENT_INVALID
        self.problems.append(Problem(reason=reason, description=text, field=where, value=value[:100]))

    def unmapped(self, path: str, value: str, what: str) -> None:
        """Note what the mapping does not say."""
        self.problem(path, value, what)
        self.problems[-1] = replace(self.problems[-1], reason=EventReason.MAPPING_INVALID)

    def of_invoice(self, number: int) -> None:
        """Say whose problems these are."""
        self.problems[:] = [
            replace(each, invoice_number=number, description=f"invoice {number}: {each.description}")
            for each in self.problems
        ]
