"""What differs between the methods in the demo: the event, the causes and how they are mended, and the comparison."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from worker.local.demo.compare_invoices import reconcile
from worker.local.demo.compare_vouchers import Posting, reconcile_vouchers
from worker.local.demo.comparison import Comparison
from worker.local.demo.folder import JOURNAL, Method
from worker.local.demo.sample import EXPORT, MISSING_ACCOUNT, Sample, sample
from worker.local.demo.sample_customers import DEPARTMENT
from worker.local.demo.sample_vouchers import TAX_RATES, print_invoices, voucher_sample
from worker.local.demo.sandbox_state import Control
from worker.sandbox.seed import CLEARING

Told: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """One method's story."""

    sample: Sample
    #: What to know of the export beforehand: name and value.
    facts: tuple[tuple[str, str], ...] = ()
    #: Does what the failed invoices ask for, telling each thing; the corrected invoice is sent by the story.
    mend: Callable[[Control, Told], None]
    #: The agreement's content and the sandbox's findings -> the comparison with what Opter sent last.
    reconcile: Callable[[Mapping[str, Any], Sequence[str]], Comparison]


def scenario(method: Method, printed: Path) -> Scenario:
    """Return the story of a method; PDFs that are in time are written to the folder ``printed``."""
    return _vouchers(printed) if method == "voucher" else _invoices()


def _invoices() -> Scenario:
    period = sample()
    return Scenario(
        sample=period,
        mend=_mend_invoices,
        reconcile=lambda state, findings: reconcile(period.final, state, export=EXPORT, findings=findings),
    )


def _mend_invoices(control: Control, told: Told) -> None:
    told(f"e-conomic: create product group 67 {MISSING_ACCOUNT!r} with its sales accounts")
    control.put("product_groups", "67", {"name": MISSING_ACCOUNT})
    for zone, account in ((1, 3010), (2, 3110), (3, 3210), (4, 3310)):
        control.put("sales_accounts", f"67-{zone}", account)
    _tell_cards_apart(control, told)


def _vouchers(printed: Path) -> Scenario:
    whole = voucher_sample(printed)
    period, late = whole.sample, whole.late
    print_invoices([one for one in period.invoices if one not in late], printed)
    how = Posting(export=EXPORT, journal=JOURNAL, clearing=CLEARING, tax_rates=TAX_RATES)

    def mend(control: Control, told: Told) -> None:
        told(f"e-conomic: create account {MISSING_ACCOUNT} 'Kranløft'")
        control.put("accounts", MISSING_ACCOUNT, {"name": "Kranløft", "accountType": "profitAndLoss"})
        _tell_cards_apart(control, told)
        told(f"Opter: the {len(late)} invoices that the printer was late with are in {printed.name}/ now")
        print_invoices([*late, period.corrected], printed)

    return Scenario(
        sample=period,
        facts=(("Method", f"vouchers in journal {JOURNAL} over clearing account {CLEARING}, PDFs from {printed}"),),
        mend=mend,
        reconcile=lambda state, findings: reconcile_vouchers(period.final, state, how, findings=findings),
    )


def _tell_cards_apart(control: Control, told: Told) -> None:
    told(f"e-conomic: take the company number off card {DEPARTMENT}, which is a mere department")
    control.put("customers", str(DEPARTMENT), {"corporateIdentificationNumber": ""})
