"""The haulier's customers in Opter: most are in the sandbox's agreement, some are new, one fits twice."""

from worker.domain.invoice import Customer
from worker.economic.mapping.vat_zones import code_of
from worker.sandbox.seed_customers import BARRED, customers
from worker.sandbox.state import Json

#: Customers 1001 and up are Danish, 1051 to 1056 foreign, 1059 and 1060 the two that share a company number.
_FOREIGN = range(1051, 1057)
#: The customer that fits twice, and the card that should not carry the company number.
AMBIGUOUS, DEPARTMENT = 1059, 1060
_CODES = {"England": "GB", "Schweiz": "CH"}
_NEW = (
    "Skagen Is & Vand ApS", "Thy Trælast A/S", "Mors Metal ApS", "Salling Såsæd A/S", "Læsø Salt ApS",
    "Fur Moler A/S", "Hals Havneservice ApS", "Rebild Rør A/S", "Jammerbugt Jern ApS", "Vendsyssel Vinduer A/S",
)  # fmt: skip


def known() -> list[Customer]:
    """Return Danish customers that are in e-conomic. Every third has no ledger number and is found by its CVR."""
    every = {number: body for number, body in customers() if number < BARRED}
    return [_customer(number, body, store=number % 3 != 0) for number, body in every.items()]


def foreign() -> list[Customer]:
    """Return customers in the EU and beyond."""
    return [_customer(number, body, store=True) for number, body in customers() if number in _FOREIGN]


def ambiguous() -> Customer:
    """Return the customer whose company number two cards in e-conomic have."""
    return next(_customer(number, body, store=False) for number, body in customers() if number == AMBIGUOUS)


def new() -> list[Customer]:
    """Return customers that e-conomic has never heard of; every other one gets its number from e-conomic."""
    return [
        Customer(
            code=f"N{n:02}",
            ledger_number=2001 + n if n % 2 else None,
            name=name,
            corporate_id=str(98_000_000 + 41 * n),
            email=f"faktura{2001 + n}@example.com",
            address=f"Havnegade {n + 1}",
            zip="9990",
            city="Skagen",
            country="DK",
        )
        for n, name in enumerate(_NEW)
    ]


def _customer(number: int, body: Json, *, store: bool) -> Customer:
    country = str(body["country"])
    return Customer(
        code=f"K{number}",
        ledger_number=number if store else None,
        name=body["name"],
        corporate_id=body.get("corporateIdentificationNumber"),
        vat_number=body.get("vatNumber"),
        address=body["address"],
        zip=body["zip"],
        city=body["city"],
        country=_CODES.get(country) or code_of(country),
    )
