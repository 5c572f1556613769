"""An exchange rate that cannot be right is a question, before anything is booked at it."""

from decimal import Decimal
from typing import Any

import pytest
from support.harness import VOUCHER_EXPORT, Harness
from support.invoice_harness import ID, exported, sample, with_booking
from support.samples import export, invoice, line, reference
from support.voucher_harness import exported as exported_voucher

from config.export_schema import Booking
from worker.domain.record import State
from worker.economic.mapping.exchange_rates import exchange_rate
from worker.errors import InvalidInvoice


def rate_of(currency: str, rate: str | None, booked: dict[str, str] | None = None, **changes: Any) -> Decimal | None:
    known = {code: Decimal(text) for code, text in (booked or {}).items()}
    band = changes.pop("band", "20")
    config = export(booking=Booking(rate_band=Decimal(band)))
    source = invoice(currency=currency, exchange_rate=rate, **changes)
    return exchange_rate(source, config, reference(booked_rates=known))[0]


@pytest.mark.parametrize(
    ("currency", "rate", "booked"),
    [
        ("EUR", "746.11", {}),
        ("EUR", "746.11", {"EUR": "745.90"}),
        ("EUR", "746.11", {"EUR": "1"}),  # what was booked once by mistake does not make right ones wrong
        ("SEK", "67.42", {}),
        ("SEK", "55", {"SEK": "67.42"}),
        ("NOK", "63.85", {"SEK": "67.42"}),
        ("USD", "655.1", {}),
        ("JPY", "4.5", {}),
        ("XAF", "1.137", {}),  # nothing is known of it
        ("XAF", "1.137", {"XAF": "1.1"}),
    ],
)
def test_a_rate_that_may_be_right_is_sent(currency: str, rate: str, booked: dict[str, str]) -> None:
    """Within the band of the last booked one, or within a factor of two of a rough one."""
    assert rate_of(currency, rate, booked) == Decimal(rate)


@pytest.mark.parametrize(
    ("currency", "rate", "booked"),
    [
        ("EUR", "1.000000", {}),
        ("EUR", "100", {}),
        ("EUR", "7.4611", {}),  # the price of one unit
        ("EUR", "13.40", {}),  # the other way round
        ("EUR", "1.000000", {"EUR": "1"}),
        ("EUR", "940", {"EUR": "746"}),
        ("EUR", "0.0000001", {}),
        ("SEK", "1", {}),
        ("SEK", "0.6742", {"SEK": "67.42"}),
        ("SEK", "100", {"SEK": "67.42"}),
        ("GBP", "8.71", {}),
        ("XAF", "1", {}),
        ("XAF", "100", {}),
        ("XAF", "2.5", {"XAF": "1.1"}),
    ],
)
def test_a_rate_that_cannot_be_right_is_a_question(currency: str, rate: str, booked: dict[str, str]) -> None:
    """EUR 1,000 booked as 10.00 or 74.61 DKK cannot be undone."""
    with pytest.raises(InvalidInvoice) as caught:
        rate_of(currency, rate, booked)

    assert caught.value.failure.reason == "exchange-rate-invalid"
    assert caught.value.failure.field == "exchangeRate"


def test_the_band_is_the_exports() -> None:
    """A wider one takes more, none compares nothing; a rate that rounds to nothing is refused all the same."""
    assert rate_of("EUR", "940", {"EUR": "746"}, band="30") == 940
    assert rate_of("EUR", "1", {}, band="0") == 1
    with pytest.raises(InvalidInvoice):
        rate_of("EUR", "0.0000001", {}, band="0")


@pytest.mark.parametrize(
    ("rate", "base", "good"),
    [
        ("746.11", "9326.38", True),
        ("746.11", "9326.39", True),
        ("746.11", "9300.00", False),
        ("746.11", "1250.00", False),
        (None, "9326.38", True),
        (None, "1250.00", False),
        (None, "12.50", False),
    ],
)
def test_opters_amount_in_the_base_currency_is_compared(rate: str | None, base: str, *, good: bool) -> None:
    """EUR 1,250.00 gross: with the rate's result, or, where no rate was sent, by the rate that it implies."""
    if good:
        rate_of("EUR", rate, gross_in_base_currency=base)
        return
    with pytest.raises(InvalidInvoice) as caught:
        rate_of("EUR", rate, gross_in_base_currency=base)
    assert caught.value.failure.field == ("exchangeRate" if rate else "grossInBaseCurrency")


def test_a_rate_is_held_against_the_last_booked_invoice() -> None:
    """Read from e-conomic once, newest first, and only where an invoice states a rate."""
    harness = exported(Harness(), sample(currency="SEK", exchange_rate="67.42"))
    assert harness.record(ID).state is State.EXPORTED
    harness.hire()
    exported(harness, sample(currency="SEK", exchange_rate="90", invoice_number=100354))

    failure = harness.record("main-100354").failure
    assert failure is not None
    assert "booked SEK last at 67.42" in failure.description
    reads = [entry.path for entry in harness.sandbox.server_state.request_log.entries if "sort=-date" in entry.path]
    assert len(reads) <= 2


@pytest.mark.parametrize("rate", ["1.000000", "7.4611", "0.0000001"])
def test_neither_method_posts_at_an_impossible_rate(rate: str) -> None:
    """Nothing is written to e-conomic."""
    drafts = exported(Harness(), sample(currency="EUR", exchange_rate=rate))
    vouchers = exported_voucher(Harness(VOUCHER_EXPORT), sample(currency="EUR", exchange_rate=rate))

    assert drafts.record(ID).state is vouchers.record(ID).state is State.DEAD
    assert (drafts.documents(), vouchers.sandbox.agreement.vouchers) == ([], {})


@pytest.mark.parametrize(
    ("lines", "booked"),
    [
        ([line("599.94", vat="150.00")], ("599.94", "149.99", "749.93")),
        ([line("100.10", vat="25.03") for _ in range(3)], ("300.30", "75.08", "375.38")),
    ],
)
def test_what_was_booked_within_the_tolerance_is_what_is_kept(lines: list[Any], booked: tuple[str, ...]) -> None:
    """The books' amounts, not Opter's, and a remark with both; an invoice that is equal keeps none."""
    harness = exported(Harness(with_booking(tolerance="0.05")), sample(*lines), sample(invoice_number=100354))

    progress = harness.record(ID).progress
    assert progress.booked_amounts == booked
    assert any(booked[2] in remark and "amounts" in remark for remark in progress.remarks)
    assert harness.record("main-100354").progress.booked_amounts == ()
