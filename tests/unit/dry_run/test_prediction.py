"""The amounts that e-conomic will compute, with the arithmetic in sight."""

from decimal import Decimal

import pytest
from support.samples import export, invoice, line, reference

from worker.dry_run.plan import VatLine
from worker.dry_run.planned_invoice import difference, predict_draft, source_amounts


@pytest.mark.parametrize(
    ("nets", "opter_vat", "vat", "certain"),
    [
        (["1000.00"], None, "250.00", True),  # 25 % of 1000.00
        (["0.10", "0.10"], None, "0.06", False),  # 0.025 rounds to 0.03, twice; 25 % of 0.20 is 0.05; Opter says 0.06
        (["0.10", "0.10"], "0.05", "0.05", False),  # the same, but Opter rounded the sum
        (["-0.10"], None, "-0.03", True),  # -0.025, halves away from zero
        (["0.10", "-0.10"], None, "0.00", True),  # 0.03 - 0.03, and 25 % of nothing
    ],
)
def test_vat_is_predicted_in_both_ways_of_rounding(
    nets: list[str],
    opter_vat: str | None,
    vat: str,
    certain: bool,  # noqa: FBT001  # a table's column
) -> None:
    """Per line and per invoice; where they differ the one nearer to Opter's is predicted, as uncertain."""
    source = invoice(*(line(net) for net in nets))
    if opter_vat:
        source = source.model_copy(update={"vat": Decimal(opter_vat)})

    predicted = predict_draft(source, export(), reference())

    assert (predicted.amounts.vat, predicted.certain) == (Decimal(vat), certain)
    assert predicted.amounts.net == sum(map(Decimal, nets))
    assert predicted.amounts.gross == predicted.amounts.net + predicted.amounts.vat


def test_each_line_has_its_account_and_vat_code() -> None:
    """3010 carries U25, 3012 never carries VAT (see the sample agreement)."""
    predicted = predict_draft(invoice(line(), line(account="3012", rate="0.00")), export(), reference())

    assert predicted.vat == (
        VatLine(line=1, account=1001, code="U25", rate=Decimal(25)),
        VatLine(line=2, account=2001, code=None, rate=Decimal("0.00")),
    )


@pytest.mark.parametrize(("tolerance", "stopped"), [("0.00", True), ("0.01", False)])
def test_a_difference_within_the_tolerance_stops_nothing(tolerance: str, stopped: bool) -> None:  # noqa: FBT001  # a table's column
    """Opter 75.09, e-conomic 75.08 either way: one øre."""
    source = invoice(line("300.30", vat="75.09"))

    found = difference(predict_draft(source, export(), reference()), source_amounts(source), Decimal(tolerance))

    assert (found is not None) == stopped
