"""Who a debtor is: company ids by country, EAN/GLN and names in their normal form, and what they prove of two parties.

Check digits and shapes are those of python-stdnum, which cites each register. A mark whose check digit is wrong is a
typing error as often as not: it never proves by itself that two parties are one, but it may show that they are two.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from stdnum import ean
from stdnum.ch import uid
from stdnum.dk import cvr
from stdnum.exceptions import ValidationError
from stdnum.fi import ytunnus
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish
from stdnum.util import get_cc_module


class Proof(Enum):
    """What the marks of two parties say of them."""

    #: A mark with right check digits is the same, and none contradicts.
    SAME = "same"
    #: A mark is the same, but its check digit is wrong: the names have to agree as well.
    LIKELY = "likely"
    #: Both have a mark of one kind, and it differs: two debtors.
    OTHER = "other"
    #: They have no mark of one kind in common.
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """An id by which a register tells debtors apart."""

    #: Whose register: an ISO country (its company or VAT number), ``GLN``, or ``XX other`` for a shape not known.
    scheme: str
    #: The id as the register writes it, without spaces and prefix.
    value: str
    #: Whether its check digits are right.
    certain: bool

    @property
    def comparable(self) -> bool:
        """Whether another id of this scheme is another debtor; one of unknown shape may be the same, respelt."""
        return not self.scheme.endswith(" other")


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """A debtor as one of the two systems describes it."""

    marks: tuple[Mark, ...]
    gln: Mark | None
    #: See ``normal_form``.
    name: str
    #: Name, address, zip, city and country in normal form; compared as a whole.
    card: tuple[str, ...]
    #: Fields whose content is no identity, as remarks: never their values.
    remarks: tuple[str, ...] = ()

    @property
    def card_complete(self) -> bool:
        """Whether name, address, zip and city are all there: less could be somebody else."""
        return all(self.card[:4])


@lru_cache(maxsize=1024)  # each invoice asks several times, of the same words
def party(  # noqa: PLR0913  # what either system says of a debtor
    *,
    name: str,
    corporate_id: str | None,
    vat_number: str | None,
    gln: str | None,
    address: str | None,
    zip_code: str | None,
    city: str | None,
    country: str,
    home: str = "DK",
) -> Party:
    """Return a debtor from raw texts; ``country`` is an ISO code, and empty means ``home``."""
    land = country or home
    found = {
        "customer.corporateId": (corporate_id, mark_of(corporate_id or "", land)),
        "customer.vatNumber": (vat_number, mark_of(vat_number or "", land)),
    }
    number = _gln(gln or "")
    marks = tuple(dict.fromkeys(mark for _, mark in found.values() if mark))
    return Party(
        marks=marks,
        gln=number,
        name=normal_form(name),
        card=(*map(normal_form, (name, address or "")), _zip(zip_code or ""), normal_form(city or ""), land),
        remarks=(
            *(text for field, (raw, mark) in found.items() for text in _remarks(field, raw, mark)),
            *_remarks("customer.ean", gln, number),
        ),
    )


def compare(ours: Party, theirs: Party) -> Proof:
    """Return what the marks of two parties say: id and GLN together name a debtor.

    A party may have two marks of one scheme (a Danish company has SE numbers for VAT beside its CVR number); it is
    another only when each side has one that the other lacks.
    """
    mine, others = _by_scheme(ours), _by_scheme(theirs)
    common = [(mine[scheme], others[scheme]) for scheme in mine.keys() & others.keys()]
    if any(left - right and right - left and all(mark.comparable for mark in left) for left, right in common):
        return Proof.OTHER
    equal = [mark for left, right in common for mark in left & right]
    if any(mark.certain for mark in equal):
        return Proof.SAME
    return Proof.LIKELY if equal else Proof.UNKNOWN


def _by_scheme(one: Party) -> dict[str, set[Mark]]:
    marks = (*one.marks, *([one.gln] if one.gln else []))
    return {mark.scheme: {other for other in marks if other.scheme == mark.scheme} for mark in marks}


def visible(text: str) -> str:
    """Return a text without characters that take no room: zero width spaces, soft hyphens, marks of direction.

    They come along when a text is copied from a web page or a document, and nobody sees them.
    """
    return text if text.isascii() else "".join(mark for mark in text if unicodedata.category(mark) != "Cf")


def normal_form(text: str) -> str:
    """Return a name as it is compared: Unicode form, letter case, spacing, punctuation, and å written as aa aside.

    Characters that take no room are none.
    """
    folded = unicodedata.normalize("NFKC", visible(text)).casefold().replace("å", "aa")
    return " ".join(re.sub(r"[^\w/&+]+", " ", folded).split())


def mark_of(text: str, country: str) -> Mark | None:
    """Return the id that a text is, read as its country writes it; None when it is no identity (a filler, words)."""
    compact = re.sub(r"[^A-Z0-9]", "", unicodedata.normalize("NFKC", text).upper())
    compact = _LABELS.sub("", compact)
    land = country
    prefix = _PREFIX.match(compact)
    if prefix and prefix[1] in _PREFIXES and sum(map(str.isdigit, prefix[2])) >= _LEAST_DIGITS:
        land, compact = _PREFIXES[prefix[1]], prefix[2]
    if _is_filler(compact):
        return None
    return _read(compact, land) or Mark(scheme=f"{land} other", value=compact, certain=False)


#: Words that people write before a number.
_LABELS = re.compile(
    r"^(CVRNUMMER|CVRNR|CVR|ORGNUMMER|ORGNR|ORG|ORGANISATIONSNUMMER|MOMSNR|MOMS|VATNUMBER|VATNO|VATNR|VAT|USTIDNR|USTID|YTUNNUS)"
    r"(?=[A-Z0-9]*\d)"
)
_PREFIX = re.compile(r"([A-Z]{2})([A-Z0-9]+)")
#: Digits that follow a country's letters in a VAT number; HRB 1234 is a court's number, not a Croatian one.
_LEAST_DIGITS = 6
# fmt: off
_PREFIXES: Mapping[str, str] = {
    "EL": "GR", "GR": "GR", "XI": "GB",
    **{code: code for code in (
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "HR", "HU", "IE", "IS", "IT",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    )},
}
# fmt: on
#: Country -> shape of its company number, whose first group is the number itself. VAT numbers there are made from it.
_SHAPES = {
    "DK": re.compile(r"(\d{8})"),
    "SE": re.compile(r"(?:16)?(\d{10})(?:01)?"),
    "NO": re.compile(r"(\d{9})(?:MVA)?"),
    "FI": re.compile(r"(\d{8})"),
    "CH": re.compile(r"E?(\d{9})(?:MWST|TVA|IVA|TPV)?"),
}
_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "DK": cvr.is_valid,
    "SE": swedish.is_valid,
    "NO": norwegian.is_valid,
    "FI": ytunnus.is_valid,
    "CH": lambda digits: bool(uid.is_valid(f"CHE{digits}")),
}


def _read(compact: str, land: str) -> Mark | None:
    shape = _SHAPES.get(land)
    if shape:
        found = shape.fullmatch(compact)
        return Mark(scheme=land, value=found[1], certain=bool(_CHECKS[land](found[1]))) if found else None
    module = get_cc_module(land.lower(), "vat")
    if module is None:
        return None
    try:
        return Mark(scheme=land, value=str(module.validate(compact)), certain=True)
    except ValidationError:
        return None


def _is_filler(compact: str) -> bool:
    """Zeros, one digit repeated, words: whoever has no number is given one of these."""
    digits = re.sub(r"\D", "", compact)
    return len(compact) < 4 or len(set(digits)) < 2  # noqa: PLR2004  # shorter than any register's numbers; no two digits


def _gln(text: str) -> Mark | None:
    compact = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    if len(compact) != 13 or len(set(compact)) < 2:  # noqa: PLR2004  # GS1 General Specifications: a GLN has 13 digits
        return None
    return Mark(scheme="GLN", value=compact, certain=bool(ean.is_valid(compact)))


def _zip(text: str) -> str:
    """Return the zip code without the country that some write before it."""
    return re.sub(r"^[a-z]{1,3} ?(?=\d)", "", normal_form(text))


def _remarks(field: str, raw: str | None, mark: Mark | None) -> Iterator[str]:
    if not (raw or "").strip():
        return
    if mark is None:
        yield f"{field}: no number that identifies anybody, so it was not used to find the customer"
    elif mark.comparable and not mark.certain:
        yield f"{field}: its check digit is wrong, so it does not identify the customer by itself"
