"""The mapping of a format: a TOML file that says which column or code of the sender is which field of ours."""

import tomllib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from worker.domain.reasons import EventReason
from worker.intake.event_errors import EventRefused, broken_rules, refused

#: Largest mapping or stylesheet, in bytes.
MOST_BYTES = 1 << 20
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(_Table):
    """How a CSV or XLSX file is written."""

    #: ``auto``: by byte order mark, else UTF-8 where all bytes are, else Windows-1252.
    encoding: Literal["auto", "utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15"] = "auto"
    #: ``auto``: the one of ``;``, tab, ``|`` and ``,`` that the first line has most of.
    delimiter: Literal["auto", ";", ",", "\t", "|"] = "auto"
    #: The decimal sign of amounts; the other one may group thousands. Cells of XLSX are numbers already.
    decimal: Literal[",", "."] = ","
    #: How dates may be written, in strptime's letters; the first that fits counts.
    dates: tuple[Words, ...] = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y")
    #: Whether credit notes (``invoiceType``) have negative amounts, as here, or positive ones, whose sign is turned.
    credit_notes: Literal["negative", "positive"] = "negative"
    #: Name of the sheet; none: the first.
    sheet: Words | None = None


class AccountRule(_Table):
    """The sales account of lines that have all that is named; the first rule that fits counts."""

    account: Words
    #: The seller's number of the item (``SellersItemIdentification``).
    item: Words | None = None
    #: The buyer's accounting cost (``AccountingCost``).
    cost: Words | None = None
    #: VAT category (``S``, ``Z``, ``E``, ``AE``, ``K``, ``G``, ``O``), or OIOUBL's name of it.
    category: Words | None = None
    #: VAT percentage.
    rate: Decimal | None = None
    #: ``line``, or an ``allowance`` or ``charge`` on the whole invoice.
    kind: Literal["line", "allowance", "charge"] | None = None


class VatRule(_Table):
    """Opter's VAT code of lines of a category and, where it matters, a rate."""

    code: str
    category: Words
    rate: Decimal | None = None


class Ubl(_Table):
    """What a Peppol or OIOUBL invoice does not say, and the accounts need."""

    accounts: tuple[AccountRule, ...] = ()
    vat_codes: tuple[VatRule, ...] = ()
    #: Days from invoice date to due date where the file has no due date; none: such an invoice is refused.
    payment_days: Annotated[int, Field(ge=0, le=366)] | None = None
    #: What stands before Opter's number in the document's own (``DK-`` in ``DK-100353``).
    number_prefix: Annotated[str, StringConstraints(max_length=40)] = ""
    #: Which of the buyer's identities is Opter's customer code.
    customer_code: Literal["party", "endpoint", "company"] = "party"


class Mapping(_Table):
    """A whole mapping file."""

    table: Table = Table()
    #: Field (``invoiceNumber``, ``customer.code``, ``line.net``) = the column's name.
    columns: dict[Words, Words] = Field(default_factory=dict)
    #: Field = the value that every invoice or line has.
    constants: dict[Words, str] = Field(default_factory=dict)
    #: Field = table of the sender's value = ours.
    values: dict[Words, dict[str, str]] = Field(default_factory=dict)
    ubl: Ubl = Ubl()


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises ``EventRefused`` with everything that is wrong in it, ``OSError``."""
    if path.stat().st_size > MOST_BYTES:
        raise refused(EventReason.MAPPING_INVALID, f"{path.name}: a mapping has at most {MOST_BYTES} bytes.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeError:
        raise refused(EventReason.MAPPING_INVALID, f"{path.name}: not TOML in UTF-8.") from None
    return read_mapping(text, path.name)


def read_mapping(text: str, name: str) -> Mapping:
    """Return the mapping that a text is; ``name`` is what errors call it. Raises ``EventRefused``."""
    try:
        return Mapping.model_validate(tomllib.loads(text))
    except ValidationError as error:
        problems = broken_rules(error, within=name)
        raise EventRefused([replace(each, reason=EventReason.MAPPING_INVALID) for each in problems]) from None
    except (ValueError, RecursionError) as error:
        # The parser names line and column; it quotes no value.
        raise refused(EventReason.MAPPING_INVALID, f"{name}: not TOML in UTF-8: {error}.") from None
