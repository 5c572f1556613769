"""The web application: routes, guards and error pages, as a factory that uvicorn calls."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files

import structlog
from prometheus_client import generate_latest
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
from config.exports_watch import Changed, LiveExports, watch_exports
from config.names import actions_key
from config.settings import SECRETS
from worker.domain.reasons import ProcessReason, failure
from worker.domain.signs_of_life import Part
from worker.economic.port import agreement_rates
from worker.errors import StoreUnavailable
from worker.lifecycle import heed_held_signals
from worker.runtime.broker import look_at, open_broker, shown_lengths
from worker.runtime.connecting import Connector
from worker.runtime.exports_watch import keep_looking, log_taken, not_taken
from worker.runtime.on_demand import checked_setup, opened_store, planning, probing
from worker.runtime.on_demand import invoice_reading as read_invoices
from worker.runtime.primary_watch import PrimaryWatch
from worker.runtime.schema_watch import leave_newer_store
from worker.runtime.signs_of_life import ShownLife, keep_showing, process_name
from worker.runtime.store_metrics import StoreCollector, store_registry
from worker.store.approvals import RedisApprovals
from worker.store.connection import StorePolicy, connect
from worker.store.event_queue import RedisEventQueue
from worker.store.period_holds import RedisPeriodHolds
from worker.store.posted_events import RedisPostedEvents
from worker.store.rate_limiter import RedisRateLimiter
from worker.store.schema import RedisSchema
from worker.store.server_check import server_info
from worker.store.sessions import RedisSessions
from worker.web.event_api.routes import EventApi
from worker.web.guard import SecurityHeaders
from worker.web.installation import Installation
from worker.web.openid import OpenId
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
from worker.web.proxy import ClientAddress
from worker.web.services import Services
from worker.web.users import LocalUsers
from worker.web.visit import Visit

log = structlog.get_logger()


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
    routes: list[BaseRoute] = [
        route
        for page in (
            *(
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
            ),
            *(action_log, exports_page, connect_page, installation),
        )
        for route in page.routes(services)
    ]
    static = StaticFiles(directory=str(files("worker.web").joinpath("static")))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        end = show_life() if show_life else None
        yield
        if end:
            await run_in_threadpool(end)
        for client in closing:
            client.close()  # type: ignore[attr-defined]  # redis.Redis; the web room does not know the driver

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
    configuration = Configuration()
    settings, exports = configuration.settings, LiveExports(configuration.exports)
    client = connect(settings.redis)
    prefix = settings.redis.prefix
    store = opened_store(settings, client)
    events = RedisEventQueue(client, queue=settings.intake.queue, clock=time.time, actions=actions_key(prefix))
    broker = open_broker(settings, client)
    queues = partial(shown_lengths, broker, exports)
    rates = partial(agreement_rates, RedisRateLimiter(client, prefix=prefix).look, exports)
    schema, watch = RedisSchema(client, prefix=prefix, policy=StorePolicy()), PrimaryWatch(client)
    collector = StoreCollector(
        store=store,
        events=events,
        exports=exports,
        queues=queues,
        schema=lambda: schema.schema().version,
        rates=rates,
        clock=time.time,
    )
    sessions, sign_in = RedisSessions(client, prefix=prefix, policy=StorePolicy()), settings.sign_in
    secret_file = SECRETS / (sign_in.openid_secret_file or "")
    openid = OpenId(sign_in, secret_file=secret_file, sessions=sessions, clock=time.time)
    services = Services(
        settings=settings.web,
        exports=exports,
        store=store,
        causes=store,
        batches=store,
        index=store,
        actions=store,
        certificates=store,
        series=store,
        events=events,
        sessions=sessions,
        sign_in=sign_in,
        approvals=RedisApprovals(client, prefix=prefix, policy=StorePolicy()),
        holds=RedisPeriodHolds(client, prefix=prefix, policy=StorePolicy()),
        users=LocalUsers(sign_in.users_file),
        openid=openid if sign_in.openid_discovery else None,
        planner=partial(planning, settings, sleep=time.sleep),
        probe=partial(probing, settings, sleep=time.sleep),
        reader=partial(read_invoices, settings, sleep=time.sleep),
        first_pause=settings.self_clearing.first_pause,
        figures=partial(generate_latest, store_registry(collector)),
        metrics=settings.metrics,
        installation=Installation(
            setup=partial(checked_setup, settings, sleep=time.sleep),
            rates=rates,
            redis=partial(server_info, client),
            broker=partial(look_at, broker, exports),
            connector=Connector(
                read=configuration.export_with,
                file=configuration.grant_file,
                http=settings.http,
                store=store,
                clock=time.time,
            ),
            flower_url=settings.web.flower_url or f"http://{settings.flower.host}:{settings.flower.port}",
            clock_gap=settings.http.clock_gap,
            require_durability=settings.redis.require_durability,
        ),
        clock=time.time,
    )
    api = EventApi(
        settings=settings.web,
        exports=exports,
        store=store,
        events=RedisPostedEvents(client, prefix=prefix, queue=settings.intake.queue, policy=StorePolicy()),
        secrets=SECRETS,
        limit=settings.intake.max_event_bytes,
        clock=time.time,
    )
    exports_file = watch_exports(settings, exports)

    def look() -> None:
        watch()
        leave_newer_store(schema)

    life = ShownLife(
        store=store,
        part=Part.PAGE,
        name=process_name(),
        look=look,
        not_taken=partial(not_taken, exports_file),
    )

    def show_life() -> Callable[[], None]:
        def take(changed: Changed) -> None:
            exports.take(changed.exports)
            log_taken(changed)

        end_looking = keep_looking(exports_file, take)
        end_life = keep_showing(life)

        def end() -> None:
            end_looking()
            end_life()

        return end

    return create_app(services, api=api, closing=[broker, client], show_life=show_life)


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
