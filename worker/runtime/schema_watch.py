"""The watch over the schema of the store: a process that is too old for it ends in order, and takes no more work."""

import os
import signal
from contextlib import suppress

import structlog

from worker.errors import StoreUnavailable
from worker.store.schema import RedisSchema

log = structlog.get_logger()


def leave_newer_store(schema: RedisSchema) -> None:
    """End this process, as by a signal, when a newer version has migrated the store beyond it; called now and then."""
    with suppress(StoreUnavailable):
        now = schema.schema()
        if now.too_new:
            log.error("store_newer", why=now.refusal, next_step="Start the newer version instead of this one.")
            os.kill(os.getpid(), signal.SIGTERM)
