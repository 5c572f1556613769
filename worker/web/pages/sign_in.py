"""Sign-in by a one-time link, and the way out."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.web.guard import page, read_form
from worker.web.services import Services
from worker.web.visit import SESSION_COOKIE, Visit


def routes(services: Services) -> list[Route]:
    """Return the sign-in page, its form, and sign-out."""

    async def offer(request: Request) -> Response:
        return Visit(request=request, services=services).render("sign_in.html", link="", refused=False)

    async def confirm(request: Request) -> Response:
        # A link is used up by a button, not by being opened: mail programs and chats open links on their own.
        link = request.path_params["link"]
        return Visit(request=request, services=services).render("sign_in.html", link=link, refused=False)

    async def enter(request: Request) -> Response:
        visit = Visit(request=request, services=services)
        form = await read_form(request) or {}
        seconds = int(services.settings.session_hours * 3600)
        secret = await run_in_threadpool(services.sessions.redeem, form.get("link", ""), seconds=seconds)
        if secret is None:
            return visit.render("sign_in.html", status=403, link="", refused=True)
        answer = visit.redirect("/")
        answer.set_cookie(SESSION_COOKIE, secret, max_age=seconds, **visit.cookie_rules())
        return answer

    return [
        Route("/sign-in", offer, methods=["GET"]),
        Route("/sign-in/{link}", confirm, methods=["GET"]),
        Route("/sign-in", enter, methods=["POST"]),
        page("/sign-out", services, _leave, post=True),
    ]


def _leave(visit: Visit) -> Response:
    visit.services.sessions.end(visit.request.cookies.get(SESSION_COOKIE, ""))
    answer = visit.redirect("/sign-in")
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer
