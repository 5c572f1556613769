"""The standard agreement's customers: invented names, and company numbers from a range that no Danish company has."""

from collections.abc import Iterator

from worker.sandbox.state import Json

FIRST, BARRED = 1001, 1050
NAMES = (
    "Aalbæk", "Bjergby", "Claustrup", "Dalgård", "Egebjerg", "Fuglsang", "Grønhøj", "Hjortdal", "Ingstrup", "Jernved",
)  # fmt: skip
TRADES = ("Tømrerfirma ApS", "Maskinfabrik A/S", "Byggemarked A/S", "Fisk & Skaldyr ApS", "Møbler I/S")
TOWNS = (
    ("9000", "Aalborg"),
    ("8000", "Aarhus C"),
    ("5000", "Odense C"),
    ("7100", "Vejle"),
    ("6700", "Esbjerg"),
    ("4600", "Køge"),
    ("9850", "Hirtshals"),
)
#: Name, country, VAT number, zone, currency.
FOREIGN = (
    ("Svea Åkeri AB", "Sverige", "SE559900100401", 2, "SEK"),
    ("Nordsee Spedition GmbH", "Tyskland", "DE999000111", 2, "EUR"),
    ("Waterweg Transport B.V.", "Holland", "NL999000111B01", 2, "EUR"),
    ("Fjellfrakt AS", "Norge", "", 3, "NOK"),
    ("Humber Haulage Ltd", "England", "", 3, "GBP"),
    ("Alpentrans AG", "Schweiz", "", 3, "EUR"),
)
DOMESTIC_TERMS = (11, 12, 13, 21)


def customers() -> Iterator[tuple[int, Json]]:
    """Yield (customer number, body).

    1001 to 1050 are Danish, the last of them barred; 1051 to 1053 in the EU, 1054 to 1056 abroad; 1057 exempt from VAT;
    1058 with due dates of its own; 1059 and 1060 share one company number.
    """
    for index in range(50):
        name = f"{NAMES[index % len(NAMES)]} {TRADES[index // len(NAMES)]}"
        yield FIRST + index, _danish(index, name) | ({"barred": True} if FIRST + index == BARRED else {})
    for index, row in enumerate(FOREIGN, start=50):
        yield FIRST + index, _foreign(*row)
    yield 1057, _danish(56, "Kystens Friskole") | {"vatZone": {"vatZoneNumber": 4}}
    yield 1058, _danish(57, "Koldbro Kommunale Depot") | {"paymentTerms": {"paymentTermsNumber": 31}}
    yield 1059, _danish(58, "Lindholm Handel A/S")
    yield 1060, _danish(58, "Lindholm Handel A/S, afdeling Vejle")


def with_check_digit(seven: int) -> str | None:
    """Return a CVR number of eight digits; None where no check digit fits (modulus 11, as python-stdnum has it)."""
    weighted = sum(int(digit) * weight for digit, weight in zip(str(seven), (2, 7, 6, 5, 4, 3, 2), strict=True))
    check = -weighted % 11
    return f"{seven}{check}" if check < 10 else None  # noqa: PLR2004  # a single digit


#: Numbers of a range that is not in use, with right check digits.
_CVR_NUMBERS = [number for seven in range(9_900_000, 9_900_080) if (number := with_check_digit(seven))]


def _danish(index: int, name: str) -> Json:
    zip_code, city = TOWNS[index % len(TOWNS)]
    own = {
        "name": name,
        "address": f"Industrivej {index + 1}",
        "zip": zip_code,
        "city": city,
        "country": "Danmark",
        "email": f"faktura{FIRST + index}@example.com",
        "corporateIdentificationNumber": _CVR_NUMBERS[index],
    }
    return own | _terms(21, 1, "DKK", DOMESTIC_TERMS[index % len(DOMESTIC_TERMS)])


def _foreign(name: str, country: str, vat_number: str, zone: int, currency: str) -> Json:
    numbered = {"vatNumber": vat_number, "corporateIdentificationNumber": vat_number} if vat_number else {}
    own = {"name": name, "address": "Havnevej 1", "zip": "1000", "city": "Havneby", "country": country}
    return own | numbered | _terms(22, zone, currency, 13)


def _terms(group: int, zone: int, currency: str, terms: int) -> Json:
    return {
        "customerGroup": {"customerGroupNumber": group},
        "vatZone": {"vatZoneNumber": zone},
        "currency": currency,
        "paymentTerms": {"paymentTermsNumber": terms},
    }
