"""The steps that every way to sign in shares: the page with what went wrong, the count of tries, the new session."""

from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from worker.store.sessions import Lifetime, Person
from worker.web.guard import NEXT_COOKIE
from worker.web.identity import SESSION_COOKIE, local_path
from worker.web.proxy import network_of
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()

#: Seconds for which tries are counted; tries from one address, where several people may be.
COUNTED, FROM_AN_ADDRESS = 900, 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why nobody is signed in, as the page says it."""

    #: ``link``, ``password``, ``throttled``, ``openid``, ``no-role``.
    kind: str
    status: int = 403
    #: Seconds until another try is looked at.
    wait: int = 0


def sign_in_page(request: Request, services: Services, *, link: str = "", problem: Problem | None = None) -> Response:
    """Return the page with the ways to sign in that there are here."""
    answer = Visit.of(request, services).render(
        "sign_in.html",
        status=problem.status if problem else 200,
        link=link,
        problem=problem.kind if problem else "",
        minutes=-(-problem.wait // 60) if problem else 0,
        passwords=services.users.any(),
        openid=services.openid is not None,
    )
    if problem and problem.wait:
        answer.headers["Retry-After"] = str(problem.wait)
    return answer


def throttled(request: Request, services: Services, kind: str, *counts: tuple[str, str, int]) -> Problem | None:
    """Count a try from this address, and of whatever else is named (kind, whose, most); return when it is too many.

    It is counted before anything is looked at, so that a hundred at once are a hundred.
    """
    address = network_of(request.client.host if request.client else "")
    every = ((kind, address, FROM_AN_ADDRESS), *counts)
    for what, whose, most in every:
        tries, wait = services.sessions.count_try(what, whose, seconds=COUNTED)
        if tries > most:
            log.warning("sign_in_throttled", address=address)
            return Problem(kind="throttled", status=429, wait=wait)
    return None


def enter(request: Request, services: Services, person: Person) -> Response:
    """Sign a person in, and send them to the page that they had asked for."""
    then = local_path(request.cookies.get(NEXT_COOKIE, "/"))
    return with_session(RedirectResponse(then, status_code=303), request, services, person)


def with_session(answer: Response, request: Request, services: Services, person: Person) -> Response:
    """Open a session under a new secret; the one that the browser came with is over."""
    sessions, settings = services.sessions, services.settings
    sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    secret = sessions.start(person, Lifetime(idle=settings.idle_seconds, longest=settings.longest_seconds))
    log.info("signed_in", by=person.name, how=person.origin.value)
    rules = Visit.of(request, services).cookie_rules()
    answer.set_cookie(SESSION_COOKIE, secret, max_age=settings.longest_seconds, **rules)
    answer.delete_cookie(NEXT_COOKIE, path="/")
    return answer
