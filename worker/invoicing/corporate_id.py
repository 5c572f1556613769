"""Corporate ids, spelt in as many ways as there are forms to fill in."""

import re
from typing import Protocol

from worker.invoicing.countries import code_of

_CVR = re.compile(r"(?:DK)?(\d{8})")


class Company(Protocol):
    """Opter's customer or e-conomic's: both say who they are in the same words."""

    @property
    def corporate_id(self) -> str | None:
        """The corporate id as somebody typed it."""

    @property
    def country(self) -> str:
        """ISO code or free text."""


def normalised(company: Company) -> str:
    """Return ``12345678`` for ``DK 12 34 56 78``; foreign ids upper case without spaces; empty when there is none."""
    cvr = _cvr(company)
    return cvr or "".join((company.corporate_id or "").upper().split())


def is_danish(company: Company) -> bool:
    """Tell whether this is a Danish CVR number, whose spelling can be compared with certainty."""
    return bool(_cvr(company))


def spellings(company: Company) -> tuple[str, ...]:
    """Return how e-conomic may have stored this id: filters compare whole texts, so every usual spelling is asked."""
    cvr = _cvr(company)
    if not cvr:
        return tuple(dict.fromkeys(filter(None, ((company.corporate_id or "").strip(), normalised(company)))))
    spaced = " ".join(cvr[at : at + 2] for at in range(0, 8, 2))
    return (cvr, f"DK{cvr}", f"DK-{cvr}", f"DK {cvr}", spaced, f"DK {spaced}")


def _cvr(company: Company) -> str:
    """Eight digits are a CVR number only in Denmark: a Finnish id has eight as well."""
    plain = re.sub(r"[\s.\-]", "", company.corporate_id or "").upper()
    found = _CVR.fullmatch(plain)
    danish = plain.startswith("DK") or code_of(company.country) in {"DK", ""}
    return found[1] if found and danish else ""
