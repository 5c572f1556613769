"""Sign-in at an OpenID Connect provider: the way there and back."""

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from worker.web.entering import Problem, sign_in_page, throttled, with_session
from worker.web.guard import NEXT_COOKIE
from worker.web.identity import local_path
from worker.web.openid import OpenId, SignInFailed
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()

#: What a browser keeps while its person is at the provider. Lax: the way back begins there.
OPENID_COOKIE, _AWAY = "opter-economic-openid", 600
_BACK = "/sign-in/openid/back"


def routes(services: Services) -> list[Route]:
    """Return the way to the provider and the way back; none where no provider is set."""
    openid = services.openid
    if openid is None:
        return []

    async def depart(request: Request) -> Response:
        return await run_in_threadpool(_depart, request, services, openid)

    async def arrive(request: Request) -> Response:
        return await run_in_threadpool(_arrive, request, services, openid)

    return [Route("/sign-in/openid", depart, methods=["GET"]), Route(_BACK, arrive, methods=["GET"])]


def _depart(request: Request, services: Services, openid: OpenId) -> Response:
    problem = throttled(request, services, "openid")
    if problem:
        return sign_in_page(request, services, problem=problem)
    scheme = "https" if services.settings.behind_tls else "http"
    then = local_path(request.cookies.get(NEXT_COOKIE, "/"))
    try:
        departure = openid.depart(back_to=f"{scheme}://{request.headers['host']}{_BACK}", then=then)
    except SignInFailed as why:
        return _failed(request, services, why)
    answer = RedirectResponse(departure.url, status_code=303)
    rules = Visit.of(request, services).cookie_rules() | {"samesite": "lax", "path": _BACK}
    answer.set_cookie(OPENID_COOKIE, departure.secret, max_age=_AWAY, **rules)
    return answer


def _arrive(request: Request, services: Services, openid: OpenId) -> Response:
    try:
        arrival = openid.arrive(request.cookies.get(OPENID_COOKIE, ""), request.query_params)
    except SignInFailed as why:
        return _failed(request, services, why)
    # A page of ours that goes on by itself: the session's cookie does not come with what began at another site.
    answer = Visit.of(request, services).render("go_on.html", then=local_path(arrival.then))
    answer.delete_cookie(OPENID_COOKIE, path=_BACK)
    return with_session(answer, request, services, arrival.person)


def _failed(request: Request, services: Services, why: SignInFailed) -> Response:
    log.warning("openid_sign_in_failed", why=str(why))
    kind = "no-role" if str(why) == "no-role" else "openid"
    return sign_in_page(request, services, problem=Problem(kind=kind))
