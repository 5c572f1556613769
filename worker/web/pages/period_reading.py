"""What a period's page says beyond its own invoices: its last certificate, and numbers that never came."""

from collections.abc import Sequence
from itertools import groupby

from worker.domain.certificate import Certificate, read_certificate
from worker.domain.invoice_period import PeriodRecord
from worker.domain.number_series import NumberRecord, Span, number_series
from worker.domain.record import State
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


def numbers_missing(services: Services, period: PeriodRecord) -> Sequence[Span]:
    """Return the numbers between those of the period that no period has brought and nobody has explained."""
    export = services.exports.get(period.export)
    by_type = export is not None and export.invoice_series == "by-type"
    explained = services.series.explanations(period.export)
    missing: list[Span] = []
    for before, gaps in groupby(services.index.gap_numbers(period.id), key=lambda gap: gap[0]):
        spans = [(first, last) for _, first, last in gaps]
        known = _neighbour(services, before, spans[0][0] - 1)
        for first, last in spans:
            edges = [_at(known, number) for number in (first - 1, last + 1)] if known else []
            every = number_series(edges, by_type=by_type, explanations=explained)
            missing += [gap for series in every for gap in series.gaps]
    return missing


def _neighbour(services: Services, before: str, number: int) -> NumberRecord | None:
    """Return an invoice of the series whose ids begin so: it tells region and type of those that are missing."""
    record = services.store.invoice(f"{before}-{number}")
    if record is None:
        return None
    return NumberRecord(
        id=record.id,
        number=number,
        invoice_type=record.invoice_type,
        region=record.region,
        state=record.state,
        outcome=record.outcome,
    )


def _at(known: NumberRecord, number: int) -> NumberRecord:
    """Return a number of the same series."""
    return NumberRecord(
        id="", number=number, invoice_type=known.invoice_type, region=known.region, state=State.EXPORTED, outcome=None
    )
