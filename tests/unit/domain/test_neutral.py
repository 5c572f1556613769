"""The domain knows no accounting system."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import worker.domain

DOMAIN = Path(worker.domain.__file__).parent
#: Opter's own term for dimensions on a line; the event's field is named after it.
OPTERS_OWN = re.compile(r"economic[ _]?units", re.IGNORECASE)
#: The system by name, its addresses, and names that only its API gives to properties.
REMOTE = {
    "name": re.compile(r"e[-_ ]?conomic|visma", re.IGNORECASE),
    "endpoint": re.compile(
        r"/(?:accounts|accounting-years|currencies|customers?|customer-groups|entries|invoices?|journals?|layouts"
        r"|payment-terms|products?|product-groups|self|vat-accounts|vat-zones|vouchers?)(?![\w-])"
    ),
    "property": re.compile(
        r"\b(?:bookedInvoiceNumber|bookWithNumber|contraAccount|contraVatAccount|corporateIdentificationNumber"
        r"|customerGroup|draftInvoice|draftInvoiceNumber|entryTypeRestrictedTo|financeVouchers|grossAmount"
        r"|journalNumber|layoutNumber|manualCustomerInvoices?|netAmount|paymentTerms|paymentTermsType|productGroup"
        r"|productNumber|references\.other|sortKey|telephoneAndFaxNumber|textLine1|unitNetPrice|vatAccount|vatAmount"
        r"|vatZone|voucherNumber)\b"
    ),
    "header": re.compile(r"X-AppSecretToken|X-AgreementGrantToken", re.IGNORECASE),
}


def mentions(text: str) -> Iterator[str]:
    """Yield ``line number, kind: what`` for everything in the text that belongs to an accounting system."""
    for number, line in enumerate(OPTERS_OWN.sub("", text).splitlines(), start=1):
        for kind, pattern in REMOTE.items():
            yield from (f"{number} {kind}: {found[0]}" for found in pattern.finditer(line))


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("*.py")), ids=lambda path: path.name)
def test_no_file_of_the_domain_mentions_the_accounting_system(path: Path) -> None:
    """Another accounting system would need another adapter and not a word of the domain."""
    assert list(mentions(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("#: e-conomic's customer number", ["1 name: e-conomic"]),
        ("from worker.economic.mapping.master_data import Document", ["1 name: economic"]),
        ('EVENT = "refused-by-economic"', ["1 name: economic"]),
        ("def send(self) -> EconomicCustomer:", ["1 name: Economic"]),
        ('path = "/invoices/drafts"', ["1 endpoint: /invoices"]),
        ("path = f'/customers/{number}'", ["1 endpoint: /customers"]),
        ("POST /journals/1/vouchers", ["1 endpoint: /journals", "1 endpoint: /vouchers"]),
        ('GET "/products"', ["1 endpoint: /products"]),
        ('body["draftInvoiceNumber"]', ["1 property: draftInvoiceNumber"]),
        ("a filter on ``references.other``", ["1 property: references.other"]),
        ("economic_units: dict[str, str]", []),
        ('Opter\'s "economic units", in the event ``economicUnits``', []),
    ],
)
def test_a_mention_is_found(line: str, found: list[str]) -> None:
    """The search itself: names, modules, addresses and properties are found, Opter's economic units are not."""
    assert list(mentions(line)) == found
