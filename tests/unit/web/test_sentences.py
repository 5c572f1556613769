"""Composed sentences in Danish: every check of a set-up, whatever it finds."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.samples import export, invoice, line, reference

from config.export_schema import Codes, Customers, Vat, Voucher
from config.exports import ExportConfig
from config.reconcile_schema import Expects
from worker.domain.agreement import Rights, Shape
from worker.economic.mapping.agreement_check import (
    clock_check,
    rights_checks,
    service_checks,
    shape_checks,
    version_checks,
)
from worker.economic.mapping.master_data import MasterData, VatAccount
from worker.economic.mapping.setup_check import Check, check_setup
from worker.web.language import translations
from worker.web.sentences import PATTERNS, check_found, said

DANISH = translations("da").gettext
BARRED = VatAccount(code="U25", rate=Decimal(25), barred=True)
#: Exports and agreements that differ in what is found of them.
SETUPS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({}, {}),
    ({"agreement": 123456}, {}),
    ({"customers": Customers(group=2, layout=20, currency="USD", payment_terms="Netto 9")}, {}),
    ({"customers": Customers(group=1, layout=19, payment_terms="30 dage")}, {}),
    ({"vat": Vat(abroad=9, eu=8)}, {}),
    ({"codes": Codes(payment_conditions={"30 dage": "Netto 31"}, tax_rates={"M25": "U26"})}, {}),
    ({"codes": Codes(sales_accounts={"3010": "77"})}, {}),
    ({"codes": Codes(sales_accounts={"3010": "3010"})}, {}),
    ({"codes": Codes(sales_accounts={"3010": "3010"})}, {"vat_accounts": (BARRED,)}),
    ({"method": "voucher", "journal": 8, "types": {"manual": {"journal": 8}}}, {}),
    ({"method": "voucher", "journal": 1, "voucher": Voucher(clearing_account=1, rounding_account=2)}, {}),
    ({"layout": 20, "types": {"manual": {"layout": 20}, "interest": {}}}, {}),
    ({"read_barred_periods": True}, {"bars_unknown": True}),
    ({"read_barred_periods": True}, {}),
)
RIGHTS = (
    Rights(plan="e-conomic Basis", roles=("Sales",), modules=()),
    Rights(plan="", roles=(), modules=("Projekt",)),
    Rights(plan="Smart", roles=("SuperUser",), modules=("Projekt",)),
)


def _found() -> Iterator[Check]:
    for ours, theirs in SETUPS:
        yield from _setup(export(**ours), reference(**theirs))
    for method in ("invoice", "voucher"):
        ours = export(method=method, journal=1, expects=Expects(modules=("Lager",), read_only_plans=("basis",)))
        for rights in RIGHTS:
            yield from rights_checks(ours, rights)
    yield from service_checks({"/a": True, "/b": False})
    yield from version_checks({"/a": True, "/b": False})
    one, two = _shape("a:text"), _shape("b:text")
    yield from shape_checks({}, {"/a": one})
    yield from shape_checks({"/a": one}, {"/a": one})
    yield from shape_checks({"/a": one, "/b": one}, {"/a": two})
    yield from (clock_check(gap, 60.0) for gap in (0.0, 90.0, -90.0))


def _setup(ours: ExportConfig, theirs: MasterData) -> Iterator[Check]:
    samples = [invoice(line(account="3012"), invoice_number=n) for n in (1, 2)]
    yield from check_setup(ours, theirs, samples, today=date(2026, 11, 20))
    yield from check_setup(ours, theirs, [invoice()], today=date(2027, 1, 2))


def _shape(seen: str) -> Shape:
    return Shape(items=1, seen=frozenset({seen}), always=frozenset({seen}))


def _english(text: str, danish: str) -> bool:
    """Whether a text stayed as it is although it has words: names, numbers and dates have no language."""
    plain = re.sub(r"'[^']*'|\b(Danmark|Indenlandsk|Udland|EU|Kunder|Standard)\b", "", text)
    return text == danish and re.search(r"\b(the|of|is|not|be|and|are|with)\b", plain) is not None


def test_every_check_is_said_in_danish() -> None:
    """What was checked, what was found, and what to do."""
    checks = list(_found())
    left = {
        text
        for check in checks
        for text, danish in (
            (check.item, said(check.item, DANISH)),
            (check.found, check_found(check, DANISH)),
            (check.next_step, said(check.next_step, DANISH)),
        )
        if _english(text, danish)
    }
    assert left == set()
    assert len({check.item for check in checks}) > 20


def test_each_item_that_code_names_has_a_pattern() -> None:
    """A new check cannot be forgotten: its name, as it stands in the code, fits one."""
    names = set()
    for file in ("mapping/setup_check.py", "mapping/agreement_check.py"):
        for node in ast.walk(ast.parse((Path("worker/economic") / file).read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"Check", "_check", "_present"}
            ):
                keyword = next((each.value for each in node.keywords if each.arg == "item"), None)
                first = keyword or (node.args[0] if node.args else None)
                if isinstance(first, ast.Constant):
                    names.add(str(first.value))
    assert names - set(PATTERNS) == set()
    assert "Plan" in names
    assert "Layout" in names


@pytest.mark.parametrize(
    ("text", "danish"),
    [
        ("Sales account 3050", "Salgskonto 3050"),
        ("20 does not exist; there are: 19 Standard", "20 findes ikke; der er: 19 Standard"),
        ("Netto 30 dage", "Netto 30 dage"),
        ("", ""),
        ("account {0}", "konto {0}"),
    ],
)
def test_values_stand_where_they_stood(text: str, danish: str) -> None:
    """Names and numbers are carried over, braces and all; what fits no pattern stays as it is."""
    assert said(text, DANISH) == danish
    assert said(text, translations("en").gettext) == text
