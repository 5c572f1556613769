"""What stands before every page: security headers, sign-in, and forms that only our own pages may send."""

import secrets
from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.domain.access import Action, NotAllowed
from worker.store.sessions import Session
from worker.web.identity import from_elsewhere, local_path, signed_in
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()

#: The page that a stranger asked for; in a cookie, as ids of invoices are in no address that another site may see.
NEXT_COOKIE, _NEXT_LASTS = "opter-economic-next", 900
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
            return _to_sign_in(request, services)
        form = await read_form(request) if post else {}
        if form is None:
            return Response(status_code=413)
        visit = Visit.of(request, services, session, form)
        if post and (_foreign(form, session) or from_elsewhere(request, services)):
            return visit.render("stale.html", status=403)
        if not session.person.rights.may_somewhere(post or needs):
            return visit.render("not_allowed.html", status=403)
        try:
            return await run_in_threadpool(handler, visit)
        except NotAllowed as refusal:
            log.warning("not_allowed", action=refusal.action.value, export=refusal.export, by=visit.who)
            return visit.render("not_allowed.html", status=403)

    return PageRoute(path, endpoint, needs=post or needs, form=post is not None)


def _foreign(form: Mapping[str, str], session: Session) -> bool:
    return not secrets.compare_digest(form.get("form_token", "").encode(), session.form_token.encode())


def _to_sign_in(request: Request, services: Services) -> Response:
    """Send a stranger to sign in, and back to the page that they asked for afterwards."""
    visit, asked = Visit.of(request, services), local_path(_asked(request))
    if request.headers.get("sec-fetch-site") == "cross-site" and request.method == "GET":
        # From a mail or a chat: cookies that other sites do not get come with a request of our own page alone.
        return visit.render("go_on.html", then=asked)
    answer = visit.redirect("/sign-in")
    if _for_a_person(request) and asked != "/":
        # A token that e-conomic sent along is kept nowhere: it is granted anew.
        kept = asked.partition("?")[0] if "token=" in asked else asked
        answer.set_cookie(NEXT_COOKIE, kept, max_age=_NEXT_LASTS, **visit.cookie_rules())
    return answer


def _for_a_person(request: Request) -> bool:
    """Whether a person is to see the answer: no form, and nothing that a page looks for by itself."""
    by_itself = "text/event-stream" in request.headers.get("accept", "")
    return request.method == "GET" and not by_itself and request.headers.get("sec-fetch-mode", "navigate") == "navigate"


def _asked(request: Request) -> str:
    """Return the address within the page, as it was sent."""
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


async def read_form(request: Request) -> Mapping[str, str] | None:
    """Return the texts of a form; None when it is too large. Files are left out."""
    if int(request.headers.get("content-length") or MOST_BYTES + 1) > MOST_BYTES:
        return None
    async with request.form(max_files=0, max_fields=100) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}
