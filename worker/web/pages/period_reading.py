"""What a period's page says beyond its own invoices: its last certificate."""

from worker.domain.certificate import Certificate, read_certificate
from worker.domain.invoice_period import PeriodRecord
from worker.web.services import Services

#: Invoices up to which a certificate is read whole, and so proved to be what was kept; ``certificate`` proves any.
_PROVED_UP_TO = 2000


def certificate_of(services: Services, period: PeriodRecord) -> Certificate | None:
    """Return the last certificate; None when there is none, or when its text is not what was kept.

    That of a large period comes without its findings, which the page does not show.
    """
    if period.certificate is None:
        return None
    try:
        if period.total > _PROVED_UP_TO:
            outline = services.certificates.outline(period.certificate.id)
            return Certificate.model_validate_json(outline) if outline else None
        kept = services.certificates.certificate(period.certificate.id)
        return read_certificate(kept) if kept else None
    except ValueError:
        return None
