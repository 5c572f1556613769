"""The demo's comparison of vouchers, as the sandbox's control path shows them: it must be able to say no."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from support.samples import invoice, line

from worker.domain.invoice import Pdf
from worker.local.demo.compare_vouchers import VoucherSetup, compare_vouchers

CONTENT = b"%PDF-1.4 printed"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
SETUP = VoucherSetup(export="main", journal=1, clearing=5990, tax_rates={"M25": "U25", "M0": ""})
KEY = "1-2026-10001"
#: 1000.00 at 25 % and 80.00 without VAT: the customer owes 1250.00 + 80.00.
SOURCE = invoice(
    line("1000.00", account="3010"),
    line("80.00", account="3012", rate="0.00"),
    pdf=Pdf(url="file:///printed/100353.pdf", sha256=DIGEST, bytes=len(CONTENT)),
)
OWED = {
    "text": "Faktura 100353 [main-100353]",
    "currency": {"code": "DKK"},
    "amount": Decimal(1330),
    "amountBaseCurrency": Decimal(1330),
    "customerInvoice": 100353,
    "dueDate": SOURCE.due_date.isoformat(),
    "contraAccount": {"accountNumber": 5990},
}


def revenue(account: int, gross: str, vat: str, code: str) -> dict[str, Any]:
    """A finance entry as e-conomic keeps it: a credit is negative, its VAT too."""
    taxed = {"vatAccount": {"vatCode": code}, "vatAmount": -Decimal(vat)} if code else {}
    return {
        "currency": {"code": "DKK"},
        "amount": -Decimal(gross),
        "amountBaseCurrency": -Decimal(gross),
        "account": {"accountNumber": account},
        "contraAccount": {"accountNumber": 5990},
        **taxed,
    }


FREIGHT, FERRY = revenue(3010, "1250.00", "250.00", "U25"), revenue(3012, "80.00", "0.00", "")


def voucher(owed: Mapping[str, Any] = OWED, *credited: Mapping[str, Any], journal: int = 1) -> dict[str, Any]:
    entries = {"manualCustomerInvoices": [owed], "financeVouchers": list(credited or (FREIGHT, FERRY))}
    return {"journal": {"journalNumber": journal}, "entries": entries}


def wrong(vouchers: Mapping[str, Any], **changes: Any) -> list[str]:
    """Return what does not hold."""
    state = {"vouchers": vouchers, "attachments": {KEY: [{"sha256": DIGEST}]}, "customers": {}}
    comparison = compare_vouchers([SOURCE], state | {"drafts": {}, "booked": {}} | changes, SETUP, findings=())
    assert comparison.holds is not any(rule.wrong for rule in comparison.rules)
    return [rule.what for rule in comparison.rules if rule.wrong]


ONCE = "every invoice is one voucher in journal 1"
POST = "one open post each: Opter's gross amount, number and due date"
REVENUE = "revenue and VAT equal the source to the øre, by account and VAT code"
CLEARING = "clearing account 5990 ends at zero with every voucher"
PDF = "every printed invoice is attached, once and unchanged"


def test_all_is_well() -> None:
    """Posted once, owed and credited to the øre, printed."""
    assert wrong({KEY: voucher()}) == []


def test_a_single_posting_needs_no_account_in_between() -> None:
    """The customer's entry has the revenue as its contra account: VAT is lifted out on that side."""
    source = invoice(pdf=SOURCE.pdf)
    contra = {"contraAccount": {"accountNumber": 3010}, "contraVatAccount": {"vatCode": "U25"}}
    owed = OWED | {"amount": Decimal(1250), "contraVatAmount": Decimal(-250)} | contra
    whole = {"journal": {"journalNumber": 1}, "entries": {"manualCustomerInvoices": [owed]}}
    state = {"vouchers": {KEY: whole}, "attachments": {KEY: [{"sha256": DIGEST}]}, "customers": {}}

    comparison = compare_vouchers([source], state | {"drafts": {}, "booked": {}}, SETUP, findings=())

    assert [row.theirs for row in comparison.sums] == [(Decimal(1000), Decimal(250), Decimal(1250))]
    assert comparison.holds


@pytest.mark.parametrize(
    ("vouchers", "broken"),
    [
        ({}, [ONCE]),
        ({KEY: voucher(), "1-2026-10002": voucher()}, [ONCE, PDF]),
        ({KEY: voucher(journal=7)}, [ONCE]),
        ({KEY: voucher({name: value for name, value in OWED.items() if name != "customerInvoice"})}, [POST]),
        ({KEY: voucher(OWED | {"dueDate": "2026-11-20"})}, [POST]),
        ({KEY: voucher(OWED | {"amount": Decimal("1330.01")})}, [POST, CLEARING]),
        ({KEY: voucher(OWED, revenue(3010, "1250.00", "250.01", "U25"), FERRY)}, [REVENUE]),
        ({KEY: voucher(OWED, revenue(3010, "1250.00", "250.00", "U22"), FERRY)}, [REVENUE]),
        ({KEY: voucher(OWED, FREIGHT, revenue(3040, "80.00", "0.00", ""))}, [REVENUE]),
        ({KEY: voucher(OWED, FREIGHT)}, [REVENUE, CLEARING]),
    ],
    ids=[
        "missing", "doubled", "in another journal", "no number", "another due date", "an øre too much",
        "VAT an øre off", "another VAT code", "another account", "a posting missing",
    ],
)  # fmt: skip
def test_each_thing_that_can_be_wrong(vouchers: dict[str, Any], broken: list[str]) -> None:
    """Each fault is named, and nothing else is."""
    assert wrong(vouchers) == broken


@pytest.mark.parametrize("files", [{}, {KEY: []}, {KEY: [{"sha256": DIGEST}] * 2}, {KEY: [{"sha256": "0" * 64}]}])
def test_the_printed_invoice_is_there_once_and_unchanged(files: dict[str, Any]) -> None:
    """None, none, two, or another one."""
    assert wrong({KEY: voucher()}, attachments=files) == [PDF]


def test_an_invoice_beside_the_vouchers_is_wrong() -> None:
    """The invoice method's documents have no place in this agreement."""
    assert wrong({KEY: voucher()}, drafts={"1": {}}) == ["nothing was booked past the journal"]
