"""Periods to plan: customers and exports that the sandbox's standard agreement can take."""

from support.harness import EXPORT
from support.samples import customer, invoice, line

from config.export_schema import Codes, Voucher
from worker.domain.invoice import Invoice

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
NEW = customer(code="NEW-1", ledger_number=None, corporate_id="88000005", name="Ny Vognmand ApS")
NUMBERED = customer(code="NEW-2", ledger_number=7001, corporate_id=None, name="Nummer 7001 A/S")
#: 1059 and 1060 carry this corporate id in the sandbox.
TWICE = customer(code="K1059", ledger_number=None, corporate_id="99000643", name="To Ens ApS")
VOUCHERS = EXPORT.model_copy(
    update={
        "method": "voucher",
        "codes": Codes(tax_rates={"M25": "U25", "M0": ""}),
        "voucher": Voucher(clearing_account=5990, rounding_account=4990, book=True),
    }
)


def period() -> list[Invoice]:
    """Known and new customers, with and without VAT, a credit note before its invoice: nothing is wrong with any."""
    return [
        invoice(line("1000.00"), customer=KNOWN, invoice_number=100353),
        invoice(line("99.99"), line("20.00", account="3012", rate="0.00"), customer=NEW, invoice_number=100354),
        invoice(line("-500.00", account="3020"), customer=NEW, invoice_number=100355, credits_invoice_number=100356),
        invoice(line("500.00", account="3020"), customer=NEW, invoice_number=100356),
        invoice(line("7.00"), customer=NUMBERED, invoice_number=100357),
    ]
