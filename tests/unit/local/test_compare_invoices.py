"""The demo's comparison of booked invoices: it must be able to say no."""

from decimal import Decimal
from typing import Any

import pytest
from support.samples import invoice

from worker.local.demo.comparison import compare_invoices


def booked(number: int = 100353, **changes: Any) -> dict[str, Any]:
    """A booked invoice that equals the sample invoice."""
    amounts = {"netAmount": Decimal(1000), "vatAmount": Decimal(250), "grossAmount": Decimal(1250)}
    return {"currency": "DKK", "references": {"other": f"main-{number}"}} | amounts | changes


def wrong(state: dict[str, Any], findings: tuple[str, ...] = ()) -> list[str]:
    """Return the rules that do not hold."""
    whole = {"booked": {"100353": booked()}, "drafts": {}, "customers": {}} | state
    comparison = compare_invoices([invoice()], whole, export="main", findings=findings)
    assert comparison.holds is not any(rule.wrong for rule in comparison.rules)
    return [rule.what for rule in comparison.rules if rule.wrong]


def test_all_is_well() -> None:
    """Booked once, under Opter's number, to the øre."""
    assert wrong({}) == []


@pytest.mark.parametrize(
    ("state", "broken"),
    [
        ({"booked": {}}, ["every invoice is booked, exactly once", "every invoice kept Opter's number"]),
        ({"booked": {"100353": booked(), "20001": booked()}}, ["every invoice is booked, exactly once"]),
        ({"booked": {"100353": booked(), "20001": booked(100354)}}, ["every invoice is booked, exactly once"]),
        ({"booked": {"100353": booked(vatAmount=Decimal("250.01"))}}, ["every amount equals the source to the øre"]),
        ({"booked": {"20001": booked()}}, ["every invoice kept Opter's number"]),
        ({"drafts": {"1": {}}}, ["no draft was left behind"]),
        (
            {"customers": {n: {"corporateIdentificationNumber": "12345674"} for n in ("1", "2")}},
            ["no customer was created twice"],
        ),
    ],
)
def test_each_thing_that_can_be_wrong(state: dict[str, Any], broken: list[str]) -> None:
    """Missing, doubled, an unknown reference, an øre off, another number, a left draft, a doubled customer."""
    assert wrong(state) == broken


def test_findings_of_the_sandbox_count() -> None:
    """A property that e-conomic would have ignored is a fault of ours."""
    assert wrong({}, ("POST /customers: ignored",)) == [
        "nothing was sent that the real e-conomic would ignore or refuse"
    ]
