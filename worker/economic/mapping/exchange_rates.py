"""The exchange rate to send: Opter's, if it can be one of its currency.

A rate is a price of 100 units (e-conomic REST docs, drafts). Senders write 1 when they have none, or the price of one
unit; either books a fraction of the amount, and booking is for ever. So a rate is held against the one that e-conomic
booked last in the currency, else against a rough one; e-conomic's API shows no list of its rates of the day.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.money import OERE
from worker.domain.reasons import invalid
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.reasons import SetUpReason
from worker.errors import InvalidInvoice

#: e-conomic takes six decimals of a rate, per 100 units.
_STEP = Decimal("0.000001")
_PAR = Decimal(100)
#: Rates that a sender writes when it has none.
_STOPGAPS = frozenset({Decimal(1), _PAR})
#: Units for one euro, rounded averages of 2024 (European Central Bank, euro foreign exchange reference rates): good
#: enough to see a rate that is a hundred times wrong, and believed within a factor of two only.
# fmt: off
_PER_EURO = {
    "EUR": "1", "DKK": "7.46", "SEK": "11.4", "NOK": "11.6", "ISK": "149", "GBP": "0.847", "USD": "1.08",
    "CHF": "0.953", "PLN": "4.31", "CZK": "25.1", "HUF": "395", "RON": "4.97", "BGN": "1.96", "JPY": "164",
    "CNY": "7.79", "CAD": "1.48", "AUD": "1.64",
}
# fmt: on
_ROUGHLY = Decimal(2)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Expected:
    lowest: Decimal
    highest: Decimal
    #: What it follows from.
    source: str


def exchange_rate(
    invoice: Invoice, export: ExportConfig, master_data: MasterData
) -> tuple[Decimal | None, tuple[str, ...]]:
    """Return the rate to send, per 100 units, and remarks; None: e-conomic's rate of the day.

    A rate on an invoice in the base currency is left out. Raises ``InvalidInvoice`` for one that cannot be right.
    """
    ours, base = invoice.exchange_rate, master_data.base_currency
    if invoice.currency == base:
        remark = f"exchangeRate: {ours} left out, as {base} is the base currency"
        return None, (remark,) if ours not in {None, _PAR} else ()
    if ours is None:
        _check_implied(invoice, export, master_data)
        return None, ()
    rate = ours.quantize(_STEP, rounding=ROUND_HALF_UP) if 0 < ours < 10**9 else ours
    if rate <= 0 or rate >= 10**9:
        raise _refused(invoice, f"Exchange rate {ours} for {invoice.currency} is not a price of 100 units.")
    _check_plausible(invoice, rate, export, master_data)
    _check_base_amount(invoice, rate, base)
    return rate, (f"exchangeRate: {ours} rounded to {rate}",) if rate != ours else ()


def needs_booked_rates(invoice: Invoice, base_currency: str) -> bool:
    """Whether this invoice's rate is held against what was booked last."""
    stated = invoice.exchange_rate is not None or invoice.gross_in_base_currency is not None
    return stated and invoice.currency != base_currency


def _check_plausible(invoice: Invoice, rate: Decimal, export: ExportConfig, master_data: MasterData) -> None:
    band = export.booking.rate_band
    if not band:
        return
    expected = _expected(invoice.currency, band, master_data)
    if expected is None:
        if rate in _STOPGAPS:
            raise _refused(invoice, f"Exchange rate {rate} for {invoice.currency} looks like one that stands for none.")
    elif not expected.lowest <= rate <= expected.highest:
        text = (
            f"Exchange rate {rate} for 100 {invoice.currency} cannot be right: {expected.source}, so it is expected "
            f"between {expected.lowest.quantize(OERE)} and {expected.highest.quantize(OERE)} "
            f"{master_data.base_currency}."
        )
        raise _refused(invoice, text)


def _expected(currency: str, band: Decimal, master_data: MasterData) -> _Expected | None:
    """A booked rate counts unless it is itself far from the rough one: a wrong one must not make right ones wrong."""
    rough = _rough(currency, master_data.base_currency)
    around = None
    if rough:
        text = f"it is roughly {rough.quantize(OERE)}"
        around = _Expected(lowest=rough / _ROUGHLY, highest=rough * _ROUGHLY, source=text)
    booked = master_data.booked_rates.get(currency)
    if booked is None or (around and not around.lowest <= booked <= around.highest):
        return around
    share = band / 100
    text = f"e-conomic booked {currency} last at {booked}"
    return _Expected(lowest=booked * (1 - share), highest=booked * (1 + share), source=text)


def _rough(currency: str, base_currency: str) -> Decimal | None:
    if currency not in _PER_EURO or base_currency not in _PER_EURO:
        return None
    return _PAR * Decimal(_PER_EURO[base_currency]) / Decimal(_PER_EURO[currency])


def _check_base_amount(invoice: Invoice, rate: Decimal, base_currency: str) -> None:
    """Compare Opter's own amount in the base currency, to the øre that rounding each line may cost."""
    stated = invoice.gross_in_base_currency
    if stated is None:
        return
    computed = (invoice.gross * rate / _PAR).quantize(OERE, rounding=ROUND_HALF_UP)
    if abs(computed - stated) > OERE * (len(invoice.lines) + 1):
        text = (
            f"Opter has {stated} {base_currency} for {invoice.gross} {invoice.currency}, but exchange rate {rate} "
            f"gives {computed}."
        )
        raise _refused(invoice, text)


def _check_implied(invoice: Invoice, export: ExportConfig, master_data: MasterData) -> None:
    """Without a rate, Opter's amount in the base currency says which one it used."""
    stated = invoice.gross_in_base_currency
    if stated is not None and invoice.gross:
        _check_plausible(invoice, (stated / invoice.gross * _PAR).quantize(_STEP), export, master_data)


def _refused(invoice: Invoice, text: str) -> InvalidInvoice:
    stated = invoice.exchange_rate is not None
    field = "exchangeRate" if stated else "grossInBaseCurrency"
    value = invoice.exchange_rate if stated else invoice.gross_in_base_currency
    return invalid(SetUpReason.EXCHANGE_RATE_INVALID, text, field=field, value=value)
