"""A request from arrival to answer: tokens, rate, route, role, headers; then what ``exchange`` makes of it."""

from dataclasses import dataclass
from http import HTTPStatus

from worker.sandbox.failures import refused
from worker.sandbox.gate import admit, authenticate
from worker.sandbox.messages import Request
from worker.sandbox.paths import Router
from worker.sandbox.pipeline import NO_FAULT, Exchange, Outcome, refusal
from worker.sandbox.request_log import Entry
from worker.sandbox.server_state import World
from worker.sandbox.state import Agreement, ApiError


@dataclass(frozen=True, kw_only=True, slots=True)
class Protocol:
    """What every resource has in common."""

    world: World
    router: Router

    async def respond(self, request: Request) -> Outcome:
        """Answer one request and record it."""
        world = self.world
        entry = world.journal.open(at=world.clock.now(), method=request.method, path=request.url, key=request.key)
        try:
            app_secret, agreement = authenticate(request, world.agreements)
        except ApiError as error:
            outcome = Outcome(reply=refusal(world, entry, request, error))
        else:
            outcome = await self._metered(request, entry, app_secret, agreement)
        entry.status = outcome.reply.status if outcome.reply else 0
        return outcome

    async def _metered(self, request: Request, entry: Entry, app_secret: str, agreement: Agreement) -> Outcome:
        world, entry.agreement = self.world, agreement.number
        cost = world.cost(request.method, request.path, self.router.peek(request.method, request.path))
        reading = world.meter(agreement).take(entry.at, cost, world.knobs)
        if reading.beyond_fair_use:
            world.journal.find(entry, ["Beyond the fair use of calls in 24 hours"])
        try:
            if reading.retry_after is not None:
                raise refused(HTTPStatus.TOO_MANY_REQUESTS, "Over quota, look at the response headers.", "E00429")
            outcome = await self._routed(request, entry, app_secret, agreement)
        except ApiError as error:
            outcome = Outcome(reply=refusal(world, entry, request, error))
        return outcome.with_headers(reading.headers())

    async def _routed(self, request: Request, entry: Entry, app_secret: str, agreement: Agreement) -> Outcome:
        if not self.router.knows(request.path):
            self.world.journal.find(entry, ["There is no such path"])
        route, params = self.router.find(request.method, request.path)
        admit(request, route, agreement)
        struck = self.world.faults.next(
            request.method, request.path, route.path, request.body, agreement=agreement.number
        )
        exchange = Exchange(
            world=self.world,
            request=request,
            entry=entry,
            agreement=agreement,
            route=route,
            params=params,
            keys=self.world.keys(app_secret, agreement),
            fault=struck or NO_FAULT,
        )
        return await exchange.run()
