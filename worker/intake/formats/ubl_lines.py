"""The lines of a UBL document: their accounts by the mapping, each category's VAT spread over its lines to the øre."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal

from worker.domain.money import OERE, ZERO
from worker.intake.formats.mapping import AccountRule, Ubl
from worker.intake.formats.ubl_nodes import CAC, CBC, Nodes

#: Lines of one document.
_MOST = 5000
#: OIOUBL's names of the categories (OIOUBL_GUIDE_TAX) and UNCL 5305's.
_OIOUBL = {"standardrated": "S", "zerorated": "Z", "reversecharge": "AE"}
#: Most VAT categories of one document.
_MOST_CATEGORIES = 100


@dataclass(kw_only=True, slots=True)
class _Line:
    kind: Literal["line", "allowance", "charge"]
    path: str
    net: Decimal
    category: str
    rate: Decimal
    text: str
    item: str = ""
    cost: str = ""
    #: The line's own VAT, where the document gives it; OIOUBL does.
    own: Decimal | None = None
    vat: Decimal = ZERO

    @property
    def group(self) -> tuple[str, Decimal]:
        return self.category, self.rate


class Lines:
    """Reads the lines of one document, and its allowances and charges as lines of their own."""

    def __init__(self, root: Any, nodes: Nodes, mapping: Ubl, *, credit: bool, orders: int = 0) -> None:
        """``orders``: how many are behind the document; Opter rounds the VAT of each."""
        self._root = root
        self._orders = max(1, orders)
        self._nodes = nodes
        self._mapping = mapping
        self._credit = credit

    def read(self) -> list[dict[str, object]]:
        """Return them in the event's spelling."""
        lines = [*self._lines(), *self._allowances()]
        if len(lines) > _MOST:
            self._nodes.problem(f"{CAC}InvoiceLine", str(len(lines)), f"lines are too many; {_MOST} are read")
            return []
        self._spread(lines)
        sign = -1 if self._credit else 1
        return [
            {
                "lineNumber": number,
                "salesAccount": self._account(line),
                "vatCode": self._vat_code(line),
                "vatRate": f"{line.rate:f}",
                "net": str(line.net * sign + ZERO),
                "vat": str(line.vat * sign + ZERO),
                "text": line.text[:1000],
            }
            for number, line in enumerate(lines, start=1)
        ]

    def without_account(self) -> set[AccountRule]:
        """Return what every line that has no account yet can be told by, as a rule without its account."""
        lines = [*self._lines(), *self._allowances()]
        return {
            AccountRule(
                account="?",
                item=line.item or None,
                cost=line.cost or None,
                category=line.category or None,
                rate=line.rate,
                kind=line.kind,
            )
            for line in lines
            if not any(_fits(rule, line) for rule in self._mapping.accounts)
        }

    def _lines(self) -> Iterator[_Line]:
        name = "CreditNoteLine" if self._credit else "InvoiceLine"
        for number, element in enumerate(self._nodes.all(f"{CAC}{name}")[: _MOST + 1], start=1):
            path = f"{CAC}{name}[{number}]"
            line = self._nodes.part(element, path)
            item = f"{CAC}Item/"
            # OIOUBL gives the category with the line's own tax.
            places = (f"{item}{CAC}ClassifiedTaxCategory", f"{CAC}TaxTotal/{CAC}TaxSubtotal/{CAC}TaxCategory")
            place = next((each for each in places if line.all(each)), places[0])
            category, rate = self._category(line, place)
            yield _Line(
                kind="line",
                path=path,
                net=line.amount(f"{CBC}LineExtensionAmount", needed=True),
                category=category,
                rate=rate,
                text=line.text(f"{item}{CBC}Name") or line.text(f"{item}{CBC}Description"),
                item=line.text(f"{item}{CAC}SellersItemIdentification/{CBC}ID"),
                cost=line.text(f"{CBC}AccountingCost") or self._nodes.text(f"{CBC}AccountingCost"),
                own=self._own_vat(line),
            )

    def _own_vat(self, line: Nodes) -> Decimal | None:
        totals = line.all(f"{CAC}TaxTotal/{CBC}TaxAmount")
        return line.amount(f"{CAC}TaxTotal/{CBC}TaxAmount") if len(totals) == 1 else None

    def _allowances(self) -> Iterator[_Line]:
        for number, element in enumerate(self._nodes.all(f"{CAC}AllowanceCharge")[: _MOST + 1], start=1):
            path = f"{CAC}AllowanceCharge[{number}]"
            nodes = self._nodes.part(element, path)
            charge = nodes.text(f"{CBC}ChargeIndicator").lower() in {"true", "1"}
            category, rate = self._category(nodes, f"{CAC}TaxCategory")
            amount = nodes.amount(f"{CBC}Amount", needed=True)
            yield _Line(
                kind="charge" if charge else "allowance",
                path=path,
                net=amount if charge else -amount,
                category=category,
                rate=rate,
                text=nodes.text(f"{CBC}AllowanceChargeReason"),
            )

    def _category(self, nodes: Nodes, place: str) -> tuple[str, Decimal]:
        found = nodes.all(place)
        if len(found) != 1:
            nodes.problem(place, str(len(found)) if found else "", "must be given once")
            return "", ZERO
        category = nodes.text(f"{place}/{CBC}ID")
        # UBL has a place for the rate beside the category too, which Peppol does not use.
        places = (f"{place}/{CBC}Percent", f"{place.rpartition(CAC)[0]}{CBC}Percent")
        rate = next((nodes.amount(path) for path in places if nodes.text(path)), ZERO)
        return _OIOUBL.get(category.lower(), category), rate

    def _spread(self, lines: list[_Line]) -> None:
        """Give each line its part of its category's VAT: rounded down, and the øre left over to the largest rests."""
        said = self._subtotals()
        for line in lines:
            rates = [rate for category, rate in said if category == line.category]
            if line.kind != "line" and line.rate == ZERO and line.group not in said and len(rates) == 1:
                # OIOUBL's allowances may leave their rate at 00; the category's sum proves it.
                line.rate = rates[0]
        groups = defaultdict[tuple[str, Decimal], list[_Line]](list)
        for line in lines:
            groups[line.group].append(line)
        for group in said.keys() - groups.keys():
            if said[group]:
                self._nodes.problem(f"{CAC}TaxTotal/{CAC}TaxSubtotal", f"{group[0]} {group[1]}", "has no lines")
        for group, members in groups.items():
            if group not in said:
                self._nodes.problem(f"{CAC}TaxTotal/{CAC}TaxSubtotal", f"{group[0]} {group[1]}", "is missing")
                continue
            self._share(members, said[group])

    def _share(self, lines: list[_Line], vat: Decimal) -> None:
        if self._own_fit(lines, vat):
            for line in lines:
                line.vat = line.own or ZERO
            return
        exact = [line.net * line.rate / 100 for line in lines]
        for line, amount in zip(lines, exact, strict=True):
            line.vat = amount.quantize(OERE, rounding=ROUND_FLOOR)
        left = int((vat - sum((line.vat for line in lines), ZERO)) / OERE)
        most = self._orders * len(lines)
        if not -most < left <= most:
            path = f"{CAC}TaxTotal/{CAC}TaxSubtotal/{CBC}TaxAmount"
            self._nodes.problem(path, str(vat), f"is not {lines[0].rate} % of {sum(line.net for line in lines)}")
            return
        order = sorted(range(len(lines)), key=lambda at: exact[at] - lines[at].vat, reverse=True)
        for number in range(abs(left)):
            lines[order[number % len(order)]].vat += OERE if left > 0 else -OERE

    def _own_fit(self, lines: list[_Line], vat: Decimal) -> bool:
        """Tell whether every line gives its own VAT, each at its rate, and all together the category's."""
        most = OERE * self._orders
        fit = all(line.own is not None and abs(line.own - line.net * line.rate / 100) <= most for line in lines)
        return fit and sum((line.own or ZERO for line in lines), ZERO) == vat

    def _subtotals(self) -> dict[tuple[str, Decimal], Decimal]:
        """Return the VAT of each category, in the invoice's currency."""
        currency, found = self._nodes.currency, dict[tuple[str, Decimal], Decimal]()
        path = f"{CAC}TaxTotal/{CAC}TaxSubtotal"
        for number, element in enumerate(self._nodes.all(path)[:_MOST_CATEGORIES], start=1):
            nodes = self._nodes.part(element, f"{path}[{number}]")
            if (nodes.attribute(f"{CBC}TaxAmount", "currencyID") or currency) != currency:
                continue
            group = self._category(nodes, f"{CAC}TaxCategory")
            found[group] = found.get(group, ZERO) + nodes.amount(f"{CBC}TaxAmount", needed=True)
        return found

    def _account(self, line: _Line) -> str:
        for rule in self._mapping.accounts:
            if _fits(rule, line):
                return rule.account
        said = f"{line.kind}, item {line.item or 'none'}, cost {line.cost or 'none'}, {line.category} {line.rate} %"
        self._nodes.unmapped(line.path, said, "has no sales account; add a rule to ubl.accounts in the mapping")
        return "?"

    def _vat_code(self, line: _Line) -> str:
        for rule in self._mapping.vat_codes:
            if rule.category == line.category and rule.rate in {None, line.rate}:
                return rule.code
        if self._mapping.vat_codes:
            said = f"{line.category} {line.rate} %"
            self._nodes.unmapped(line.path, said, "has no VAT code; add a rule to ubl.vat_codes in the mapping")
        return line.category


def _fits(rule: AccountRule, line: _Line) -> bool:
    asked = (
        (rule.item, line.item), (rule.cost, line.cost), (rule.category, line.category), (rule.rate, line.rate),
        (rule.kind, line.kind),
    )  # fmt: skip
    return all(wanted is None or wanted == has for wanted, has in asked)
