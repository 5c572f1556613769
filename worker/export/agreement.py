"""An export writes to one agreement for good: a wrong token must not put invoices into another company's books."""

from config.exports import Export
from worker.errors import Misconfigured
from worker.invoicing.ports import PinPort
from worker.invoicing.reasons import Reason, failure


def accept_agreement(export: Export, pins: PinPort, seen: int) -> None:
    """Refuse an agreement that is not the export's own: the one in the exports file, else that of its first use.

    Raises ``Misconfigured``, which pauses the export, and ``LedgerDown``.
    """
    expected = export.agreement or pins.pin(export.name, seen)
    if expected != seen:
        raise Misconfigured(
            failure(Reason.AGREEMENT_MISMATCH, _told(export, expected, seen), field="grant_token", value=str(seen))
        )


def _told(export: Export, expected: int, seen: int) -> str:
    bound = (
        f"the exports file names {expected}"
        if export.agreement
        else f"it has written to {expected} since its first use"
    )
    return f"The tokens of export {export.name} open agreement {seen}, but {bound}."
