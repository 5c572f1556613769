"""The one agreement that an export may write to."""

from config.exports import ExportConfig
from worker.domain.reasons import failure
from worker.domain.store_port import PinPort
from worker.economic.reasons import EconomicReason
from worker.errors import Misconfigured


def accept_agreement(export: ExportConfig, pins: PinPort, seen: int) -> None:
    """Refuse an agreement that is not the export's own: the one in the exports file, else that of its first use.

    Raises ``Misconfigured``, which pauses the export, and ``StoreUnavailable``.
    """
    expected = export.agreement or pins.pin(export.name, seen)
    if expected == seen:
        return
    bound = (
        f"the exports file names {expected}"
        if export.agreement
        else f"it has written to {expected} since its first use"
    )
    text = f"The tokens of export {export.name} open agreement {seen}, but {bound}."
    raise Misconfigured(failure(EconomicReason.AGREEMENT_MISMATCH, text, field="grant_token", value=str(seen)))
