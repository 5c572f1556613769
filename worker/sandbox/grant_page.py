"""The page where a person grants an app access to an agreement, as e-conomic's ``requestaccess.aspx`` does.

``locale`` chooses the language, and ``redirectUrl`` is where the browser goes with the grant as parameter ``token``;
without it, the token is shown to be copied (e-conomic's developer pages, "Connecting an app").
"""

import html
import secrets
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from worker.sandbox.server_state import ServerState

#: Ends the path, whatever stands before it.
PAGE = "/requestaccess.aspx"
_WORDS = {
    "da": ("Giv adgang", "Giv programmet adgang til aftale", "Din nøgle:"),
    "en": ("Grant access", "Grant the app access to agreement", "Your token:"),
}


def grant_page(state: ServerState, *, new: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> ASGIApp:
    """Return the page as an ASGI application; ``new`` makes a token."""

    async def answer(request: Request) -> Response:
        language = "da" if request.query_params.get("locale", "").startswith("da") else "en"
        if not request.query_params.get("appPublicToken"):
            return HTMLResponse("appPublicToken is missing", status_code=400)
        if request.method != "POST":
            return _form(state, language)
        async with request.form() as form:
            number = str(form.get("agreement", ""))
        return _granted(state, number, request.query_params.get("redirectUrl", ""), language, new())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(Request(scope, receive))
        await response(scope, receive, send)

    return app


def _form(state: ServerState, language: str) -> Response:
    button, words, _ = _WORDS[language]
    numbers = sorted({agreement.number for agreement in state.agreements.values()})
    forms = "".join(
        f'<form method="post">{words} {number} <button name="agreement" value="{number}">{button}</button></form>'
        for number in numbers
    )
    return HTMLResponse(f'<!doctype html><html lang="{language}"><title>{button}</title><main>{forms}</main></html>')


def _granted(state: ServerState, number: str, back: str, language: str, token: str) -> Response:
    known = next(((keys, it) for keys, it in state.agreements.items() if str(it.number) == number), None)
    if known is None:
        return HTMLResponse("There is no such agreement", status_code=404)
    (app_secret, _), agreement = known
    state.agreements[app_secret, token] = agreement
    if back and urlsplit(back).scheme in {"http", "https"}:
        return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{urlencode({'token': token})}", status_code=302)
    shown = f"{_WORDS[language][2]} <code>{html.escape(token)}</code>"
    return HTMLResponse(f'<!doctype html><html lang="{language}"><main><p>{shown}</p></main></html>')
