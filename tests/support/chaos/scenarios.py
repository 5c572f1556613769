"""The exports that the crash matrix plays: what is in e-conomic before, what comes in, and how it must end."""

from dataclasses import dataclass
from datetime import UTC, datetime

from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.sandbox.resources.voucher_view import view, voucher_url
from worker.sandbox.state import Agreement

KNOWN = customer(corporate_id=None)
NEW = customer(code="N-1", ledger_number=7001, corporate_id="88000005")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One invoice and its end."""

    name: str
    invoice: Invoice
    export: ExportConfig = EXPORT
    #: ``booked``, ``drafted``, ``voucher`` (in a journal), ``voucher-booked``, ``dead`` (nothing is left in e-conomic).
    ends: str = "booked"
    new_customers: int = 0
    new_products: int = 0
    #: Seconds until a new voucher can be read.
    lag: float = 0.0
    #: Seconds until listings show what was created.
    listing_lag: float = 0.0
    #: What happens to listings while they are read: ``delete`` or ``front`` (see the sandbox's switches), ``journal``.
    shifting: str = ""
    #: Items on a page then: two are too few to overlap.
    page: int = 2

    def harness(self, seed: int = 1) -> Harness:
        """Return an installation that has taken the invoice in."""
        harness = Harness(self.export, seed=seed)
        harness.sandbox.agreement.switches.voucher_lag = self.lag
        harness.sandbox.agreement.switches.listing_lag = self.listing_lag
        if self.shifting:
            shift_pages(harness.sandbox.agreement, self.shifting, self.page)
        self.close(harness)
        return harness

    def close(self, harness: Harness) -> None:
        """Have the invoice's period come in."""
        harness.close_period(self.printed(harness, self.invoice))

    def printed(self, harness: Harness, invoice: Invoice) -> Invoice:
        """Return the invoice with a PDF where there must be one."""
        return harness.pdf_fixtures.printed(invoice) if self.with_pdf else invoice

    @property
    def with_pdf(self) -> bool:
        """Whether the printed invoice is to be attached."""
        return self.ends.startswith("voucher")


def shift_pages(agreement: Agreement, how: str, page: int = 2) -> None:
    """Let listings shift while they are read, so that a single reading misses ours.

    A bookkeeper's vouchers fill the first page of the only journal; then one of them is deleted, or ours is put to the
    front. Or there are two journals, and ours moves from the second to the first, which was read before.
    """
    daily, switches = agreement.journals[1], agreement.switches
    agreement.journals = {1: daily}
    if how == "journal":
        agreement.journals[2] = daily | {"journalNumber": 2, "self": f"{daily['self'].removesuffix('1')}2"}
        switches.journal_moves = 3
        return
    for number in range(1, page + 1):
        key = (1, "2026", number)
        agreement.vouchers[key] = view(key, {"financeVouchers": []})
        agreement.born[voucher_url(key)] = datetime.min.replace(tzinfo=UTC)
    switches.largest_page, switches.shift_by, switches.shifts = page, "delete" if how == "delete" else "front", 3


def _booking(**changes: object) -> ExportConfig:
    return EXPORT.model_copy(update={"booking": EXPORT.booking.model_copy(update=changes)})


def _voucher(**changes: object) -> ExportConfig:
    return VOUCHER_EXPORT.model_copy(update={"voucher": VOUCHER_EXPORT.voucher.model_copy(update=changes)})


#: Two accounts, one of them without VAT: the voucher method joins them by the clearing account.
_TWO_ACCOUNTS = invoice(line(), line("99.99", account="3012", rate="0.00"), customer=KNOWN)

#: Listings that show nothing of what was created for a while: the longest is the bound that is believed of e-conomic.
LISTED_LATE = tuple(
    Scenario(
        name=f"{ends}, listed {lag:g} s late",
        invoice=invoice(customer=KNOWN),
        export=export,
        ends=ends,
        listing_lag=lag,
    )
    for lag in (8.0, 90.0, 600.0)
    for ends, export in (("booked", _booking(numbers="economic")), ("voucher", VOUCHER_EXPORT))
)

#: Vouchers beside others, in listings that a person changes between two of their pages, or between two journals.
SHIFTING = tuple(
    Scenario(
        name=f"voucher while pages{' that overlap' if page > 2 else ''} shift by {how}",
        invoice=invoice(customer=KNOWN),
        export=VOUCHER_EXPORT.model_copy(update={"journal": 2 if how == "journal" else 1}),
        ends="voucher",
        shifting=how,
        page=page,
    )
    for how, page in (("delete", 2), ("front", 2), ("delete", 5), ("front", 5), ("journal", 2))
)

SCENARIOS = (
    Scenario(name="known customer", invoice=invoice(customer=KNOWN)),
    Scenario(name="new customer", invoice=invoice(customer=NEW), new_customers=1),
    Scenario(name="new product", invoice=invoice(line(account="3012", rate="0.00"), customer=KNOWN), new_products=1),
    Scenario(
        name="credit note",
        invoice=invoice(line("-100.00"), line("-20.00", account="3012", rate="0.00"), customer=KNOWN),
        new_products=1,
    ),
    Scenario(name="booking off", invoice=invoice(customer=KNOWN), export=_booking(book=False), ends="drafted"),
    Scenario(name="numbers by e-conomic", invoice=invoice(customer=KNOWN), export=_booking(numbers="economic")),
    # Three lines of 0.10 carry 0.03 each, rounded line by line; e-conomic rounds 25 % of 0.30 once: 0.09 against 0.08.
    Scenario(
        name="totals differ",
        invoice=invoice(*(line("0.10", vat="0.03") for _ in range(3)), customer=KNOWN),
        ends="dead",
    ),
    Scenario(name="voucher with PDF", invoice=invoice(customer=KNOWN), export=VOUCHER_EXPORT, ends="voucher"),
    Scenario(
        name="voucher of a new customer, booked",
        invoice=invoice(line("-100.00"), customer=NEW),
        export=_voucher(book=True),
        ends="voucher-booked",
        new_customers=1,
    ),
    Scenario(
        name="voucher over the clearing account, booked",
        invoice=_TWO_ACCOUNTS,
        export=_voucher(book=True),
        ends="voucher-booked",
    ),
    Scenario(
        name="voucher that is read 20 s late", invoice=_TWO_ACCOUNTS, export=VOUCHER_EXPORT, ends="voucher", lag=20.0
    ),
)
