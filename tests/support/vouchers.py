"""The sample agreement and export by the voucher method, and what e-conomic makes of a voucher.

3010, 3012 and 3020 are sales accounts; 5990 clears, 4990 takes roundings; 3000 is a heading, 3099 barred, 5600 blocked.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from support import samples
from support.sandbox_calls import send

from config.export_schema import Codes, Voucher
from config.exports import ExportConfig
from worker.economic.mapping.master_data import Account, MasterData, VatAccount
from worker.sandbox.resources.links import linked
from worker.sandbox.resources.postings import postings
from worker.sandbox.resources.voucher_schema import entries_of
from worker.sandbox.seed import CLEARING, DEBTORS, VAT_PAYABLE, standard_agreement
from worker.sandbox.state import Agreement

#: VAT code -> rate in percent. Denmark has one rate; 22 % is a seldom-terminating one: 22/122.
RATES = {"U25": "25", "U12": "12", "U22": "22", "U0": "0"}
#: Opter's codes for the same.
TAX_RATES = {"M25": "U25", "M12": "U12", "M22": "U22", "M0": "U0", "FREE": ""}


def export(**voucher: Any) -> ExportConfig:
    """Return the export ``main`` by the voucher method; keywords change its table ``voucher``."""
    chosen = {"clearing_account": 5990, "rounding_account": 4990} | voucher
    return samples.export(method="voucher", codes=Codes(tax_rates=TAX_RATES), voucher=Voucher(**chosen))


def reference(**changes: Any) -> MasterData:
    """Return the master data of the sample agreement, with accounts and VAT codes."""
    accounts = (
        *(Account(number=number, name=f"Salg {number}", kind="profitAndLoss") for number in (3010, 3012, 3020)),
        Account(number=4990, name="Øreafrunding", kind="profitAndLoss"),
        Account(number=5990, name="Mellemregning", kind="status"),
        Account(number=3000, name="OMSÆTNING", kind="heading"),
        Account(number=3099, name="Gammel", kind="profitAndLoss", barred=True),
        Account(number=5600, name="Debitorer", kind="status", blocked=True),
    )
    codes = tuple(VatAccount(code=code, rate=Decimal(rate)) for code, rate in RATES.items())
    return samples.reference(**({"accounts": accounts, "vat_accounts": codes} | changes))


def agreement() -> Agreement:
    """Return the sandbox's agreement with the sample's VAT codes."""
    made = standard_agreement()
    for code, rate in RATES.items():
        account = linked("accountNumber", VAT_PAYABLE, "accounts")
        made.vat_accounts[code] = {"vatCode": code, "name": code, "ratePercentage": Decimal(rate), "account": account}
    return made


def booked(payload: dict[str, Any], on: Agreement) -> dict[str, Decimal]:
    """Return what the sandbox makes of a voucher: what is owed, VAT by code, each account's change.

    Keys: ``owed``, ``vat``, ``vat U25`` (a code's VAT), ``3010`` (an account's change; a credit is negative).
    """
    [voucher] = send(on, "POST", "/journals/1/vouchers", payload).body
    sums: defaultdict[str, Decimal] = defaultdict(lambda: Decimal("0.00"))
    for _, entry in entries_of(voucher):
        contra: dict[str, Any] = entry.get("contraVatAccount", {})
        code = entry.get("vatAccount", contra).get("vatCode")
        for posting in postings(on, entry):
            name = {DEBTORS: "owed", VAT_PAYABLE: "vat"}.get(posting.account, str(posting.account))
            sums[name] += posting.amount
            if posting.account == VAT_PAYABLE:
                sums[f"vat {code}"] += posting.amount
    return {name: amount for name, amount in sums.items() if amount or name == str(CLEARING)}
