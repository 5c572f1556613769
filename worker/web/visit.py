"""One request of one person: language, answers, and the way back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from worker.domain.access import Action, Rights
from worker.store.sessions import Session
from worker.web.language import LANGUAGES, negotiate
from worker.web.rendering import template
from worker.web.services import Services

LANGUAGE_COOKIE = "opter-economic-language"
_NOBODY = Rights(roles={})
_A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What a page's function gets, and how it answers."""

    request: Request
    #: What there is for this person: nothing of an export that they have no role for.
    services: Services
    #: Who is signed in; None on the pages that need no sign-in.
    session: Session | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, request: Request, services: Services, session: Session | None = None, form: Mapping[str, str] | None = None
    ) -> "Visit":
        """Return the visit of a person; a stranger sees no export at all."""
        rights = session.person.rights if session else _NOBODY
        return cls(request=request, services=services.seen_by(rights), session=session, form=form or {})

    @property
    def rights(self) -> Rights:
        """What this person may do."""
        return self.session.person.rights if self.session else _NOBODY

    def may(self, action: Action, export: str | None = None) -> bool:
        """Whether to offer this: with one export, or without naming it, with any."""
        return self.rights.may_somewhere(action) if export is None else self.rights.may(action, export)

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
            may=self.may,
            four_eyes=self.services.four_eyes,
            path=self.request.url.path,
            languages=LANGUAGES,
            language=language,
            elsewhere=self.services.elsewhere,
            exports_away=self.services.exports_away,
            **values,
        )
        # Half a character, which a refused event may hold, is written to no page.
        text = content.encode(errors="replace")
        response = HTMLResponse(text, status_code=status, headers={"Content-Language": language})
        if self.request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, language, max_age=_A_YEAR, **self.cookie_rules())
        return response

    def cookie_rules(self) -> dict[str, Any]:
        """Return how every cookie is set: out of reach of scripts and of other sites."""
        return {"httponly": True, "samesite": "strict", "secure": self.services.settings.behind_tls, "path": "/"}

    def redirect(self, path: str) -> Response:
        """Send the browser to another page of ours after a form."""
        return RedirectResponse(path, status_code=303)


def page_number(text: str) -> int:
    """Return the page that an address asks for; the first for what is no number."""
    return max(1, int(text)) if re.fullmatch("[0-9]{1,9}", text) else 1
