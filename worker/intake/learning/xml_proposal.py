"""A stylesheet proposed for somebody's XML: our elements, each with the path of theirs that seems to mean it."""

from collections.abc import Sequence
from typing import Any

from worker.intake.formats.rows import KNOWN
from worker.intake.learning.content import Values, decimal_sign, is_negative
from worker.intake.learning.fitting import assign, fits
from worker.intake.learning.known_names import (
    customer_fields_named,
    fields_named,
    meaning_of,
    number_rank,
    plain,
    tells_kinds,
)
from worker.intake.learning.proposal import ASSUMED, Proposal, Recognised
from worker.intake.learning.stylesheet_text import StylesheetText
from worker.intake.learning.xml_shape import Path, Shape, name_of, of_customer, of_others, shape_of

#: Leaves that are called by what is around them: ``Amount/Value``.
_UNNAMED = {plain(name) for name in ("value", "text", "amount", "id", "code", "name", "no", "date", "currency")}
#: Names of a customer's own, where no group says so.
_OWN = ("customer", "kunde", "debitor", "debtor", "buyer", "cvr", "ean", "gln", "momsnr", "vatno")


def propose_stylesheet(roots: Sequence[Any]) -> Proposal:
    """Return the stylesheet that these documents suggest."""
    shape = shape_of(roots)
    if shape.invoice is None:
        doubt = "no element looks like an invoice with its number; write the names of yours into the skeleton"
        text = StylesheetText(shape=shape, paths={}, decimal=".", turned=False).xslt()
        return Proposal(kind="stylesheet", text=text, recognised=_recognised(shape, {}), doubts=(doubt,))
    options = {path: found for path in _in_order(shape) if (found := _options(shape, path))}
    # Of several numbers the one with the surest name: InvoiceNo before InvoiceId.
    paths = assign(dict(sorted(options.items(), key=lambda item: number_rank(name_of(item[0][-1])))))
    if "invoiceType" not in paths:
        paths |= _kinds(shape, paths)
    doubts = [text.split(".")[0] for field, text in ASSUMED.items() if field not in paths]
    doubts = [text.replace("column", "element") for text in doubts]
    amounts = [text for field, path in paths.items() if _is_amount(field) for text in shape.leaves[path].all]
    sign = decimal_sign(amounts)
    if sign is None and any("," in each for each in amounts):
        doubts.append("the amounts leave open which sign is the decimal one; taken is the comma: 1,234 is 1.234")
    decimal = sign or ("," if any("," in each for each in amounts) else ".")
    turned = _credits_are_positive(shape, paths)
    if turned:
        doubts.append("credit notes have positive amounts in this file: the stylesheet turns their sign")
    doubts += _day_first(shape, paths)
    text = StylesheetText(shape=shape, paths=paths, decimal=decimal, turned=turned).xslt()
    return Proposal(kind="stylesheet", text=text, recognised=_recognised(shape, paths), doubts=tuple(doubts))


def _kinds(shape: Shape, paths: dict[str, Path]) -> dict[str, Path]:
    """Return the leaf whose words tell invoices from credit notes, whatever it is called."""
    line = shape.line
    found = [
        path
        for path in _in_order(shape)
        if path not in paths.values()
        and not (line and path[: len(line)] == line)
        and tells_kinds(shape.leaves[path].distinct)
    ]
    return {"invoiceType": found[0]} if found else {}


def _in_order(shape: Shape) -> list[Path]:
    """Return the leaves below an invoice, those nearest to it first."""
    invoice = shape.invoice or ()
    return sorted((path for path in shape.leaves if path[: len(invoice)] == invoice), key=len)


def _options(shape: Shape, path: Path) -> list[str]:
    """Return the fields that a leaf may be."""
    values, line = shape.leaves[path], shape.line
    own_line = line is not None and path[: len(line)] == line
    if not values.all:
        return []
    if own_line and line == path:
        return ["line.text"]
    if not own_line and (of_others(path) or _repeats(shape, path)):
        return []
    return [
        field
        for field in _named(path, shape)
        if field in KNOWN and _at_level(field, shape, own_line=own_line) and fits(field, values)
    ]


def _named(path: Path, shape: Shape) -> list[str]:
    """Return the fields that the name of a leaf means, by itself and together with what is around it."""
    name = name_of(path[-1])
    if of_customer(path):
        return list(customer_fields_named(name))
    around = name_of(path[-2]) if len(path) > 1 else ""
    named = [*fields_named(around + name), *fields_named(name)]
    if plain(name) in _UNNAMED and path[-2:-1] and path[:-1] != shape.invoice:
        named += fields_named(around)
    if any(of_customer(each) for each in shape.leaves) and not plain(name).startswith(_OWN):
        named = [field for field in named if not field.startswith("customer.")]
    return list(dict.fromkeys(named))


def _at_level(field: str, shape: Shape, *, own_line: bool) -> bool:
    if own_line or shape.line is None:
        return field.startswith("line.") or not own_line
    return not field.startswith("line.")


def _repeats(shape: Shape, path: Path) -> bool:
    return shape.count[path] > shape.count[shape.invoice or ()]


def _is_amount(field: str) -> bool:
    return KNOWN[field].kind == "decimal" and field != "line.vatRate"


def _credits_are_positive(shape: Shape, paths: dict[str, Path]) -> bool:
    """Tell whether this file has credit notes, and none of its invoices a negative total."""
    kind = paths.get("invoiceType")
    total = next((paths[field] for field in ("gross", "net", "line.net") if field in paths), None)
    if kind is None or total is None:
        return False
    if not any(meaning_of("invoiceType", each) == "correction" for each in shape.leaves[kind].distinct):
        return False
    return not any(is_negative(each) for each in shape.leaves[total].all)


def _day_first(shape: Shape, paths: dict[str, Path]) -> list[str]:
    found = []
    for field, path in paths.items():
        forms = shape.leaves[path].date_forms() if KNOWN[field].kind == "date" else ()
        if len({form[:2] for form in forms if form.startswith(("%d", "%m"))}) > 1:
            found.append(f"{name_of(path[-1])}: {shape.leaves[path].all[0]!r} is read with the day first")
    return found


def _recognised(shape: Shape, paths: dict[str, Path]) -> tuple[Recognised, ...]:
    fields = {path: field for field, path in paths.items()}
    return tuple(
        Recognised(name=_shown(shape, path), field=fields.get(path, ""), example=_example(values))
        for path, values in shape.leaves.items()
        if values.all
    )


def _shown(shape: Shape, path: Path) -> str:
    start = shape.invoice or ()
    below = path[len(start) - 1 :] if start and path[: len(start)] == start else path
    return "/".join(f"@{name_of(step)}" if step.startswith("@") else name_of(step) for step in below)


def _example(values: Values) -> str:
    return next(iter(values.all), "")[:40]
