"""An export connected to an agreement: a person grants access at e-conomic, sees what the token opens, and agrees."""

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.runtime.connecting import Granted, NotConnected
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit


def routes(services: Services) -> list[Route]:
    """Return the page, where e-conomic sends the browser back to, and the two forms."""
    return [
        page("/exports/{export}/connect", services, _show, needs=Action.CONNECT),
        page("/exports/{export}/granted", services, _granted, needs=Action.CONNECT),
        page("/exports/{export}/connect", services, _look, post=Action.CONNECT),
        page("/exports/{export}/connect/store", services, _store, post=Action.CONNECT),
    ]


def _show(visit: Visit) -> Response:
    return _page(visit)


def _granted(visit: Visit) -> Response:
    """Come back from e-conomic with a token: nothing is stored before a person has seen whose it is."""
    return _looked(visit, visit.query("token"))


def _look(visit: Visit) -> Response:
    return _looked(visit, visit.form.get("token", ""))


def _looked(visit: Visit, token: str) -> Response:
    name = _name(visit)
    if name is None:
        return visit.render("error.html", status=404, failure=None)
    try:
        granted = visit.services.installation.connector.look(name, token)
    except NotConnected as why:
        return _page(visit, problem=why, status=422)
    return _page(visit, granted=granted, token=token.strip())


def _store(visit: Visit) -> Response:
    name, agreement = _name(visit), visit.form.get("agreement", "")
    if name is None:
        return visit.render("error.html", status=404, failure=None)
    connector = visit.services.installation.connector
    try:
        number = int(agreement) if agreement.isascii() and agreement.isdigit() else 0
        connector.connect(name, visit.form.get("token", ""), agreement=number, by=visit.who)
    except NotConnected as why:
        return _page(visit, problem=why, status=422)
    return _page(visit, done=True)


def _page(  # noqa: PLR0913  # what the token opens, and what became of it
    visit: Visit,
    *,
    granted: Granted | None = None,
    token: str = "",
    problem: NotConnected | None = None,
    done: bool = False,
    status: int = 200,
) -> Response:
    name = _name(visit)
    if name is None:
        return visit.render("error.html", status=404, failure=None)
    export = visit.services.exports[name]
    back = f"{str(visit.request.base_url).rstrip('/')}/exports/{name}/granted"
    if visit.services.settings.behind_tls:
        back = back.replace("http://", "https://", 1)
    address = visit.services.installation.connector.address(export, language=visit.language, back=back)
    return visit.render(
        "connect.html",
        status=status,
        export=export,
        address=address if export.app_public_token else "",
        granted=granted,
        token=token,
        problem=problem,
        done=done,
    )


def _name(visit: Visit) -> str | None:
    """Return the export that is meant; None when the person does not see it. Raises ``NotAllowed``."""
    name = str(visit.request.path_params["export"])
    if name not in visit.services.exports:
        return None
    visit.rights.require(Action.CONNECT, name)
    return name
