"""The certificate of a period: what was read back from the accounting system, invoice by invoice, beside the source.

A certificate is written once and never changed: its id and hash follow from its content. What a person is shown as
standing in the books comes from one, and says when it was read; everything else is "reported".
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from worker.domain.identity import canonical_json
from worker.domain.invoice_period import StoredCertificate
from worker.domain.money import ZERO

#: Format of the document, part of its content: a later one may hold more.
FORMAT = 1


class Verdict(StrEnum):
    """What the comparison of one invoice came to."""

    #: Stands once, and every field that was compared is the source's.
    EQUAL = "equal"
    #: Stands once, and a field is not the source's.
    DIFFERS = "differs"
    #: Should stand, and is neither under its number nor under its reference, looked up in two ways.
    MISSING = "missing"
    #: Stands more than once.
    TWICE = "more-than-once"
    #: A voucher that is not as it was posted: somebody has changed it since.
    EDITED = "edited-by-hand"
    #: Something that is not ours carries its number, and ours does not stand.
    NUMBER_TAKEN = "number-taken-by-other"
    #: Stands although it was not exported: it failed, or was left out.
    UNEXPECTED = "not-expected"
    #: No answer, or too fresh to be seen everywhere: an outage or a lag is never absence.
    UNREAD = "cannot-be-read"
    #: Failed or on its way, and nothing of it stands, as it must be.
    NOT_EXPORTED = "not-exported"
    #: Left out on purpose, and nothing of it stands, as it must be.
    LEFT_OUT = "left-out"


#: Verdicts that are work for a person, unless somebody has accepted the difference.
DIFFERENCES = frozenset(
    {Verdict.DIFFERS, Verdict.MISSING, Verdict.TWICE, Verdict.EDITED, Verdict.NUMBER_TAKEN, Verdict.UNEXPECTED}
)


class Part(BaseModel):
    """A part of the document: camelCase, frozen."""

    # Built at its first use: a status that shows no certificate does not wait for it.
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid", defer_build=True
    )


class FieldDifference(Part):
    """One field that differs, with both values as a person reads them."""

    field: str
    opter: str
    books: str


class Amounts(Part):
    """Count and sums on one side."""

    invoices: int = 0
    net: Decimal = ZERO
    vat: Decimal = ZERO
    gross: Decimal = ZERO

    def plus(self, other: "Amounts", sign: int = 1) -> "Amounts":
        """Return the sum, or with ``sign`` -1 the difference."""
        return Amounts(
            invoices=self.invoices + sign * other.invoices,
            net=self.net + sign * other.net,
            vat=self.vat + sign * other.vat,
            gross=self.gross + sign * other.gross,
        )


class CurrencyTotals(Part):
    """One currency on both sides; ``difference`` is Opter's less that of the books."""

    currency: str
    opter: Amounts
    books: Amounts
    difference: Amounts


class AccountTotals(Part):
    """The net amounts of one account and VAT code in one currency, on both sides."""

    account: int
    #: Empty: no VAT code.
    vat_code: str
    currency: str
    opter: Decimal
    books: Decimal
    difference: Decimal


class Acceptance(Part):
    """A difference that a person has accepted: it holds for exactly what was seen then."""

    by: str
    why: str
    #: ISO 8601, UTC.
    at: str
    #: What was accepted; see ``Finding.digest``.
    digest: str


class Finding(Part):
    """The comparison of one invoice."""

    id: str
    invoice_number: int
    currency: str
    verdict: Verdict
    #: What Opter says: one invoice, or none where nothing has to stand.
    opter: Amounts
    #: What was read; None where nothing was read, or nothing stands.
    books: Amounts | None = None
    fields: tuple[FieldDifference, ...] = ()
    #: Where it stands, for a person: ``invoice 100353``, ``voucher 2026-10001 in journal 1``.
    where: str = ""
    #: What is still owed; None: not read.
    remainder: Decimal | None = None
    #: Numbers of the documents attached to it; None: not read.
    documents: tuple[int, ...] | None = None
    accepted: Acceptance | None = None

    @property
    def is_difference(self) -> bool:
        """Whether a person has to look, accepted or not."""
        return self.verdict in DIFFERENCES

    @property
    def is_open(self) -> bool:
        """Whether a person still has to look."""
        return self.is_difference and self.accepted is None

    def digest(self) -> str:
        """Return what an acceptance is bound to: the verdict and every value that differs."""
        said = [self.verdict.value, *(f"{each.field}={each.opter}|{each.books}" for each in self.fields)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


class Reading(Part):
    """What was read, and of whom."""

    #: Agreement number.
    agreement: int
    #: ``invoice`` or ``voucher``.
    method: str
    #: Calls to the accounting system that the certificate took, and its resources with the versions spoken.
    calls: int
    sources: tuple[str, ...]
    #: What was not compared, in a sentence each: PDFs that cannot be listed, accounts that were not read.
    left_out: tuple[str, ...] = ()


class Certificate(Part):
    """The whole document."""

    format: int = FORMAT
    period: str
    name: str
    export: str
    #: When reading began; ISO 8601, UTC.
    at: str
    #: Version of this program.
    version: str
    reading: Reading
    currencies: tuple[CurrencyTotals, ...] = ()
    accounts: tuple[AccountTotals, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """Number of invoices by verdict; verdicts that did not occur are left out."""
        verdicts = [finding.verdict for finding in self.findings]
        return {verdict: verdicts.count(verdict) for verdict in Verdict if verdict in verdicts}

    @property
    def differences(self) -> tuple[Finding, ...]:
        """The findings that a person still has to look at."""
        return tuple(finding for finding in self.findings if finding.is_open)

    @property
    def complete(self) -> bool:
        """Whether every invoice could be read."""
        return Verdict.UNREAD not in {finding.verdict for finding in self.findings}


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenDifference:
    """A difference of the last certificate that waits for a person."""

    period: str
    invoice_id: str
    finding: Finding


def stored(certificate: Certificate) -> StoredCertificate:
    """Return the certificate with its id and hash, ready for the store."""
    text = canonical_json(certificate.model_dump(mode="json", by_alias=True, exclude_none=True))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return StoredCertificate(
        id=f"{certificate.period}-c{sha256[:12]}",
        period=certificate.period,
        at=certificate.at,
        sha256=sha256,
        text=text,
        complete=certificate.complete,
        open_differences=len(certificate.differences),
        books=",".join(
            f"{totals.currency} {totals.books.invoices} {totals.books.gross}" for totals in certificate.currencies
        ),
    )


def outline_of(text: str) -> str:
    """Return the JSON of a certificate without its findings."""
    document = json.loads(text)
    document.pop("findings", None)
    return json.dumps(document, ensure_ascii=False)


def read_certificate(kept: StoredCertificate) -> Certificate:
    """Return the document. Raises ``ValueError`` when its text is not the one that the hash was made of."""
    if hashlib.sha256(kept.text.encode()).hexdigest() != kept.sha256:
        raise ValueError(f"certificate {kept.id} was changed after it was written")
    return Certificate.model_validate_json(kept.text)


def currency_totals(findings: Iterable[Finding]) -> tuple[CurrencyTotals, ...]:
    """Add findings up by currency; what could not be read counts on neither side."""
    sides: dict[str, tuple[Amounts, Amounts]] = {}
    for finding in findings:
        if finding.verdict is Verdict.UNREAD:
            continue
        opter, books = sides.get(finding.currency, (Amounts(), Amounts()))
        sides[finding.currency] = opter.plus(finding.opter), books.plus(finding.books or Amounts())
    return tuple(
        CurrencyTotals(currency=currency, opter=opter, books=books, difference=opter.plus(books, -1))
        for currency, (opter, books) in sorted(sides.items())
    )
