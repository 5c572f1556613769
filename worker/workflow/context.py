"""Where the invoices of one export are worked on: its settings, its agreement, the ledger and the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from config.exports import ExportConfig
from worker.domain.ports import PdfSource
from worker.domain.store_port import ExportPort
from worker.economic.port import EconomicVouchers
from worker.workflow.lease_renewal import LeaseRenewal, no_renewal
from worker.workflow.voucher_scan_cache import VoucherScanCache


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportContext:
    """Everything that the export of one invoice needs besides its record."""

    export: ExportConfig
    economic: EconomicVouchers
    store: ExportPort
    #: Where the printed invoices come from.
    pdfs: PdfSource
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Part of every idempotency key: a copy of this installation must not share keys with it.
    environment: str
    #: Keeps leases while e-conomic, or the wait for its tokens, takes longer than they last.
    lease_renewal: LeaseRenewal = no_renewal
    #: Seconds that a key is trusted to be remembered; below e-conomic's hour (e-conomic REST docs, Idempotency).
    key_memory: float = 55 * 60.0
    #: Seconds between the two looks that must both find nothing before something is created anew.
    second_lookup: float = 60.0
    #: Looks over all vouchers, shared by the invoices of this process.
    voucher_scans: VoucherScanCache = field(default_factory=VoucherScanCache)

    def for_type(self, invoice_type: str) -> "ExportContext":
        """Return the desk for invoices of one type, with what the exports file says of it."""
        return replace(self, export=self.export.for_type(invoice_type))
