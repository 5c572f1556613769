"""The Celery tasks: an id in, nothing out. What they do stands in ``worker``."""

from config.names import EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK
from worker.app import app, lifecycle

__all__ = ["check_period", "export_invoice", "reconcile_period"]


@app.task(name=EXPORT_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def export_invoice(invoice_id: str) -> None:
    """Export one invoice; every outcome is recorded in the store."""
    lifecycle.runtime.export_invoice(invoice_id)


@app.task(name=PREFLIGHT_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def check_period(period_id: str) -> None:
    """Check a period before its first write; every outcome is recorded in the store."""
    lifecycle.runtime.check_period(period_id)


@app.task(name=RECONCILE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def reconcile_period(period_id: str) -> None:
    """Read a period back from e-conomic; its certificate is kept in the store."""
    lifecycle.runtime.reconcile_period(period_id)
