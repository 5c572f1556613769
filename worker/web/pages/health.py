"""For machines: whether the page is alive and ready, and the installation's figures for Prometheus."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from worker.errors import StoreUnavailable
from worker.runtime.metrics import allowed
from worker.web.services import Services


def routes(services: Services) -> list[Route]:
    """Return the three addresses; none of them needs a session, and only the figures need a token."""

    async def alive(_: Request) -> Response:
        return PlainTextResponse("alive")

    async def ready(_: Request) -> Response:
        try:
            await run_in_threadpool(services.store.paused)
        except StoreUnavailable:
            return PlainTextResponse("Redis does not answer", status_code=503)
        return PlainTextResponse("ready")

    async def figures(request: Request) -> Response:
        if not services.metrics.token.get_secret_value():
            return PlainTextResponse("No token is set for the figures.", status_code=404)
        if not allowed(services.metrics, request.headers.get("authorization", "")):
            return PlainTextResponse("", status_code=401)
        text = await run_in_threadpool(services.figures)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", figures)]
