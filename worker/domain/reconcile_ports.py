"""The store as reading back uses it: certificates and what follows from them, number series, agreements, payments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the documents are pydantic models, slow to load: `status` needs the store without them
    from worker.domain.agreement import AgreementState
    from worker.domain.attachment import PdfAttachment
    from worker.domain.certificate import Acceptance, Finding, OpenDifference
    from worker.domain.credit_match import CreditMatch
    from worker.domain.invoice_period import StoredCertificate
    from worker.domain.number_series import Explanation, NumberRecord
    from worker.domain.payments import PaymentRun, ReportedPayments


class CertificatePort(Protocol):
    """Certificates, and the work that they leave. A certificate is written once and never changed."""

    def add_certificate(self, kept: StoredCertificate, findings: Sequence[Finding], *, claimed: str = "") -> bool:
        """Keep a certificate as the last one of its period; False when there is no such period.

        ``findings`` are its open differences: they replace those of the last one, and the period is ``differs`` while
        there are any. A certificate that is not complete changes neither. ``claimed`` is what ``claim_reconcile`` gave.
        """

    def certificates(self, period_id: str) -> Sequence[StoredCertificate]:
        """Return a period's certificates without their texts, oldest first."""

    def certificate(self, certificate_id: str) -> StoredCertificate | None:
        """Return one certificate with its text."""

    def outline(self, certificate_id: str) -> str | None:
        """Return a certificate as JSON without its findings, read without them; not for proof of what was kept."""

    def differences(self, period_id: str | None, *, most: int | None = None) -> Sequence[OpenDifference]:
        """Return what the last certificate of a period left to a person; None: of every period.

        ``most``: of a period with many, about so many of them.
        """

    def accept_difference(self, period_id: str, invoice_id: str, acceptance: Acceptance) -> bool:
        """Accept a difference as it is now, and make a new certificate due; False when there is no such difference."""

    def acceptances(self, period_id: str) -> Mapping[str, Acceptance]:
        """Return what persons have accepted, by invoice id."""

    def reconciles_due(self) -> Sequence[tuple[str, str]]:
        """Return (period id, export) of periods whose certificate is due: none of their invoices is on its way."""

    def claim_reconcile(self, period_id: str, *, lease: float) -> str | None:
        """Take a due certificate for ``lease`` seconds; None when it is not due. What comes back goes to its end."""

    def defer_reconcile(self, period_id: str, claimed: str, *, until: float) -> None:
        """Make a claimed certificate due again at ``until`` (seconds since the epoch)."""

    def save_attachment(  # noqa: PLR0913  # whose claim it is, what is known, and what the history says of it
        self, period_id: str, claimed: str, invoice_id: str, pdf: PdfAttachment, *, event: str = "", detail: str = ""
    ) -> None:
        """Write what is known of an invoice's PDF while ``claimed`` holds. Raises ``LeaseLost`` otherwise."""

    def save_credit_match(  # noqa: PLR0913  # as above
        self, period_id: str, claimed: str, invoice_id: str, match: CreditMatch, *, event: str = "", detail: str = ""
    ) -> None:
        """Write what is known of a credit note's matching while ``claimed`` holds. Raises ``LeaseLost`` otherwise."""

    def schedule_reconciles(self, night: str, *, since: float) -> None:
        """Make the certificates of all periods received since then due, once for each ``night``."""


class SeriesPort(Protocol):
    """The numbers of an export's invoices, and why some never came."""

    def numbers(self, export: str) -> Iterable[NumberRecord]:
        """Yield every invoice of an export as far as its number is concerned, each once."""

    def explanations(self, export: str) -> Sequence[Explanation]:
        """Return what persons have said of numbers that never came, in the order in which they said it."""

    def explain(self, export: str, explanation: Explanation) -> None:
        """Keep why numbers never came."""


class AgreementPort(Protocol):
    """What the checks of the exports' agreements came to."""

    def claim_agreement(self, export: str, *, lease: float) -> bool:
        """Take an export's check if it is due; whoever does not keep its result leaves it due after ``lease``."""

    def agreement_state(self, export: str) -> AgreementState | None:
        """Return what the last check came to; None before the first."""

    def keep_agreement(self, export: str, state: AgreementState, *, again_in: float) -> None:
        """Keep what a check came to; the next one is due after so many seconds."""


class PaymentsPort(Protocol):
    """What has been reported to Opter of payments, and the run that is being handed over."""

    def reported_payments(self, export: str) -> Mapping[str, ReportedPayments]:
        """Return what has been reported to Opter, by invoice id."""

    def payment_run(self, export: str) -> PaymentRun | None:
        """Return the last run; None before the first."""

    def begin_payments(self, run: PaymentRun, reported: Mapping[str, ReportedPayments]) -> bool:
        """Keep a run and what has been reported to Opter with it, at once; False when another run came first.

        It must be numbered after the last one, which must have been delivered.
        """

    def advance_payments(self, export: str, number: int, phase: str) -> None:
        """Note how far the handing over of a run has come; an older run is left alone."""
