"""The VAT that e-conomic lifts out of a gross amount.

An entry's amount with a VAT code is gross, and its VAT is computed from it (e-conomic REST docs, "Journals"; posting a
net amount with a code misstated VAT at an integrator's). Rounding half up to the øre is the one that its recorded
answers agree with.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from worker.invoicing.money import OERE, ZERO, to_oere

_HUNDRED = Decimal(100)
_HALF = OERE / 2


def lifted(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the VAT inside a gross amount; ``rate`` in percent."""
    return to_oere(gross * rate / (_HUNDRED + rate))


def nearest_gross(gross: Decimal, vat: Decimal, rate: Decimal) -> Decimal | None:
    """Return the amount nearest to ``gross`` out of which exactly ``vat`` is lifted; None when there is none.

    For every rate above zero there is one, because an øre more of gross lifts at most an øre more of VAT.
    """
    if rate == ZERO:
        return gross if vat == ZERO else None
    per_vat = (_HUNDRED + rate) / rate
    lowest = ((vat - _HALF) * per_vat).quantize(OERE, rounding=ROUND_CEILING)
    highest = ((vat + _HALF) * per_vat).quantize(OERE, rounding=ROUND_FLOOR)
    inside = min(max(gross, lowest), highest)
    # Both ends are halves, which are rounded away from zero: one of them may just not belong.
    return next(one for one in (inside, inside - OERE, inside + OERE) if lifted(one, rate) == vat)
