"""What a request must carry before any resource sees it."""

from collections.abc import Mapping
from http import HTTPStatus

from worker.sandbox.failures import refused
from worker.sandbox.messages import Request
from worker.sandbox.routes import Route
from worker.sandbox.server_state import Tokens
from worker.sandbox.state import Agreement

ACCEPTABLE = ("*/*", "application/*", "application/json")
HINT = "Send X-AppSecretToken and X-AgreementGrantToken; a revoked grant has to be made anew."


def authenticate(request: Request, agreements: Mapping[Tokens, Agreement]) -> tuple[str, Agreement]:
    """Return the app secret and the agreement that it opens.

    Raises:
        ApiError: 401, a header is missing, the tokens do not belong together (``E02250``), or the grant is revoked.

    """
    app, grant = request.headers.get("x-appsecrettoken", ""), request.headers.get("x-agreementgranttoken", "")
    if not app or not grant:
        raise refused(HTTPStatus.UNAUTHORIZED, "Access denied: an authentication header is missing.", "E00401", HINT)
    agreement = agreements.get((app, grant))
    if agreement is None:
        raise refused(HTTPStatus.UNAUTHORIZED, "Access denied: the tokens do not belong together.", "E02250", HINT)
    if agreement.revoked:
        raise refused(HTTPStatus.UNAUTHORIZED, "Access denied: the grant has been revoked.", "E00401", HINT)
    return app, agreement


def admit(request: Request, route: Route, agreement: Agreement) -> None:
    """Check role, ``Accept`` and ``Content-Type``.

    Raises:
        ApiError: 403, 406 or 415.

    """
    if route.roles and not route.roles & agreement.roles:
        needed = " or ".join(sorted(route.roles))
        raise refused(HTTPStatus.FORBIDDEN, f"Access denied: the role {needed} is needed.", "E00403")
    accept = request.headers.get("accept", "*/*")
    if not any(kind in accept for kind in ACCEPTABLE):
        raise refused(HTTPStatus.NOT_ACCEPTABLE, f"Not acceptable: {accept}.", "E00406", "Accept */*.")
    expected = "multipart/form-data" if route.upload else "application/json"
    if request.body and not request.headers.get("content-type", "").startswith(expected):
        raise refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {expected}.", "E00415")
