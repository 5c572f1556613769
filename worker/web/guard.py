"""What stands before every page: security headers, sign-in, and forms that only our own pages may send."""

import secrets
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.domain.access import Action, NotAllowed
from worker.store.sessions import Session
from worker.web.services import Services
from worker.web.visit import SESSION_COOKIE, Visit

log = structlog.get_logger()

#: Largest form that is read, in bytes; ours hold a reason and a few ids.
MOST_BYTES = 64 * 1024
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Ids of invoices stand in addresses: no other site is to learn them.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[Visit], Response]
Endpoint = Callable[[Request], Awaitable[Response]]


class SecurityHeaders:
    """Adds the headers that keep scripts, frames and caches of others away from every answer."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        """``tls``: browsers are also told to come back by https alone."""
        self._app = app
        self._headers = {**_HEADERS, **({"Strict-Transport-Security": "max-age=31536000"} if tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class PageRoute(Route):
    """The address of a page or form, with what a person must be allowed to do to get there."""

    def __init__(self, path: str, endpoint: Endpoint, *, needs: Action, form: bool) -> None:
        super().__init__(path, endpoint, methods=["POST"] if form else ["GET"])
        self.needs = needs


def page(
    path: str, services: Services, handler: Handler, *, needs: Action = Action.SEE, post: Action | None = None
) -> PageRoute:
    """Return the route of a page for those who are signed in; others are sent to the sign-in page.

    ``post``: it is a form, for those who may do this. A role for any export opens the page; what it then shows and does
    is bound to the person's exports by ``Services.seen_by``.
    """

    async def endpoint(request: Request) -> Response:
        session = await run_in_threadpool(signed_in, request, services)
        if session is None:
            return RedirectResponse("/sign-in", status_code=303)
        form = await read_form(request) if post else {}
        if form is None:
            return Response(status_code=413)
        visit = Visit.of(request, services, session, form)
        if post and not secrets.compare_digest(form.get("form_token", "").encode(), session.form_token.encode()):
            return visit.render("stale.html", status=403)
        if not session.person.rights.may_somewhere(post or needs):
            return visit.render("not_allowed.html", status=403)
        try:
            return await run_in_threadpool(handler, visit)
        except NotAllowed as refusal:
            log.warning("not_allowed", action=refusal.action.value, export=refusal.export, by=visit.who)
            return visit.render("not_allowed.html", status=403)

    return PageRoute(path, endpoint, needs=post or needs, form=post is not None)


def signed_in(request: Request, services: Services) -> Session | None:
    """Return the session that a request belongs to; None for a stranger's. Raises ``StoreUnavailable``."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    return services.sessions.session(secret, idle=services.settings.idle_seconds) if secret else None


async def read_form(request: Request) -> Mapping[str, str] | None:
    """Return the texts of a form; None when it is too large. Files are left out."""
    if int(request.headers.get("content-length") or MOST_BYTES + 1) > MOST_BYTES:
        return None
    async with request.form(max_files=0, max_fields=100) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}
