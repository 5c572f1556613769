"""The probe of a cause: e-conomic is asked once, for all invoices that failed for it, whether it is gone."""

from collections.abc import Callable
from dataclasses import dataclass

from worker.domain.causes import Cause, CauseAnswer, CauseState
from worker.domain.invoice import Invoice
from worker.domain.record import InvoiceRecord
from worker.economic.mapping.causes import Question, Whole, proves_nothing, question, still_there
from worker.economic.mapping.master_data import MasterData, Section
from worker.economic.mapping.period_check import grouped_accounts, needs_own_zone
from worker.errors import ExportError, Failure, InvalidInvoice
from worker.workflow.context import ExportContext
from worker.workflow.customer_proof import matching_customer
from worker.workflow.customers_and_products import own_vat_zone
from worker.workflow.requests import with_booked_rates

#: Why no call tells whether a cause is gone.
NOT_ASKABLE = "No single call to e-conomic shows whether this is gone; an export, or a person's look, does."
ONLY_REFUSED = "e-conomic shows this only when it refuses an invoice, so its answer proves nothing."


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """Asks e-conomic for one export, by reading alone."""

    context: ExportContext
    #: Reads parts of the master data that are newer than this (seconds since the epoch), each with a call or two.
    read: Callable[[frozenset[Section], float], MasterData]
    #: Asks whose token it is; raises what is wrong with it.
    check_token: Callable[[], None]

    def ask(self, cause: Cause, record: InvoiceRecord, *, since: float) -> CauseAnswer:
        """Return whether the cause is gone, by the rule that found it, for ``record``, an invoice that failed for it.

        What was read after ``since`` (seconds since the epoch) is not read again. Raises ``StoreUnavailable``.
        """
        asked, at = question(cause.failure.reason), self.context.clock()
        if asked is None:
            return CauseAnswer(state=CauseState.UNKNOWN, at=at, why=NOT_ASKABLE)
        try:
            still, proof = self._still(asked, cause.failure, Invoice.model_validate_json(record.content), since)
        except ExportError as error:
            return CauseAnswer(state=CauseState.UNKNOWN, at=at, why=error.failure.description)
        if still:
            return CauseAnswer(state=CauseState.STILL, at=at, why=still.description)
        state = CauseState.GONE if proof else CauseState.UNKNOWN
        return CauseAnswer(state=state, at=at, why="" if proof else ONLY_REFUSED)

    def token_works(self) -> Failure | None:
        """Return why the tokens are still refused, open another agreement, or cannot be tried; None: they are right."""
        try:
            self.check_token()
        except ExportError as error:
            return error.failure
        return None

    def _still(self, asked: Question, failure: Failure, invoice: Invoice, since: float) -> tuple[Failure | None, bool]:
        """Return the failure as it is now, and whether its absence would prove anything."""
        if asked.of is Whole.CUSTOMER:
            return self._customer(invoice), not failure.remote_message
        if asked.of is Whole.MASTER_DATA:
            return self._whole(failure, invoice, since)
        assert not isinstance(asked.of, Whole)  # noqa: S101  # both kinds are dealt with; mypy cannot know
        master_data = self.read(asked.of, since) if asked.of else MasterData(agreement=0)
        still = still_there(failure, invoice, self.context.export, master_data)
        return still, not proves_nothing(failure, self.context.export, master_data)

    def _whole(self, failure: Failure, invoice: Invoice, since: float) -> tuple[Failure | None, bool]:
        export, economic = self.context.export, self.context.economic
        read = economic.master_data(grouped_accounts([invoice], export), newer_than=since)
        master_data = with_booked_rates(economic, read, [invoice])
        still = still_there(failure, invoice, export, master_data)
        if still and needs_own_zone(still):
            still = still_there(failure, invoice, export, master_data, own_vat_zone(self.context, invoice))
        return still, not proves_nothing(failure, export, master_data)

    def _customer(self, invoice: Invoice) -> Failure | None:
        try:
            matching_customer(self.context, invoice.customer)
        except InvalidInvoice as question_left:
            return question_left.failure
        return None
