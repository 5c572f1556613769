"""What was learnt from a file: which of its names are which of our fields, and the text that says so."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognised:
    """A column or element, and what it is taken for."""

    #: As the file writes it; of XML the path below its invoice or line.
    name: str
    #: Our field (``customer.code``, ``line.net``); empty when it is not used.
    field: str
    #: A value of it.
    example: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A mapping or stylesheet to begin with."""

    kind: Literal["mapping", "stylesheet"]
    #: The file to be written: TOML or XSLT.
    text: str
    recognised: tuple[Recognised, ...]
    #: What a person should look at, as the file leaves it open.
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Why a field is needed, and what to write when no column has it."""

    why: str
    #: In a mapping of columns.
    toml: str


#: Fields without which no invoice can be booked.
WANTED = {
    "invoiceNumber": Wanted(
        why="tells which rows are one invoice, and becomes the number in e-conomic",
        toml='under [columns]: invoiceNumber = "name of the column"',
    ),
    "invoiceDate": Wanted(
        why="decides the accounting period", toml='under [columns]: invoiceDate = "name of the column"'
    ),
    "dueDate": Wanted(
        why="tells when the customer has to pay",
        toml='under [columns]: dueDate = "name of the column"; or under [constants]: "paymentCondition.days" = "30"',
    ),
    "customer.code": Wanted(
        why="tells whose invoice it is; the one identity that every customer has in Opter",
        toml='under [columns]: "customer.code" = "name of the column"',
    ),
    "customer.name": Wanted(
        why="stands on the customer's card in e-conomic", toml='under [columns]: "customer.name" = "name of the column"'
    ),
    "line.salesAccount": Wanted(
        why="decides where the revenue is posted",
        toml='under [columns]: "line.salesAccount" = "name of the column"; or for all lines, under [constants]: '
        '"line.salesAccount" = "your account"; theirs = yours: [values."line.salesAccount"]',
    ),
    "line.vatRate": Wanted(
        why="decides the VAT, which is compared with the file's to the øre",
        toml='under [columns]: "line.vatRate" = "name of the column"; or under [constants]: "line.vatRate" = "25"',
    ),
    "line.net": Wanted(
        why="is what is posted, without VAT", toml='under [columns]: "line.net" = "name of the column"'
    ),
}  # fmt: skip
#: Fields that count as something when a file says nothing of them: worth a look, as money depends on them.
ASSUMED = {
    "currency": (
        'no column says the currency: every invoice counts as DKK. Otherwise write [constants] currency = "EUR"'
    ),
    "customer.country": (
        "no column says the customer's country: every customer counts as Danish, which decides the VAT zone. "
        'Otherwise write [columns] "customer.country" = "name of the column"'
    ),
    "invoiceType": (
        "no column says what kind a document is: all count as invoices; one with a negative total becomes a credit note"
    ),
}
