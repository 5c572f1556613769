"""Agreements checked once a day: what has changed there is said before the next period is exported."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from config.names import agreement_id
from config.settings_sections import Agreements
from worker.domain.agreement import AgreementState, Shape
from worker.domain.reasons import failure
from worker.domain.reconcile_ports import AgreementPort
from worker.economic.agreement import AgreementReader
from worker.economic.mapping.agreement_check import (
    clock_check,
    rights_checks,
    service_checks,
    shape_checks,
    version_checks,
)
from worker.economic.mapping.setup_check import Check, check_setup
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, Failure, Misconfigured, Refused
from worker.workflow.context import ExportContext

log = structlog.get_logger()

#: Seconds after which a check that was begun and brought no result is begun again.
_LEASE = 900.0
#: Seconds between two looks whether one is due.
_LOOK_EVERY = 60.0


def agreement_checks(
    context: ExportContext, reader: AgreementReader, before: Mapping[str, Shape]
) -> tuple[tuple[Check, ...], Mapping[str, Shape]]:
    """Return the checks of an agreement as a whole, and the shapes of its answers. Raises what reading raises."""
    rights, shapes = reader.rights(), reader.shapes()
    checks = (
        *rights_checks(context.export, rights),
        *service_checks(reader.services()),
        *shape_checks(before, shapes),
        clock_check(context.economic.clock_gap(), context.clock_gap),
    )
    return checks, shapes


def known_shapes(before: Mapping[str, Shape], now: Mapping[str, Shape]) -> Mapping[str, Shape]:
    """Return what is known of each resource after another reading."""
    both = {path: before[path].and_then(shape) if path in before else shape for path, shape in now.items()}
    return {**before, **both}


@dataclass(kw_only=True, slots=True)
class AgreementWatch:
    """Checks the agreements of the exports that this process serves."""

    store: AgreementPort
    settings: Agreements
    contexts: Mapping[str, ExportContext]
    readers: Mapping[str, AgreementReader]
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    _looked_at: float = field(default=float("-inf"))

    def due(self) -> list[tuple[str, str]]:
        """Return (message id, export) of the agreements to be checked now, each once. Raises ``StoreUnavailable``."""
        now = self.clock()
        if not self.settings.check_hours or now - self._looked_at < _LOOK_EVERY:
            return []
        self._looked_at = now
        return [(agreement_id(name), name) for name in self.contexts if self.store.claim_agreement(name, lease=_LEASE)]

    def run(self, export: str) -> AgreementState | None:
        """Check an agreement, keep the result and write the canonical log line; None when there was no answer.

        Raises ``StoreUnavailable``, and what this program was not written for.
        """
        began, context = time.monotonic(), self.contexts[export]
        last = self.store.agreement_state(export)
        before = last.shapes if last else {}
        try:
            with context.metered() as usage:
                failures, shapes = self._found(context, self.readers[export], before)
        except ExportError as error:
            log.warning("agreement_check", export=export, result="deferred", reason=error.failure.reason)
            return None
        state = AgreementState(at=context.clock(), failures=failures, shapes=known_shapes(before, shapes))
        self.store.keep_agreement(export, state, again_in=self.settings.check_hours * 3600)
        for each in failures:
            log.warning("agreement_differs", export=export, why=each.description, next_step=each.next_step)
        log.info(
            "agreement_check",
            export=export,
            result="differs" if failures else "as it was",
            differences=len(failures),
            http_calls=usage.calls,
            ms=round((time.monotonic() - began) * 1000),
        )
        return state

    def look(self, export: str, *, accept: bool = False) -> tuple[Check, ...]:
        """Return the check of an agreement for whoever asks; ``accept``: what is there now is expected from now on.

        Raises what reading raises, and ``StoreUnavailable``.
        """
        context, last = self.contexts[export], self.store.agreement_state(export)
        before = last.shapes if last and not accept else {}
        reader = self.readers[export]
        checks, shapes = agreement_checks(context, reader, before)
        checks = (*checks, *version_checks(reader.further_versions()))
        if accept:
            state = AgreementState(at=context.clock(), shapes=shapes)
            self.store.keep_agreement(export, state, again_in=0.0)  # the whole check follows by itself
        return checks

    def _found(
        self, context: ExportContext, reader: AgreementReader, before: Mapping[str, Shape]
    ) -> tuple[tuple[Failure, ...], Mapping[str, Shape]]:
        """Return what is wrong, the set-up included, as far as the exports file names Opter's chart; and the shapes.

        An agreement that may not be read is what is wrong; raises what else reading raises.
        """
        export = context.export
        try:
            master_data = context.economic.master_data(frozenset(export.codes.sales_accounts))
            checks, shapes = agreement_checks(context, reader, before)
        except (Misconfigured, Refused) as error:
            return (error.failure,), {}
        today = datetime.fromtimestamp(context.clock(), UTC).date()
        every = (*check_setup(export, master_data, (), today=today), *checks)
        return tuple(_failure(export.name, check) for check in every if not check.ok), shapes


def _failure(export: str, check: Check) -> Failure:
    text = f"{check.item}: {check.found}. {check.next_step.replace('NAME', export)}"
    return failure(EconomicReason.AGREEMENT_DIFFERS, text.strip(), field=check.item)
