"""``POST /events``, the status of what it accepted, and their description."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from config.exports import ExportConfig
from config.settings_sections import Web
from worker.domain.posted_event import PostedEvents
from worker.errors import StoreUnavailable
from worker.forward.names import portable
from worker.intake.event_errors import EventRefused
from worker.intake.posted import Conflict, Received, Receiver
from worker.intake.sources.posted_files import find_file, is_file_id
from worker.web.event_api.authentication import EMPTY, authenticate, read_secrets, require_signature
from worker.web.event_api.body import content_type, received_body
from worker.web.event_api.openapi import document
from worker.web.event_api.problems import JsonAnswer, Refusal, written
from worker.web.event_api.progress import Periods, Progress, progress_in_folder, progress_of
from worker.web.event_api.request_rate import RequestRate

log = structlog.get_logger()

#: Bodies that are read at the same time; further ones wait, and the pages go on.
_AT_ONCE = 2
_LATER = {"Retry-After": "10"}


@dataclass(frozen=True, kw_only=True)
class EventApi:
    """What the addresses for machines work with."""

    settings: Web
    exports: Mapping[str, ExportConfig]
    store: Periods
    #: Returns the events of the store that holds an export.
    events: Callable[[str], PostedEvents]
    #: Where secret files with relative names lie.
    secrets: Path
    #: Largest body, in bytes.
    limit: int
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]
    #: Bodies that are read at the same time.
    at_once: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_AT_ONCE))

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/events", self._answering(self._post), methods=["POST"]),
            Route("/events/{posted}/status", self._answering(self._status)),
            Route("/openapi.json", _description),
        ]

    def _answering(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        rate = RequestRate(per_minute=self.settings.requests_per_minute, clock=self.clock)

        async def answer(request: Request) -> Response:
            try:
                _keep_to_the_rate(rate, request)
                return await handler(request)
            except Refusal as refusal:
                return refusal.response()
            except StoreUnavailable as error:
                return _later(error.failure.description).response()
            except OSError as error:
                log.error("event_not_kept", error=type(error).__name__, fault=error.strerror)  # noqa: TRY400  # no names of files
                return _later(f"It cannot be kept here ({error.strerror or type(error).__name__}).").response()

        return answer

    async def _post(self, request: Request) -> Response:
        require_signature(request)
        export, name = self._export(request), request.query_params.get("name", "")
        sent = content_type(request)
        async with received_body(request, self.limit) as (body, sha256):
            export = self._authenticated(request, export, sha256)
            shown = portable(name) if name else "posted.csv" if sent == "text/csv" else "posted"

            def receive() -> Received:
                return self._receiver(export.name).receive(body, name=shown, sha256=sha256, export=export)

            try:
                received = await to_thread.run_sync(receive, limiter=self.at_once)
            except EventRefused as refusal:
                raise _refused(refusal) from None
            except Conflict as conflict:
                raise _conflict(str(conflict)) from None
        log.info("event_accepted", export=export.name, posted=received.id, event_key=received.event_key)
        return JsonAnswer(_accepted(received, export.name), status_code=202)

    async def _status(self, request: Request) -> Response:
        require_signature(request)
        export = self._authenticated(request, self._export(request), EMPTY)
        posted = request.path_params["posted"]
        progress = await to_thread.run_sync(self._progress, posted, export, limiter=self.at_once)
        if progress is None:
            raise Refusal(
                status=404,
                detail="Nothing of this id was accepted for this export, or it was forgotten.",
                next_step="Send it again: what is in e-conomic already stays as it is.",
            )
        return JsonAnswer({"id": posted, "export": export.name} | progress.document())

    def _progress(self, posted: str, export: ExportConfig) -> Progress | None:
        if is_file_id(posted):
            return self._in_folder(posted, export)
        events = self.events(export.name)
        event = events.posted(posted)
        return progress_of(event, self.store, events) if event and event.export == export.name else None

    def _in_folder(self, posted: str, export: ExportConfig) -> Progress | None:
        found = find_file(export.source.folder, posted) if export.source.folder else None
        if found is None:
            return None
        if found.event_id:
            return progress_in_folder(f"/folder/{export.name}#{found.event_id}", self.store)
        return Progress(state="refused" if found.problems else "received", problems=found.problems)

    def _receiver(self, export: str) -> Receiver:
        events = self.events(export)
        return Receiver(
            events,
            taken_in=lambda event: progress_of(event, self.store, events).period is not None,
            refused_whole=lambda event: progress_of(event, self.store, events).state == "refused",
            limit=self.limit,
            clock=self.clock,
        )

    def _export(self, request: Request) -> ExportConfig | None:
        return self.exports.get(request.query_params.get("export", ""))

    def _authenticated(self, request: Request, export: ExportConfig | None, sha256: str) -> ExportConfig:
        keys = read_secrets(export, self.secrets)
        authenticate(request, keys, sha256=sha256, now=self.clock(), window=self.settings.replay_seconds)
        if export is None:  # whose secret is known to nobody, so that this is never reached
            raise Refusal(status=401, detail="There is no such export.", next_step="Correct the address.")
        return export


async def _description(_: Request) -> Response:
    return JSONResponse(document())


def _keep_to_the_rate(rate: RequestRate, request: Request) -> None:
    host = request.client.host if request.client else ""
    wait = rate.wait(f"{host} {request.query_params.get('export', '')[:40]}")
    if wait:
        raise Refusal(
            status=429,
            detail=f"More requests than {rate.per_minute} a minute.",
            next_step="Wait as long as Retry-After says, and send it again.",
            headers={"Retry-After": str(math.ceil(wait))},
        )


def _accepted(received: Received, export: str) -> dict[str, Any]:
    """Say the same each time that the same content comes."""
    address = f"/events/{quote(received.id)}/status?{urlencode({'export': export})}"
    return {"id": received.id, "state": "accepted", "status": address}


def _refused(refusal: EventRefused) -> Refusal:
    first = refusal.problems[0]
    number = len(refusal.problems)
    return Refusal(
        status=422,
        detail=first.description if number == 1 else f"{first.description} And {number - 1} more, see problems.",
        next_step=first.reason.next_step,
        problems=[written(problem) for problem in refusal.problems],
    )


def _conflict(event_key: str) -> Refusal:
    return Refusal(
        status=409,
        detail=f"Event {event_key} was accepted before with other content; that one stands, this one was not taken.",
        next_step="Give each event an id of its own. Changed invoices are credited in Opter and invoiced anew.",
    )


def _later(detail: str) -> Refusal:
    next_step = "Send the same again later; nothing is taken twice."
    return Refusal(status=503, detail=detail, next_step=next_step, headers=_LATER)
