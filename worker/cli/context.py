"""What a command works with: read and opened at first use, so that each command needs only what it asks for."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property

from celery import Celery
from rich.console import Console

from config.errors import ConfigurationErrors
from config.exports import ExportConfig
from config.exports_file import load_exports
from config.settings import SECRETS, Settings, load_settings
from config.targets import non_production_targets
from worker.cli.error_output import WrongUsage
from worker.domain.store_port import Store
from worker.dry_run.planner import Planner
from worker.intake.queue import EventQueueOperator
from worker.intake.reading import Reader
from worker.lifecycle import Lifecycle
from worker.runtime import Runtime, connect
from worker.runtime.build import planning
from worker.runtime.runtime import event_reader
from worker.store.connection import StorePolicy
from worker.store.event_queue import RedisEventQueue
from worker.store.redis_store import RedisStore


class CommandContext:
    """The real ones. Tests derive from it and hand out their own ledger and queue."""

    def __init__(
        self, *, out: Console, err: Console, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        """``clock`` gives seconds since the epoch; ``sleep`` waits that many seconds."""
        self.out = out
        self.err = err
        self.clock = clock
        self.sleep = sleep

    @cached_property
    def settings(self) -> Settings:
        """The settings. Raises ``ConfigurationErrors``."""
        return load_settings()

    @cached_property
    def exports(self) -> Mapping[str, ExportConfig]:
        """The exports file. Raises ``ConfigurationErrors``."""
        return load_exports(self.settings.exports_file, env=os.environ, secrets=SECRETS)

    def non_production_targets(self) -> Mapping[str, str]:
        """Return export -> address of those that do not go to e-conomic; none while the exports file is unusable."""
        try:
            return non_production_targets(self.exports)
        except ConfigurationErrors:
            return {}

    def export(self, name: str) -> ExportConfig:
        """Return one entry of the exports file. Raises ``WrongUsage`` when there is none of that name."""
        if name not in self.exports:
            known = ", ".join(sorted(self.exports))
            raise WrongUsage(f"There is no export {name!r} in {self.settings.exports_file}.", f"It has: {known}.")
        return self.exports[name]

    @cached_property
    def reader(self) -> Reader:
        """What reads events, from the places that the settings allow."""
        return event_reader(self.settings, self.exports)

    @contextmanager
    def planner(self, export: ExportConfig) -> Iterator[Planner]:
        """Open what plans for an export: it reads e-conomic and the ledger."""
        with planning(self.settings, export, sleep=self.sleep) as planner:
            yield planner

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the ledger. Its methods raise ``StoreUnavailable``."""
        with closing(connect(self.settings)) as client:
            # Commands hold no leases, so their lengths do not matter here.
            yield RedisStore(client, prefix=self.settings.redis.prefix, policy=StorePolicy())

    @contextmanager
    def events(self) -> Iterator[EventQueueOperator]:
        """Open the event queue. Its methods raise ``StoreUnavailable``."""
        with closing(connect(self.settings)) as client:
            yield RedisEventQueue(client, queue=self.settings.intake.queue, clock=self.clock)

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """Build the working parts that intake and worker have, publisher included; closed in the end."""
        app = Celery("opter-economic", set_as_current=False)
        lifecycle = Lifecycle(app)
        app.add_defaults(lifecycle.celery_configuration)
        with closing(lifecycle.runtime) as runtime, closing(app):
            yield runtime
