"""Sign-in by a one-time link, and the way out."""

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.store.sessions import Lifetime, Person
from worker.web.guard import page, read_form
from worker.web.services import Services
from worker.web.visit import SESSION_COOKIE, Visit

log = structlog.get_logger()


def routes(services: Services) -> list[Route]:
    """Return the sign-in page, its form, and sign-out."""

    async def offer(request: Request) -> Response:
        return Visit.of(request, services).render("sign_in.html", link="", refused=False)

    async def confirm(request: Request) -> Response:
        # A link is used up by a button, not by being opened: mail programs and chats open links on their own.
        link = request.path_params["link"]
        return Visit.of(request, services).render("sign_in.html", link=link, refused=False)

    async def enter(request: Request) -> Response:
        visit = Visit.of(request, services)
        form = await read_form(request) or {}
        person = await run_in_threadpool(services.sessions.redeem, form.get("link", ""))
        if person is None:
            return visit.render("sign_in.html", status=403, link="", refused=True)
        return await run_in_threadpool(_begin, visit, person)

    return [
        Route("/sign-in", offer, methods=["GET"]),
        Route("/sign-in/{link}", confirm, methods=["GET"]),
        Route("/sign-in", enter, methods=["POST"]),
        page("/sign-out", services, _leave, post=Action.SEE),
    ]


def _begin(visit: Visit, person: Person) -> Response:
    """Open a session under a new secret; the one that the browser came with is over."""
    sessions, settings = visit.services.sessions, visit.services.settings
    sessions.end(visit.request.cookies.get(SESSION_COOKIE, ""))
    lifetime = Lifetime(idle=settings.idle_seconds, longest=settings.longest_seconds)
    secret = sessions.start(person, lifetime)
    log.info("signed_in", by=person.name, how=person.origin.value)
    answer = visit.redirect("/")
    answer.set_cookie(SESSION_COOKIE, secret, max_age=lifetime.longest, **visit.cookie_rules())
    return answer


def _leave(visit: Visit) -> Response:
    visit.services.sessions.end(visit.request.cookies.get(SESSION_COOKIE, ""))
    answer = visit.redirect("/sign-in")
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer
