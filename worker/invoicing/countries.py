"""Countries as VAT sees them, by ISO 3166 code."""

#: Member states of the European Union (2026). Åland, Monaco, Greenland and the Faroes are not written as members.
# fmt: off
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on

#: e-conomic keeps a customer's country as free text; these spellings stand for the neighbours' codes.
_NAMES = {
    "danmark": "DK",
    "denmark": "DK",
    "sverige": "SE",
    "sweden": "SE",
    "norge": "NO",
    "norway": "NO",
    "finland": "FI",
    "suomi": "FI",
    "tyskland": "DE",
    "germany": "DE",
    "deutschland": "DE",
    "holland": "NL",
    "nederland": "NL",
    "netherlands": "NL",
    "polen": "PL",
    "poland": "PL",
    "polska": "PL",
}


def code_of(text: str) -> str:
    """Return the ISO code that a free-text country stands for; the text itself, upper case, when it is not known."""
    plain = text.strip()
    return _NAMES.get(plain.casefold(), plain.upper())
