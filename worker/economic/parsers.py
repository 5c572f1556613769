"""e-conomic's JSON as values. False booleans and zero numbers may be absent from its bodies (measured)."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, DecimalException
from typing import Any, NoReturn

from worker.economic.mapping.master_data import (
    Account,
    AccountingPeriod,
    AccountingYear,
    EconomicCustomer,
    Journal,
    PaymentTerms,
    Product,
    ProductGroup,
    VatAccount,
    ZoneAccount,
)

Json = Mapping[str, Any]
#: ``vatTypeNumber`` of VAT on purchases (e-conomic REST docs, VAT accounts).
_PURCHASE = 2
#: Digits of the longest number that is believed. ``1e999999999`` is valid JSON, and its digits would fill the memory.
_MOST_DIGITS = 60
#: What reading a body of another shape than expected raises.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, DecimalException)


def parse_json(body: bytes) -> Any:
    """Return the parsed body, None for an empty one. Raises ``ValueError`` when it is not usable JSON.

    Every fraction is a ``Decimal``: money never passes through a float.
    """
    if not body.strip():
        return None
    try:
        parsed = _DECODER.decode(body.decode(json.detect_encoding(body)))
        # Half of a surrogate pair can be escaped in JSON but written to no store.
        return _without_surrogates(parsed) if b"\\ud" in body.lower() else parsed
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _whole(literal: str) -> int:
    return int(literal) if len(literal) <= _MOST_DIGITS else _refuse(literal)


def _fraction(literal: str) -> Decimal:
    if len(literal) > _MOST_DIGITS:
        return _refuse(literal)
    try:
        number = Decimal(literal)
    except ArithmeticError:
        return _refuse(literal)
    if "e" not in literal and "E" not in literal:  # it has no more digits than the literal
        return number
    exponent = number.as_tuple().exponent
    unfolds = not isinstance(exponent, int) or abs(exponent) > _MOST_DIGITS
    return _refuse(literal) if unfolds else number


def _refuse(literal: str) -> NoReturn:
    raise ValueError(f"{literal[:20]} is not a number that can be used")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(inner) for key, inner in value.items()}
    return [_without_surrogates(inner) for inner in value] if isinstance(value, list) else value


_DECODER = json.JSONDecoder(parse_float=_fraction, parse_int=_whole, parse_constant=_refuse)


def customer(body: Json) -> EconomicCustomer:
    """Read one of ``/customers``."""
    return EconomicCustomer(
        number=int(body["customerNumber"]),
        name=_text(body, "name"),
        corporate_id=_text(body, "corporateIdentificationNumber"),
        address=_text(body, "address"),
        zip=_text(body, "zip"),
        city=_text(body, "city"),
        country=_text(body, "country"),
        barred=bool(body.get("barred")),
        currency=_text(body, "currency"),
        ean=_text(body, "ean"),
        vat_number=_text(body, "vatNumber"),
        vat_zone=int((body.get("vatZone") or {}).get("vatZoneNumber") or 0) or None,
    )


def product(body: Json) -> Product:
    """Read one of ``/products``."""
    return Product(
        number=str(body["productNumber"]),
        name=_text(body, "name"),
        group=int(body["productGroup"]["productGroupNumber"]),
        barred=bool(body.get("barred")),
    )


def product_group(body: Json) -> ProductGroup:
    """Read one of ``/product-groups``; its accounts are a resource of their own."""
    return ProductGroup(number=int(body["productGroupNumber"]), name=_text(body, "name"))


def zone_account(body: Json) -> ZoneAccount | None:
    """Read one of ``/product-groups/{n}/sales-accounts``; None for a VAT zone without account."""
    account = body.get("salesAccount") or {}
    if account.get("accountNumber") is None:
        return None
    return ZoneAccount(
        zone=int(body["vatZone"]["vatZoneNumber"]),
        account=int(account["accountNumber"]),
        account_name=_text(account, "name"),
        barred=bool(account.get("barred")),
        vat_code=_text(account.get("vatAccount") or {}, "vatCode") or None,
    )


def payment_terms(body: Json) -> PaymentTerms:
    """Read one of ``/payment-terms``."""
    return PaymentTerms(
        number=int(body["paymentTermsNumber"]),
        name=_text(body, "name"),
        kind=_text(body, "paymentTermsType"),
        days=int(body.get("daysOfCredit") or 0),
    )


def vat_account(body: Json) -> VatAccount:
    """Read one of ``/vat-accounts``."""
    rate = Decimal(str(body.get("ratePercentage") or 0))
    kind = (body.get("vatType") or {}).get("vatTypeNumber")
    posted_to = (body.get("account") or {}).get("accountNumber")
    return VatAccount(
        code=str(body["vatCode"]),
        rate=rate,
        barred=bool(body.get("barred")),
        purchase=kind == _PURCHASE,
        account=None if posted_to is None else int(posted_to),
    )


def booked_rate(body: Json) -> tuple[str, Decimal]:
    """Read currency and exchange rate of one of ``/invoices/booked``; a missing rate is zero."""
    return str(body["currency"]), Decimal(str(body.get("exchangeRate") or 0))


def accounting_year(body: Json, periods: tuple[AccountingPeriod, ...]) -> AccountingYear:
    """Read one of ``/accounting-years``."""
    return AccountingYear(
        year=str(body["year"]),
        first=date.fromisoformat(body["fromDate"]),
        last=date.fromisoformat(body["toDate"]),
        closed=bool(body.get("closed")),
        periods=periods,
    )


def accounting_period(body: Json) -> AccountingPeriod:
    """Read one of ``/accounting-years/{y}/periods``; it does not say which are barred."""
    return AccountingPeriod(
        first=date.fromisoformat(body["fromDate"]),
        last=date.fromisoformat(body["toDate"]),
        closed=bool(body.get("closed")),
    )


def barred_period(body: Json) -> AccountingPeriod:
    """Read one of the accounting years service's periods; its dates are documented as times of day."""
    return AccountingPeriod(
        first=date.fromisoformat(body["dateFrom"][:10]),
        last=date.fromisoformat(body["dateTo"][:10]),
        closed=bool(body.get("isClosed")),
        barred=bool(body.get("isBarred")),
    )


def account(body: Json) -> Account:
    """Read one of ``/accounts``."""
    return Account(
        number=int(body["accountNumber"]),
        name=_text(body, "name"),
        kind=_text(body, "accountType"),
        barred=bool(body.get("barred")),
        blocked=bool(body.get("blockDirectEntries")),
    )


def journal(body: Json) -> Journal:
    """Read one of ``/journals``."""
    settings = body.get("settings") or {}
    return Journal(
        number=int(body["journalNumber"]),
        name=_text(body, "name"),
        restricted_to=_text(settings, "entryTypeRestrictedTo"),
        series=_series(settings.get("voucherNumbers")),
    )


def _series(body: Any) -> tuple[int, int] | None:
    """Without it numbers are left to e-conomic, so one that cannot be read is no error."""
    if not isinstance(body, Mapping):
        return None
    first, last = body.get("minimumVoucherNumber"), body.get("maximumVoucherNumber")
    return (first, last) if isinstance(first, int) and isinstance(last, int) else None


def _text(body: Json, key: str) -> str:
    value = body.get(key)
    return "" if value is None else str(value)
