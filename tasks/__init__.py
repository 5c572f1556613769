"""The Celery tasks: an id in, and out what Flower shows of it. What they do stands in ``worker``."""

from config.names import AGREEMENT_TASK, EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK
from tasks.outcomes import SHOWN_QUIETLY, Shown, show_check, show_invoice
from worker.app import app, lifecycle

__all__ = ["check_agreement", "check_period", "export_invoice", "reconcile_period"]


@app.task(name=EXPORT_TASK, **SHOWN_QUIETLY)  # type: ignore[untyped-decorator]  # Celery ships no types
def export_invoice(invoice_id: str) -> Shown:
    """Export one invoice; every outcome is recorded in the store before it is shown."""
    with lifecycle.using() as runtime:
        return show_invoice(invoice_id, runtime.export_invoice(invoice_id))


@app.task(name=PREFLIGHT_TASK, **SHOWN_QUIETLY)  # type: ignore[untyped-decorator]  # Celery ships no types
def check_period(period_id: str) -> Shown:
    """Check a period before its first write; every outcome is recorded in the store before it is shown."""
    with lifecycle.using() as runtime:
        return show_check(period_id, runtime.check_period(period_id))


@app.task(name=RECONCILE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def reconcile_period(period_id: str) -> None:
    """Read a period back from e-conomic; its certificate is kept in the store."""
    with lifecycle.using() as runtime:
        runtime.reconcile_period(period_id)


@app.task(name=AGREEMENT_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def check_agreement(agreement_id: str) -> None:
    """Check an export's agreement as a whole; what was found is kept in the store and shown."""
    with lifecycle.using() as runtime:
        runtime.check_agreement(agreement_id)
