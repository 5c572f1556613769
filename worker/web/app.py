"""The web application: routes, guards and error pages, as a factory that uvicorn calls."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from config import Configuration
from worker.domain.reasons import ProcessReason, failure
from worker.errors import StoreUnavailable
from worker.lifecycle import heed_held_signals
from worker.web.event_api.routes import EventApi
from worker.web.guard import SecurityHeaders
from worker.web.pages import (
    action_log,
    approvals,
    batches,
    health,
    installation,
    invoice,
    invoice_reading,
    openid_sign_in,
    period,
    periods,
    to_fix,
)
from worker.web.pages import connect as connect_page
from worker.web.pages import events as events_page
from worker.web.pages import exports as exports_page
from worker.web.pages import sign_in as sign_in_page
from worker.web.process import event_api_of, life_of, services_of, web_process
from worker.web.proxy import ClientAddress
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()


#: Modules with the routes of the page.
_PAGES = (
    health,
    openid_sign_in,
    sign_in_page,
    periods,
    period,
    to_fix,
    batches,
    invoice,
    invoice_reading,
    events_page,
    approvals,
    action_log,
    exports_page,
    connect_page,
    installation,
)


def create_app(
    services: Services,
    *,
    api: EventApi | None = None,
    closing: Sequence[object] = (),
    show_life: Callable[[], Callable[[], None]] | None = None,
) -> Starlette:
    """Return the application; clients in ``closing`` are closed when it ends.

    ``api``: addresses for machines. ``show_life`` begins to show that it is alive, and returns what ends that.
    """
    routes: list[BaseRoute] = [route for page in _PAGES for route in page.routes(services)]
    static = StaticFiles(directory=str(files("worker.web").joinpath("static")))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        end = show_life() if show_life else None
        yield
        if end:
            await run_in_threadpool(end)
        for client in closing:
            client.close()  # type: ignore[attr-defined]  # redis.Redis; pages know no driver

    return Starlette(
        routes=[*routes, *(api.routes() if api else ()), Mount("/static", static, name="static")],
        middleware=[
            Middleware(ClientAddress, settings=services.sign_in),
            Middleware(SecurityHeaders, tls=services.settings.behind_tls),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(services.settings.allowed_hosts)),
        ],
        exception_handlers={kind: partial(_error, services) for kind in (404, 500, StoreUnavailable)},
        lifespan=lifespan,
    )


def from_environment() -> Starlette:
    """Return the application of this installation. Raises ``ConfigurationErrors``."""
    heed_held_signals()
    process = web_process(Configuration())
    services, api = services_of(process), event_api_of(process)
    return create_app(services, api=api, closing=[process.broker, process.stores], show_life=life_of(process))


def _error(services: Services, request: Request, error: Exception) -> Response:
    visit = Visit.of(request, services)
    if isinstance(error, StoreUnavailable):
        return visit.render("error.html", status=503, failure=error.failure)
    if isinstance(error, HTTPException):
        return visit.render("error.html", status=404, failure=None)
    # Its name alone is logged: a traceback may hold customer data, and none of it reaches the reader.
    log.error("page_failed", error=type(error).__name__, path=request.url.path)
    broken = failure(ProcessReason.INTERNAL_ERROR, ProcessReason.INTERNAL_ERROR.cause)
    return visit.render("error.html", status=500, failure=broken)
