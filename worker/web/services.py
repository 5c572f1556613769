"""What the pages work with, built once per process."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from config.exports import ExportConfig
from config.settings_sections import Metrics, Web
from config.targets import non_production_targets
from worker.domain.reconcile_ports import CertificatePort, SeriesPort
from worker.domain.store_port import OperatorPort
from worker.dry_run.planner import Planner
from worker.intake.queue import EventQueueOperator
from worker.store.sessions import RedisSessions


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """Store, event queue, sessions, and what asks e-conomic."""

    settings: Web
    exports: Mapping[str, ExportConfig]
    store: OperatorPort
    certificates: CertificatePort
    series: SeriesPort
    events: EventQueueOperator
    sessions: RedisSessions
    #: Opens what asks e-conomic for an export, by reading alone.
    planner: Callable[[ExportConfig], AbstractContextManager[Planner]]
    #: Figures of the installation for Prometheus, as text; only for who shows ``metrics.token``.
    figures: Callable[[], bytes]
    metrics: Metrics
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]

    @property
    def elsewhere(self) -> Mapping[str, str]:
        """Export -> address of those that do not go to e-conomic itself."""
        return non_production_targets(self.exports)
