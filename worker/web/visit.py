"""One request of one person: language, answers, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from worker.store.sessions import Session
from worker.web.language import LANGUAGES, negotiate
from worker.web.rendering import template
from worker.web.services import Services

SESSION_COOKIE = "opter-economic-session"
LANGUAGE_COOKIE = "opter-economic-language"
_A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What a page's function gets, and how it answers."""

    request: Request
    services: Services
    #: Who is signed in; None on the pages that need no sign-in.
    session: Session | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """``da`` or ``en``: as chosen now, as chosen before, or as the browser prefers."""
        chosen = self.request.query_params.get("lang") or self.request.cookies.get(LANGUAGE_COOKIE, "")
        return chosen if chosen in LANGUAGES else negotiate(self.request.headers.get("accept-language", ""))

    @property
    def who(self) -> str:
        """The name for the history."""
        return self.session.name if self.session else ""

    def query(self, name: str) -> str:
        """Return a parameter of the address; empty when it is not there."""
        return self.request.query_params.get(name, "").strip()

    def render(self, name: str, *, status: int = 200, **values: Any) -> Response:
        """Return the page made from a template."""
        language = self.language
        content = template(name, language).render(
            session=self.session,
            path=self.request.url.path,
            languages=LANGUAGES,
            language=language,
            elsewhere=self.services.elsewhere,
            **values,
        )
        response = HTMLResponse(content, status_code=status, headers={"Content-Language": language})
        if self.request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, language, max_age=_A_YEAR, **self.cookie_rules())
        return response

    def cookie_rules(self) -> dict[str, Any]:
        """Return how every cookie is set: out of reach of scripts and of other sites."""
        return {"httponly": True, "samesite": "strict", "secure": self.services.settings.behind_tls, "path": "/"}

    def redirect(self, path: str) -> Response:
        """Send the browser to another page of ours after a form."""
        return RedirectResponse(path, status_code=303)
