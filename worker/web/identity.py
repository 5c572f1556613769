"""Whose a request is: the session of its cookie, as long as what the session rests on is still so."""

from urllib.parse import urlsplit

from starlette.requests import Request

from worker.store.sessions import Origin, Person, Session
from worker.web.proxy import proxy_person
from worker.web.services import Services

SESSION_COOKIE = "opter-economic-session"
_LONGEST_PATH = 1000


def signed_in(request: Request, services: Services) -> Session | None:
    """Return the session that a request belongs to; None for a stranger's. Raises ``StoreUnavailable``."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    session = services.sessions.session(secret, idle=services.settings.idle_seconds) if secret else None
    if session and not _still_so(session.person, request, services):
        services.sessions.end(secret)
        return None
    return session


def still_signed_in(request: Request, services: Services) -> bool:
    """Whether the session of a page that looks by itself still lasts, without making it last longer."""
    session = services.sessions.lasts(request.cookies.get(SESSION_COOKIE, ""))
    return session is not None and _still_so(session.person, request, services)


def _still_so(person: Person, request: Request, services: Services) -> bool:
    """Whether a person is still who they were when they signed in, with the rights of then."""
    if person.origin is Origin.PASSWORD:
        user = services.users.find(person.name)
        return user is not None and user.rests_on == person.rests_on
    if person.origin is Origin.PROXY:
        now = proxy_person(request, services.sign_in, services.users)
        return now is not None and (now.name, now.rests_on) == (person.name, person.rests_on)
    if person.origin is Origin.OPENID:
        return services.sign_in.openid_discovery != "" and person.rests_on == services.sign_in.openid_rests_on
    return True


def from_elsewhere(request: Request, services: Services) -> bool:
    """Whether another site's page has sent a form; browsers say where one comes from, and programs need not."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is not None and not _allowed(urlsplit(origin).hostname or "", services.settings.allowed_hosts)


def _allowed(host: str, patterns: tuple[str, ...]) -> bool:
    return any(
        pattern in {"*", host} or (pattern.startswith("*.") and host.endswith(pattern.removeprefix("*")))
        for pattern in patterns
    )


def local_path(path: str) -> str:
    """Return a path of ours as it is, and the first page for anything that could lead to another site."""
    plain = path.isascii() and path.isprintable() and len(path) <= _LONGEST_PATH and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"
