"""A mapping proposed for CSV and XLSX: each column by its name, where several fields fit by what it holds."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.intake.formats.rows import KNOWN
from worker.intake.formats.tables import Row
from worker.intake.learning.content import Values, as_percent, constant_within, decimal_sign, is_negative
from worker.intake.learning.fitting import MOST_WORDS, assign, fits
from worker.intake.learning.known_names import fields_named, meaning_of, number_rank, tells_kinds
from worker.intake.learning.proposal import ASSUMED, WANTED, Proposal, Recognised

#: Fields of the same amounts for a line and for its invoice.
_TOTAL_OF = {"line.net": "net", "line.vat": "vat"}
_NUMBER = "invoiceNumber"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column with its values."""

    name: str
    #: One for each row, empty ones too.
    cells: tuple[str, ...]
    #: Whether its cells are numbers and dates already, as those of XLSX.
    exact: bool = False

    @property
    def values(self) -> Values:
        """The values that say something."""
        return Values(all=tuple(cell for cell in self.cells if cell))


def columns_of(header: Row, rows: Sequence[Row]) -> list[Column]:
    """Return the columns that have a name."""
    return [
        Column(
            name=name,
            cells=tuple(row.cells[at] if at < len(row.cells) else "" for row in rows),
            exact=any(at in row.exact for row in rows),
        )
        for at, name in enumerate(header.cells)
        if name
    ]


def propose_mapping(columns: Sequence[Column]) -> Proposal:
    """Return the mapping that these columns suggest."""
    taken = _assign(columns)
    doubts = [text for field, text in ASSUMED.items() if field not in taken]
    names = [column.name.casefold() for column in columns]
    doubts += [f"two columns are called {name!r}: rename one" for name in dict.fromkeys(names) if names.count(name) > 1]
    decimal = _decimal(taken, doubts)
    dates = _dates(taken, doubts)
    turned = _credits_are_positive(taken)
    if turned:
        doubts.append('credit notes have positive amounts in this file: credit_notes = "positive" turns their sign')
    values = _values(taken, doubts)
    text = _Text(taken=taken, decimal=decimal, dates=dates, values=values, turned=turned).toml()
    fields = {id(column): field for field, column in taken.items()}
    recognised = tuple(
        Recognised(name=column.name, field=fields.get(id(column), ""), example=next(iter(column.values.all), "")[:40])
        for column in columns
    )
    return Proposal(kind="mapping", text=text, recognised=recognised, doubts=tuple(doubts))


def _assign(columns: Sequence[Column]) -> dict[str, Column]:
    """Give each field its column."""
    number = next(iter(sorted(filter(_is_number, columns), key=lambda column: number_rank(column.name))), None)
    by_id = {id(column): column for column in columns}
    options = {id(column): _options(column, number) for column in columns if column is not number}
    taken = {field: by_id[key] for field, key in assign(options).items()}
    if number:
        taken = {_NUMBER: number} | taken
    if "invoiceType" not in taken:
        used = {id(column) for column in taken.values()}
        kinds = [each for each in columns if id(each) not in used and tells_kinds(each.values.distinct)]
        taken |= {"invoiceType": kinds[0]} if kinds else {}
    return taken


def _is_number(column: Column) -> bool:
    return _NUMBER in fields_named(column.name) and fits(_NUMBER, column.values)


def _options(column: Column, number: Column | None) -> list[str]:
    """Return the fields that a column may be, by name and content, the likeliest first."""
    if not column.values.all:
        return []
    found = [
        field
        for field in fields_named(column.name)
        if field in KNOWN and field != _NUMBER and fits(field, column.values)
    ]
    if number is None:
        return found
    constant = constant_within(number.cells, column.cells)
    if constant is None:
        return found
    # What is the same in all rows of each invoice is the invoice's own; what differs is a line's.
    totals = set(_TOTAL_OF.values()) | {"gross"}
    wrong = set(_TOTAL_OF) if constant and totals & set(found) else totals if not constant else set()
    return [field for field in found if field not in wrong]


def _decimal(taken: Mapping[str, Column], doubts: list[str]) -> str:
    amounts = [
        text
        for field, column in taken.items()
        if KNOWN[field].kind == "decimal" and field != "line.vatRate" and not column.exact
        for text in column.values.all
    ]
    sign = decimal_sign(amounts)
    if sign is None and any("." in each or "," in each for each in amounts):
        doubts.append("the amounts leave open which sign is the decimal one; taken is the comma: 1.234 is 1234")
    return sign or ","


def _dates(taken: Mapping[str, Column], doubts: list[str]) -> list[str]:
    """Return the forms of all dates; where day and month leave a choice, the Danish order."""
    forms: list[str] = []
    for field, column in taken.items():
        if KNOWN[field].kind != "date" or column.exact:
            continue
        fitting = column.values.date_forms()
        forms.append(next((form for form in fitting if form in forms), fitting[0]))
        both = [form for form in fitting if form.startswith(("%d", "%m"))]
        if len({form[:2] for form in both}) > 1:
            doubts.append(f"{column.name}: {column.values.all[0]!r} is read with the day first")
    return list(dict.fromkeys(forms))


def _credits_are_positive(taken: Mapping[str, Column]) -> bool:
    """Tell whether this file has credit notes, and none of them a negative amount."""
    kinds = taken.get("invoiceType")
    amounts = next((taken[field] for field in ("gross", "net", "line.net") if field in taken), None)
    if kinds is None or amounts is None:
        return False
    found = [
        amount
        for kind, amount in zip(kinds.cells, amounts.cells, strict=True)
        if (kind.lower() if kind.lower() in KNOWN["invoiceType"].choices else meaning_of("invoiceType", kind))
        == "correction"
    ]
    return bool(found) and not any(is_negative(each) for each in found)


def _values(taken: Mapping[str, Column], doubts: list[str]) -> dict[str, dict[str, str]]:
    """Return what has to be translated value by value; an empty one is for a person to fill in."""
    found: dict[str, dict[str, str]] = {}
    for field in ("invoiceType", "customer.country"):
        if field in taken:
            found[field] = _translated(field, taken[field].values.distinct)
    if (rates := taken.get("line.vatRate")) is not None:
        percent = {each: as_percent(each) for each in rates.values.distinct}
        found["line.vatRate"] = {each: rate for each, rate in percent.items() if "%" in each or each.startswith("0")}
    if (accounts := taken.get("line.salesAccount")) is not None:
        words = [each for each in accounts.values.distinct if not each.isdigit()]
        if len(words) <= MOST_WORDS:
            found["line.salesAccount"] = dict.fromkeys(words, "")
    open_ones = [f"{field} {value!r}" for field, values in found.items() for value, ours in values.items() if not ours]
    if open_ones:
        doubts.append("write what these stand for: " + ", ".join(open_ones[:MOST_WORDS]))
    return {field: {value: ours for value, ours in values.items() if value != ours} for field, values in found.items()}


def _translated(field: str, values: Iterable[str]) -> dict[str, str]:
    return {value: value if _is_ours(field, value) else meaning_of(field, value) or "" for value in values}


def _is_ours(field: str, value: str) -> bool:
    if field == "invoiceType":
        return value.lower() in KNOWN[field].choices
    return len(value) == 2  # noqa: PLR2004  # a country's two letters


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    """The mapping file as it is proposed."""

    taken: Mapping[str, Column]
    decimal: str
    dates: Sequence[str]
    values: Mapping[str, Mapping[str, str]]
    turned: bool

    def toml(self) -> str:
        lines = ["# Proposed by `opter-economic learn`. Correct it, and ask again with --mapping.", "[table]"]
        lines += [f"decimal = {_quoted(self.decimal)}"]
        if self.turned:
            lines.append('credit_notes = "positive"')
        if self.dates:
            lines.append(f"dates = [{', '.join(map(_quoted, self.dates))}]")
        lines += ["", "[columns]                    # our field = the column's name"]
        lines += [f"{_key(field)} = {_quoted(column.name)}" for field, column in self._in_order()]
        for field, wanted in WANTED.items():
            if field not in self.taken and not (field == "dueDate" and "paymentCondition.days" in self.taken):
                lines += [f"# MISSING {field}: {wanted.why}.", f"#   {wanted.toml}"]
        lines += ["", "[constants]                  # our field = the same for all"]
        for field, values in self.values.items():
            if values:
                lines += ["", f"[values.{_key(field)}]       # theirs = ours"]
                lines += [f"{_quoted(theirs)} = {_quoted(ours)}" for theirs, ours in values.items()]
        return "\n".join(lines) + "\n"

    def _in_order(self) -> list[tuple[str, Column]]:
        order = list(KNOWN)
        return sorted(self.taken.items(), key=lambda item: order.index(item[0]))


def _key(field: str) -> str:
    return _quoted(field) if "." in field else field


def _quoted(text: str) -> str:
    # TOML's basic strings have JSON's escapes; DEL has to be escaped as well.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
