"""Finding what a person means: a period by id or by Opter's name, dead letters by period and reason."""

from collections.abc import Sequence

from worker.cli.error_output import WrongUsage
from worker.cli.views.reasons import codes, known
from worker.domain.invoice_period import PeriodRecord
from worker.domain.record import InvoiceRecord, State
from worker.domain.store_port import OperatorPort


def find_period(store: OperatorPort, text: str) -> PeriodRecord:
    """Return the period with this id, or with this name in Opter. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    found = store.period(text)
    if found:
        return found
    named = [period for period in store.periods() if period.name.casefold() == text.casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(period.id for period in named)
        raise WrongUsage(f"Several periods are called {text!r}.", f"Name one of them by its id: {ids}.")
    raise WrongUsage(f"There is no period {text!r}.", "`opter-economic status` lists all periods.")


def dead_letters(store: OperatorPort, period: str | None, reason: str | None) -> list[InvoiceRecord]:
    """Return dead invoices of a period and a reason, or of all. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    if reason is not None and not known(reason):
        raise WrongUsage(f"There is no reason code {reason!r}.", f"The codes are: {', '.join(codes())}.")
    period_id = find_period(store, period).id if period else None
    records = store.invoices(period_id, State.DEAD)
    return [one for one in records if reason is None or (one.failure and one.failure.reason == reason)]


def find_invoice(store: OperatorPort, invoice_id: str) -> InvoiceRecord:
    """Return one invoice with its history. Raises ``WrongUsage`` and ``StoreUnavailable``."""
    found = store.invoice(invoice_id)
    if found is None:
        example = "Ids look like main-100353: the export's name, then Opter's invoice number."
        raise WrongUsage(f"There is no invoice {invoice_id!r} in the ledger.", example)
    return found


def missing(store: OperatorPort, invoice_ids: Sequence[str]) -> list[str]:
    """Return those ids that the ledger does not know. Raises ``StoreUnavailable``."""
    return [one for one in invoice_ids if store.invoice(one) is None]
