"""A request from arrival to answer: tokens, rate, route, role, headers; then what ``exchange`` makes of it."""

from dataclasses import dataclass
from http import HTTPStatus

from worker.sandbox.failures import refused
from worker.sandbox.gate import admit, authenticate
from worker.sandbox.messages import Request
from worker.sandbox.paths import Router
from worker.sandbox.pipeline import NO_FAULT, Exchange, Outcome, refusal
from worker.sandbox.request_log import Entry
from worker.sandbox.server_state import ServerState
from worker.sandbox.state import Agreement, ApiError


@dataclass(frozen=True, kw_only=True, slots=True)
class Protocol:
    """What every resource has in common."""

    server_state: ServerState
    router: Router

    async def respond(self, request: Request) -> Outcome:
        """Answer one request and record it."""
        server_state = self.server_state
        entry = server_state.journal.open(
            at=server_state.clock.now(), method=request.method, path=request.url, key=request.key
        )
        try:
            app_secret, agreement = authenticate(request, server_state.agreements)
        except ApiError as error:
            outcome = Outcome(reply=refusal(server_state, entry, request, error))
        else:
            outcome = await self._metered(request, entry, app_secret, agreement)
        entry.status = outcome.reply.status if outcome.reply else 0
        return outcome

    async def _metered(self, request: Request, entry: Entry, app_secret: str, agreement: Agreement) -> Outcome:
        server_state, entry.agreement = self.server_state, agreement.number
        cost = server_state.cost(request.method, request.path, self.router.peek(request.method, request.path))
        reading = server_state.meter(agreement).take(entry.at, cost, server_state.protocol_switches)
        if reading.beyond_fair_use:
            server_state.journal.find(entry, ["Beyond the fair use of calls in 24 hours"])
        try:
            if reading.retry_after is not None:
                raise refused(HTTPStatus.TOO_MANY_REQUESTS, "Over quota, look at the response headers.", "E00429")
            outcome = await self._routed(request, entry, app_secret, agreement)
        except ApiError as error:
            outcome = Outcome(reply=refusal(server_state, entry, request, error))
        return outcome.with_headers(reading.headers())

    async def _routed(self, request: Request, entry: Entry, app_secret: str, agreement: Agreement) -> Outcome:
        if not self.router.knows(request.path):
            self.server_state.journal.find(entry, ["There is no such path"])
        route, params = self.router.find(request.method, request.path)
        admit(request, route, agreement)
        struck = self.server_state.faults.next(
            request.method, request.path, route.path, request.body, agreement=agreement.number
        )
        exchange = Exchange(
            server_state=self.server_state,
            request=request,
            entry=entry,
            agreement=agreement,
            route=route,
            params=params,
            keys=self.server_state.keys(app_secret, agreement),
            fault=struck or NO_FAULT,
        )
        return await exchange.run()
