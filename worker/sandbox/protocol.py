"""Checks that every request passes: tokens, rate, route, role, headers; then the pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from worker.sandbox.failures import refused
from worker.sandbox.messages import Request
from worker.sandbox.paths import Router
from worker.sandbox.pipeline import NO_FAULT, Outcome, Pipeline, refusal
from worker.sandbox.request_log import Entry
from worker.sandbox.routes import Route
from worker.sandbox.server_state import ServerState, Tokens
from worker.sandbox.state import Agreement, ApiError

ACCEPTABLE = ("*/*", "application/*", "application/json")
HINT = "Send X-AppSecretToken and X-AgreementGrantToken; a revoked grant has to be made anew."


@dataclass(frozen=True, kw_only=True, slots=True)
class Protocol:
    """What every resource has in common."""

    server_state: ServerState
    router: Router

    async def respond(self, request: Request) -> Outcome:
        """Answer one request and record it."""
        server_state = self.server_state
        entry = server_state.request_log.open(
            at=server_state.clock.now(), method=request.method, path=request.url, key=request.key
        )
        try:
            app_secret, agreement = authenticate(request, server_state.agreements)
        except ApiError as error:
            outcome = Outcome(reply=refusal(server_state, entry, request, error))
        else:
            outcome = await self._metered(request, entry, app_secret, agreement)
        told = server_state.clock.now() + server_state.protocol_switches.date_shift
        outcome = outcome.with_headers({"date": formatdate(told, usegmt=True)})
        entry.status = outcome.reply.status if outcome.reply else 0
        return outcome

    async def _metered(self, request: Request, entry: Entry, app_secret: str, agreement: Agreement) -> Outcome:
        server_state, entry.agreement = self.server_state, agreement.number
        cost = server_state.cost(request.method, request.path, self.router.peek(request.method, request.path))
        reading = server_state.meter(agreement).take(entry.at, cost, server_state.protocol_switches)
        if reading.beyond_fair_use:
            server_state.request_log.add_findings(entry, ["Beyond the fair use of calls in 24 hours"])
        try:
            if reading.retry_after is not None:
                raise refused(HTTPStatus.TOO_MANY_REQUESTS, "Over quota, look at the response headers.", "E00429")
            outcome = await self._routed(request, entry, app_secret, agreement)
        except ApiError as error:
            outcome = Outcome(reply=refusal(server_state, entry, request, error))
        return outcome.with_headers(reading.headers())

    async def _routed(self, request: Request, entry: Entry, app_secret: str, agreement: Agreement) -> Outcome:
        if not self.router.knows(request.path):
            self.server_state.request_log.add_findings(entry, ["There is no such path"])
        route, params = self.router.find(request.method, request.path)
        admit(request, route, agreement)
        struck = self.server_state.faults.next(
            request.method, request.path, route.path, request.body, agreement=agreement.number
        )
        pipeline = Pipeline(
            server_state=self.server_state,
            request=request,
            entry=entry,
            agreement=agreement,
            route=route,
            params=params,
            keys=self.server_state.keys(app_secret, agreement),
            fault=struck or NO_FAULT,
        )
        return await pipeline.run()


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
