"""e-conomic's key memory: the same key within the hour answers as it did the first time.

Sources: e-conomic REST docs, "Idempotency" (one hour, any verb but GET, ``X-ResultFromCache``); ``PayloadChanged`` and
``URLChanged`` with 400 are reported from live agreements; the body of the first is recorded, that of the second is made
alike. What a second request gets while the first is in flight is unknown, hence the switch.
"""

import asyncio
from dataclasses import dataclass, field

from worker.sandbox.failures import refused
from worker.sandbox.messages import Reply
from worker.sandbox.state import ApiError
from worker.sandbox.switches import AgreementSwitches

PAYLOAD_CHANGED = "PayloadChanged"
URL_CHANGED = "URLChanged"
IN_FLIGHT = "RequestInProgress"
CLIENT_ERROR = 400
SERVER_ERROR = 500


@dataclass(kw_only=True, slots=True)
class Memory:
    """One key: what was asked under it, and what was answered."""

    url: str
    body: bytes
    #: When the key was first used, seconds since the epoch.
    since: float
    #: None while the first request is in flight.
    reply: Reply | None = None
    #: Set when the first request has been answered, or has failed.
    finished: asyncio.Event = field(default_factory=asyncio.Event)


class KeyMemory:
    """The keys of one app and agreement."""

    def __init__(self) -> None:
        self._memories: dict[str, Memory] = {}

    def recall(self, key: str, *, url: str, body: bytes, now: float, lifetime: float) -> Memory | None:
        """Return what is remembered under the key; None when it is free.

        Raises:
            ApiError: 400, the key was used for another URL or another body.

        """
        memory = self._memories.get(key)
        if memory is None or (memory.reply is not None and now - memory.since >= lifetime):
            return None
        if clash := _clash(memory, url, body):
            raise clash
        return memory

    def begin(self, key: str, *, url: str, body: bytes, now: float) -> Memory:
        """Take a free key for a request that is about to be processed."""
        memory = self._memories[key] = Memory(url=url, body=body, since=now)
        return memory

    def finish(self, key: str, memory: Memory, reply: Reply | None, switches: AgreementSwitches) -> None:
        """Remember the answer, or free the key when there is none or its kind is not remembered."""
        if reply is not None and _remembered(reply.status, switches):
            memory.reply = reply
        else:
            self._memories.pop(key, None)
        memory.finished.set()


def in_flight() -> ApiError:
    """Return the refusal of a second request while the first is being processed."""
    return refused(409, f"{IN_FLIGHT}: a request with this Idempotency-Key is being processed.", IN_FLIGHT)


def _clash(memory: Memory, url: str, body: bytes) -> ApiError | None:
    if memory.url != url:
        return _changed("URL", URL_CHANGED)
    if memory.body != body:
        return _changed("Content", PAYLOAD_CHANGED)
    return None


def _changed(what: str, code: str) -> ApiError:
    title = f"{what} must be the same when using the same Idempotency key."
    return ApiError(CLIENT_ERROR, {"title": title, "errorCode": code})


def _remembered(status: int, switches: AgreementSwitches) -> bool:
    if status >= SERVER_ERROR:
        return switches.cache_5xx
    return status < CLIENT_ERROR or switches.cache_4xx
