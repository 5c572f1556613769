"""What the pages work with, built once per process."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from config.cells import store_name
from config.exports import ExportConfig
from config.settings_sections import Metrics, Web
from config.sign_in_section import SignIn
from config.targets import non_production_targets
from worker.domain.access import Action, Rights
from worker.domain.approval import ApprovalPort
from worker.domain.desk_ports import PeriodIndexPort
from worker.domain.period_hold import PeriodHoldPort
from worker.domain.store_port import OperatorPort
from worker.dry_run.planner import Planner
from worker.intake.queue import EventQueueOperator
from worker.store.sessions import RedisSessions
from worker.web.installation import Installation
from worker.web.openid import OpenId
from worker.web.scoped import (
    Certificates,
    ScopedApprovals,
    ScopedCertificates,
    ScopedEvents,
    ScopedIndex,
    ScopedLog,
    ScopedSeries,
    ScopedStore,
    SeenLog,
    Series,
)
from worker.web.scoped_batches import Batches, Causes, ScopedBatches, ScopedCauses
from worker.web.scoped_holds import ScopedHolds
from worker.web.users import LocalUsers
from worker.workflow.invoice_reading import InvoiceReader
from worker.workflow.probe import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """Store, event queue, sessions, and what asks e-conomic."""

    settings: Web
    exports: Mapping[str, ExportConfig]
    store: OperatorPort
    causes: Causes
    batches: Batches
    index: PeriodIndexPort
    #: What persons did.
    actions: ScopedLog
    certificates: Certificates
    series: Series
    events: EventQueueOperator
    sessions: RedisSessions
    sign_in: SignIn
    users: LocalUsers
    approvals: ApprovalPort
    #: Periods that wait for a second person.
    holds: PeriodHoldPort
    #: Sign-in at an OpenID Connect provider; None: not set.
    openid: OpenId | None
    #: Opens what asks e-conomic for an export, by reading alone.
    planner: Callable[[ExportConfig], AbstractContextManager[Planner]]
    #: Opens what asks e-conomic about causes.
    probe: Callable[[ExportConfig], AbstractContextManager[Probe]]
    #: Opens what reads single invoices in e-conomic for a person.
    reader: Callable[[ExportConfig], AbstractContextManager[InvoiceReader]]
    #: Seconds after which a cause that was asked about is asked about again by itself.
    first_pause: float
    #: Figures of the installation for Prometheus, as text; only for who shows ``metrics.token``.
    figures: Callable[[], bytes]
    metrics: Metrics
    installation: Installation
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Names of stores that do not answer, and whose exports are left out of what is shown.
    away: Callable[[], Sequence[str]] = tuple

    @property
    def exports_away(self) -> Mapping[str, Sequence[str]]:
        """Store -> its exports, of stores that do not answer."""
        away = self.away()
        return {store: [name for name, it in self.exports.items() if store_name(it) == store] for store in away}

    @property
    def elsewhere(self) -> Mapping[str, str]:
        """Export -> address of those that do not go to e-conomic itself."""
        return non_production_targets(self.exports)

    @property
    def four_eyes(self) -> bool:
        """Whether anything may need a second person."""
        return bool(self.sign_in.four_eyes) or any(export.four_eyes for export in self.exports.values())

    def seen_by(self, rights: Rights) -> "Services":
        """Return what a person with these rights works with: nothing of another export is in it."""
        causes = ScopedCauses(self.causes, rights)
        return replace(
            self,
            exports={name: export for name, export in self.exports.items() if rights.may(Action.SEE, name)},
            store=ScopedStore(self.store, rights),
            causes=causes,
            batches=ScopedBatches(self.batches, causes, rights),
            index=ScopedIndex(self.index, rights),
            actions=SeenLog(self.actions, rights),
            certificates=ScopedCertificates(self.certificates, rights),
            series=ScopedSeries(self.series, rights),
            events=ScopedEvents(self.events, rights),
            approvals=ScopedApprovals(self.approvals, rights),
            holds=ScopedHolds(self.holds, rights),
        )
