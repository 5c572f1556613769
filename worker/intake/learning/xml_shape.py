"""The shape of somebody's XML: which element is an invoice, which one of its lines, and the leaves below both."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from worker.intake.formats.safe_xml import local
from worker.intake.learning.content import Values
from worker.intake.learning.fitting import fits
from worker.intake.learning.known_names import CUSTOMERS, LINES, OTHERS, fields_named, number_rank, plain

#: Names from the root down, qualified; an attribute is the last one, with ``@`` ahead.
Path = tuple[str, ...]
_INVOICES = tuple(
    plain(name) for name in ("invoice", "faktura", "document", "dokument", "bilag", "bill", "credit note", "doc")
)
_SHORT = tuple(plain(name) for name in ("no", "nr", "number", "nummer", "id"))
_CUSTOMERS, _OTHERS, _LINES = ({plain(name) for name in names} for names in (CUSTOMERS, OTHERS, LINES))


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """What was found in one or several documents of a kind."""

    #: None where nothing looks like an invoice.
    invoice: Path | None
    #: None where an invoice has no lines of its own, and is one itself.
    line: Path | None
    #: Leaf -> its values, in document order.
    leaves: dict[Path, Values]
    count: Counter[Path]


def name_of(step: str) -> str:
    """Return the name of a step without namespace and ``@``."""
    return step.rpartition("}")[2].removeprefix("@")


def shape_of(roots: Sequence[Any]) -> Shape:
    """Return the shape of these documents."""
    count, texts = Counter[Path](), dict[Path, list[str]]()
    for root in roots:
        for path, text in _walk(root, ()):
            count[path] += 1
            if text is not None:
                texts.setdefault(path, []).append(text)
    leaves = {path: Values(all=tuple(text for text in found if text)) for path, found in texts.items()}
    invoice = _invoice(leaves, count)
    line = _line(invoice, leaves, count) if invoice else None
    return Shape(invoice=invoice, line=line, leaves=leaves, count=count)


def inside(path: Path, names: set[str]) -> bool:
    """Tell whether a step above the last is called like one of these."""
    return any(plain(name_of(step)) in names for step in path[:-1])


def of_customer(path: Path) -> bool:
    """Tell whether a leaf lies in the customer's own group."""
    return inside(path, _CUSTOMERS)


def of_others(path: Path) -> bool:
    """Tell whether a leaf lies in a group that is the sender's, or a place of delivery."""
    return inside(path, _OTHERS)


def _walk(element: Any, above: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield every element with its text, None for one that holds elements; and every attribute."""
    stack: list[tuple[Any, Path]] = [(element, above)]
    while stack:
        each, path = stack.pop()
        here = (*path, str(each.tag))
        yield here, None if len(each) else " ".join((each.text or "").split())
        for name, value in each.attrib.items():
            if not str(name).startswith("{"):
                yield (*here, f"@{name}"), " ".join(str(value).split())
        stack += [(child, here) for child in reversed(each) if isinstance(child.tag, str) and local(child) != "?"]


def _invoice(leaves: dict[Path, Values], count: Counter[Path]) -> Path | None:
    """Return the element that is an invoice: the one that has a number of its own."""
    numbers = [path for path, values in leaves.items() if _is_number(path) and fits("invoiceNumber", values)]
    if not numbers:
        return None
    number = min(numbers, key=lambda path: _unlikely(path, leaves[path]))
    found = number[:-1]
    while len(found) > 1 and _belongs(found, number, leaves, count):
        found = found[:-1]
    return found


def _unlikely(path: Path, values: Values) -> tuple[bool, int, int, int]:
    """Return a key by which the likeliest number comes first: no number twice, a sure name, many, near the root."""
    return len(values.all) != len(values.distinct), number_rank(name_of(path[-1])), -len(values.distinct), len(path)


def _belongs(found: Path, number: Path, leaves: dict[Path, Values], count: Counter[Path]) -> bool:
    """Tell whether the element around this one is still the same invoice."""
    times = count[number]
    if times > 1:
        return count[found[:-1]] == times and len(found) > 2  # noqa: PLR2004  # the root is no invoice of several
    # A single invoice: as much as its amounts and its customer need.
    below = [path for path in leaves if path[: len(found)] == found]
    return not (any(map(of_customer, below)) and any(_is_net(path, leaves[path]) for path in below))


def _is_number(path: Path) -> bool:
    if of_customer(path) or of_others(path) or inside(path, _LINES):
        return False
    name = plain(name_of(path[-1]))
    around = plain(name_of(path[-2])) if len(path) > 1 else ""
    if name in _SHORT:
        return around in _INVOICES
    return "invoiceNumber" in fields_named(name_of(path[-1]))[:1]


def _is_net(path: Path, values: Values) -> bool:
    return "line.net" in fields_named(name_of(path[-1])) and fits("line.net", values)


def _line(invoice: Path, leaves: dict[Path, Values], count: Counter[Path]) -> Path | None:
    """Return the element below an invoice that is a line of it."""
    found = {
        path[:end]
        for path, values in leaves.items()
        if path[: len(invoice)] == invoice and _is_net(path, values)
        for end in range(len(invoice) + 1, len(path))
    }
    called = [path for path in found if _is_line(name_of(path[-1]))]
    several = [path for path in found if count[path] > count[invoice]]
    candidates = called or several
    return min(candidates, key=lambda path: (-count[path], len(path))) if candidates else None


def _is_line(name: str) -> bool:
    letters = plain(name)
    return letters in _LINES or letters.endswith(("line", "linje", "row", "item"))
