"""A mapping proposed for Peppol and OIOUBL: a rule for each kind of line, its account to be filled in."""

import json
from collections.abc import Sequence
from typing import Any

from worker.intake.formats.mapping import AccountRule, Ubl
from worker.intake.formats.safe_xml import local
from worker.intake.formats.ubl_lines import Lines
from worker.intake.formats.ubl_nodes import CAC, CBC, Nodes
from worker.intake.learning.proposal import Proposal, Recognised

#: Rules that are written; with more, fewer words have to do.
_MOST_RULES = 30
_KEYS = ("kind", "item", "cost", "category", "rate")


def propose_rules(roots: Sequence[Any]) -> Proposal:
    """Return the mapping that these documents suggest."""
    rules = _rules(roots)
    keys = next(
        (
            keys
            for keys in (_KEYS, ("kind", "item", "category"), ("kind", "category"))
            if _count(rules, keys) <= _MOST_RULES
        ),
        (),
    )
    lines = [
        "# Proposed by `opter-economic learn`. Write the account of each kind of line; ask again with --mapping.",
        "[ubl]",
    ]
    doubts = ["write the sales account of each kind of line; rules with fewer words fit more lines"]
    if any(not _due(Nodes(root)) for root in roots):
        lines.append("payment_days = 30          # days to pay, for documents that have no due date")
        doubts.append("some documents have no due date: payment_days = 30 is a guess, correct it")
    if prefix := _prefix(roots):
        lines.append(f"number_prefix = {_quoted(prefix)}   # what stands before Opter's invoice number")
    for values in sorted({tuple(str(_value(rule, key) or "") for key in keys) for rule in rules}):
        lines += ["[[ubl.accounts]]"]
        lines += [
            f"{key} = {value if key == 'rate' else _quoted(value)}"
            for key, value in zip(keys, values, strict=True)
            if value
        ]
        lines.append('account = "?"               # MISSING line.salesAccount: your account for these lines')
    recognised = tuple(
        Recognised(name=f"{local(root)} {Nodes(root).text(f'{CBC}ID')}", field="invoiceNumber", example="")
        for root in roots
    )
    return Proposal(kind="mapping", text="\n".join(lines) + "\n", recognised=recognised, doubts=tuple(doubts))


def _rules(roots: Sequence[Any]) -> list[AccountRule]:
    found: dict[AccountRule, None] = {}
    for root in roots:
        lines = Lines(root, Nodes(root), Ubl(), credit=local(root) == "CreditNote")
        found |= dict.fromkeys(lines.without_account())
    return list(found)


def _count(rules: Sequence[AccountRule], keys: Sequence[str]) -> int:
    return len({tuple(_value(rule, key) for key in keys) for rule in rules})


def _value(rule: AccountRule, key: str) -> object:
    return getattr(rule, key)


def _due(nodes: Nodes) -> str:
    return nodes.text(f"{CBC}DueDate") or nodes.text(f"{CAC}PaymentMeans/{CBC}PaymentDueDate")


def _prefix(roots: Sequence[Any]) -> str:
    """Return what all numbers begin with before their digits; empty where they are digits alone, or differ."""
    numbers = [Nodes(root).text(f"{CBC}ID") for root in roots]
    prefixes = {number.rstrip("0123456789") for number in numbers}
    return prefixes.pop() if len(prefixes) == 1 and all(number[-1:].isdigit() for number in numbers) else ""


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
