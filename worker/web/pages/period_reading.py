"""What a period's page says beyond its own records: its last certificate in full, and numbers that never came."""

from collections.abc import Iterator, Sequence

from worker.domain.certificate import Certificate, read_certificate
from worker.domain.identity import invoice_id_of
from worker.domain.invoice_period import PeriodRecord
from worker.domain.number_series import NumberRecord, NumberSeries, Span, number_series
from worker.domain.record import InvoiceRecord
from worker.web.services import Services

#: Numbers between those of a period that are looked for in the store, one by one; `series` knows no such bound.
_MOST = 200


def certificate_of(services: Services, period: PeriodRecord) -> Certificate | None:
    """Return the last certificate; None when there is none, or when its text is not what was kept."""
    kept = services.certificates.certificate(period.certificate.id) if period.certificate else None
    try:
        return read_certificate(kept) if kept else None
    except ValueError:
        return None


def numbers_missing(services: Services, period: PeriodRecord, records: Sequence[InvoiceRecord]) -> Sequence[Span]:
    """Return the numbers between those of the period that no period has brought and nobody has explained."""
    export = services.exports.get(period.export)
    by_type = export is not None and export.invoice_series == "by-type"
    numbers = [
        NumberRecord(
            id=record.id,
            number=record.invoice_number,
            invoice_type=record.invoice_type,
            region=record.region,
            state=record.state,
            outcome=record.outcome,
        )
        for record in records
    ]
    explained = services.series.explanations(period.export)
    every = number_series(numbers, by_type=by_type, explanations=explained)
    return [span for series in every for gap in series.gaps for span in _unknown(services, period.export, series, gap)]


def _unknown(services: Services, export: str, series: NumberSeries, gap: Span) -> Iterator[Span]:
    """Yield what of a gap is not in another period; a wide one as it is, as it is another series, or a mistake."""
    if gap.count > _MOST:
        yield gap
        return
    first: int | None = None
    for number in range(gap.first, gap.last + 2):
        known = number > gap.last or services.store.invoice(
            invoice_id_of(export, series.region, number, series=series.series)
        )
        if known and first is not None:
            yield Span(first=first, last=number - 1, status=gap.status)
            first = None
        elif not known and first is None:
            first = number
