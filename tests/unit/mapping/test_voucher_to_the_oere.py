"""For any invoice: what e-conomic's books hold afterwards is the source to the øre, or nothing was posted.

The books are the sandbox's, whose arithmetic shares no code with the core.
"""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.samples import invoice, line
from support.vouchers import RATES, TAX_RATES, agreement, booked, export, reference

from worker.domain.invoice import Invoice, Line
from worker.domain.money import OERE, ZERO, to_oere
from worker.economic.mapping.voucher_payload import voucher_payload
from worker.errors import InvalidInvoice

BOOKS = agreement()
AMOUNTS = st.decimals(min_value=-50_000, max_value=50_000, places=2)


@st.composite
def lines(draw: st.DrawFn, *, off: int) -> Line:
    """A line whose VAT is rounded from its net amount, or up to ``off`` øre away from that."""
    opter = draw(st.sampled_from(sorted(TAX_RATES)))
    rate = Decimal(RATES.get(TAX_RATES[opter], "0"))
    net = draw(AMOUNTS)
    vat = to_oere(net * rate / 100) + draw(st.integers(-off, off)) * OERE
    account = draw(st.sampled_from(["3010", "3012", "3020"]))
    return line(str(net), account=account, rate=str(rate), vat_code=opter, vat=vat)


@st.composite
def invoices(draw: st.DrawFn, *, off: int, rounding: bool) -> Invoice:
    """Mixed VAT, credits, roundings, foreign currencies with Opter's rate or e-conomic's."""
    every = draw(st.lists(lines(off=off), min_size=1, max_size=8))
    currency = draw(st.sampled_from(["DKK", "EUR", "SEK"]))
    possible = {"EUR": ("400", "1400"), "SEK": ("40", "120")}.get(currency)
    rate = draw(st.none() | st.decimals(*possible, places=6)) if possible else None
    rounded = draw(st.decimals("-0.60", "0.60", places=2)) if rounding else ZERO
    return invoice(*every, currency=currency, exchange_rate=rate, rounding=rounded)


def expected(source: Invoice) -> dict[str, Decimal]:
    vat: Counter[str] = Counter()
    for source_line in source.lines:
        vat[f"vat {TAX_RATES[source_line.vat_code]}"] -= source_line.vat  # type: ignore[assignment]  # a Counter of Decimals
    found = {"owed": source.gross, "vat": -source.vat, **vat}
    return {name: amount for name, amount in found.items() if amount}


@pytest.mark.parametrize("layout", ["one-post", "per-account"])
@given(source=invoices(off=2, rounding=True))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_books_equal_the_source_or_nothing_was_posted(source: Invoice, layout: str) -> None:
    """Owed, VAT in sum and by code are the source's; net is on sales and rounding accounts; nothing is in between."""
    BOOKS.vouchers.clear()
    try:
        voucher = voucher_payload(source, export(layout=layout), reference(), "main-100353", 1001)
    except InvalidInvoice as refusal:
        assert refusal.failure.reason in {"voucher-rounding", "voucher-empty"}  # noqa: PT017  # either is right
        return
    made = booked(voucher.payload, BOOKS)
    owed_and_vat = {name: amount for name, amount in made.items() if name.startswith(("owed", "vat"))}
    rest = {name: amount for name, amount in made.items() if not name.startswith(("owed", "vat"))}

    assert owed_and_vat == expected(source)
    assert rest.pop("5990", ZERO) == ZERO
    assert sum(rest.values()) == -(source.net + source.rounding)
    assert abs(rest.get("4990", ZERO)) <= export().voucher.most_rounding


@given(source=invoices(off=0, rounding=False))
@settings(max_examples=300, deadline=None)
def test_vat_rounded_line_by_line_never_needs_a_rounding_account(source: Invoice) -> None:
    """Each line's own rounding is computed back, so no øre is left over."""
    bare = export(rounding_account=None)
    try:
        voucher = voucher_payload(source, bare, reference(), "main-100353", 1001)
    except InvalidInvoice as refusal:
        assert refusal.failure.reason == "voucher-empty"  # noqa: PT017  # all lines cancel out
        return
    accounts = {entry["account"]["accountNumber"] for entry in voucher.payload["entries"].get("financeVouchers", ())}
    assert 4990 not in accounts
