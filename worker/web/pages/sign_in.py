"""Sign-in by a one-time link, a password or a proxy's word, and the way out."""

from collections.abc import Mapping

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.store.sessions import Origin, Person
from worker.web.entering import Problem, enter, sign_in_page, throttled
from worker.web.guard import page, read_form
from worker.web.identity import SESSION_COOKIE, from_elsewhere
from worker.web.proxy import proxy_person
from worker.web.services import Services
from worker.web.users import known_as
from worker.web.visit import Visit

log = structlog.get_logger()

#: Tries for one name, while they are counted.
_FOR_A_NAME = 10
#: Passwords that are compared at the same time: each takes 64 MiB and a core for a while.
_AT_ONCE = 2


def routes(services: Services) -> list[Route]:
    """Return the sign-in page, its forms, and sign-out."""
    at_once = CapacityLimiter(_AT_ONCE)

    async def offer(request: Request) -> Response:
        return await run_in_threadpool(_offer, request, services)

    async def confirm(request: Request) -> Response:
        # A link is used up by a button, not by being opened: mail programs and chats open links on their own.
        link = request.path_params["link"]
        return await run_in_threadpool(sign_in_page, request, services, link=link)

    async def submit(request: Request) -> Response:
        form = await read_form(request)
        if form is None:
            return Response(status_code=413)
        if from_elsewhere(request, services):
            return Visit.of(request, services).render("stale.html", status=403)
        if "link" in form:
            return await run_in_threadpool(_by_link, request, services, form["link"])
        return await to_thread.run_sync(_by_password, request, services, form, limiter=at_once)

    return [
        Route("/sign-in", offer, methods=["GET"]),
        Route("/sign-in", submit, methods=["POST"]),
        Route("/sign-in/{link}", confirm, methods=["GET"]),
        page("/sign-out", services, _leave, post=Action.SEE),
    ]


def _offer(request: Request, services: Services) -> Response:
    person = proxy_person(request, services.sign_in, services.users)
    if person and person.rights.roles:
        return enter(request, services, person)
    return sign_in_page(request, services, problem=Problem(kind="no-role") if person else None)


def _by_link(request: Request, services: Services, link: str) -> Response:
    person = services.sessions.redeem(link)
    if person is None:
        return sign_in_page(request, services, problem=Problem(kind="link"))
    return enter(request, services, person)


def _by_password(request: Request, services: Services, form: Mapping[str, str]) -> Response:
    """Compare a password, unless too many were tried: the same words for every name, whether there is one or not."""
    name = known_as(form.get("name", ""))
    problem = throttled(request, services, "address", ("name", name, _FOR_A_NAME))
    if problem:
        return sign_in_page(request, services, problem=problem)
    user = services.users.verify(name, form.get("password", ""))
    if user is None:
        # Not the name: people type their password there.
        log.warning("sign_in_refused")
        return sign_in_page(request, services, problem=Problem(kind="password"))
    services.sessions.forget_tries("name", name)
    person = Person(name=user.name, origin=Origin.PASSWORD, rights=user.rights, rests_on=user.rests_on)
    return enter(request, services, person)


def _leave(visit: Visit) -> Response:
    visit.services.sessions.end(visit.request.cookies.get(SESSION_COOKIE, ""))
    log.info("signed_out", by=visit.who)
    answer = visit.redirect("/sign-in")
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer
