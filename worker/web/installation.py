"""What the pages of health and set-up ask of the installation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.exports import ExportConfig
from worker.domain.broker_look import BrokerLook
from worker.domain.notices import ChannelState
from worker.domain.ports import AgreementRate
from worker.domain.store_look import StoreLook
from worker.reconcile.setup_report import SetupReport
from worker.runtime.connecting import Connector


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """Redis, the broker, Flower, and each export's agreement."""

    #: Asks e-conomic for the whole set-up of an export, by reading alone. Raises ``StoreUnavailable``.
    setup: Callable[[ExportConfig], SetupReport]
    #: By export: what its workers know of the calls to its agreement; None: none for two days.
    rates: Callable[[], Mapping[str, AgreementRate | None]]
    #: What Redis says of itself. Raises ``StoreUnavailable``.
    redis: Callable[[], Mapping[str, Any]]
    #: How the stores are that exports name.
    stores: Callable[[], Sequence[StoreLook]]
    #: How the broker of Celery's messages is; None when it is that Redis.
    broker: Callable[[], BrokerLook | None]
    #: Connects exports to agreements.
    connector: Connector
    #: Where Flower is, for a link.
    flower_url: str
    #: Seconds beyond which e-conomic's clock and Redis' are too far apart to create anything.
    clock_gap: float
    #: How the channels are by which people are told, and others in which something waits. Raises ``StoreUnavailable``.
    channels: Callable[[], Sequence[ChannelState]]
    #: Whether Redis must keep what it has answered.
    require_durability: bool
