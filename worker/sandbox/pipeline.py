"""The way of an admitted request: faults of the gateway around the key memory around the resource.

Everything between two waits runs at once on the event loop, so a resource's changes are atomic.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from worker.sandbox import findings
from worker.sandbox.failures import refused, schema_failed
from worker.sandbox.faults import Fault
from worker.sandbox.idempotency import KeyMemory, in_flight
from worker.sandbox.listing import cursor_page, page
from worker.sandbox.messages import Reply, Request, decode, render, render_failure, upload
from worker.sandbox.request_log import Entry
from worker.sandbox.routes import Collection, Route, is_service
from worker.sandbox.server_state import ServerState
from worker.sandbox.shifting import capped, shift
from worker.sandbox.state import Agreement, Answer, ApiError, Call

GARBAGE = b"<html><body>502 Bad Gateway</body></html>"
NO_FAULT = Fault(action="delay")
REPLAYED = {"x-resultfromcache": "true"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What goes back to the client."""

    #: None: the connection is closed without an answer.
    reply: Reply | None
    #: Whether the connection is closed in the middle of the body.
    half: bool = False

    def with_headers(self, extra: Mapping[str, str]) -> "Outcome":
        """Return the same outcome with more headers on its answer, if there is one."""
        return self if self.reply is None else replace(self, reply=self.reply.with_headers(extra))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """One admitted request on its way to the resource and back."""

    server_state: ServerState
    request: Request
    entry: Entry
    agreement: Agreement
    route: Route
    #: Decoded path parameters.
    params: Mapping[str, str]
    #: What e-conomic remembers for this app and agreement.
    keys: KeyMemory
    fault: Fault = NO_FAULT

    async def run(self) -> Outcome:
        """Process the request and apply the gateway's faults to the answer."""
        fault = self.fault
        if fault.refuses:
            await self._arrive()
            return self._faulty(None)
        outcome = self._faulty(await self._once())
        if fault.when == "after":
            await asyncio.sleep(fault.delay)
        return outcome

    async def _once(self) -> Reply:
        """Process the request, or answer from the key memory."""
        request, entry, now = self.request, self.entry, self.entry.at
        if not request.key:
            return await self._perform()
        lifetime = self.server_state.protocol_switches.key_memory
        while known := self.keys.recall(request.key, url=request.url, body=request.body, now=now, lifetime=lifetime):
            if known.reply is not None:
                entry.replayed = True
                await self._arrive()
                return known.reply.with_headers(REPLAYED)
            if self.agreement.switches.in_flight == "refuse":
                raise in_flight()
            await known.finished.wait()
        memory, reply = self.keys.begin(request.key, url=request.url, body=request.body, now=now), None
        try:
            reply = await self._perform()
        finally:
            self.keys.finish(request.key, memory, reply, self.agreement.switches)
        return reply

    async def _perform(self) -> Reply:
        await self._arrive()
        fault = self.fault
        if fault.by_application and fault.when == "before":
            return self._status_reply()
        reply = await self._handle()
        return self._status_reply() if fault.by_application else reply

    async def _handle(self) -> Reply:
        request, route = self.request, self.route
        try:
            body, file_name, file = None, "", None
            form: Mapping[str, str] = {}
            if route.upload:
                file_name, file, form = await upload(request)
            else:
                body = self.entry.body = decode(request.body)
            self.server_state.request_log.add_findings(self.entry, findings.of_request(request, route, body))
            if route.fields and not isinstance(body, dict | list):
                raise schema_failed(["Expected Object but got nothing."])
            call = Call(
                method=request.method,
                path=request.path,
                params=self.params,
                query=request.query,
                body=body,
                file=file,
                file_name=file_name,
                form=form,
                now=self.server_state.clock.moment(),
            )
            return render(self._shaped(route.handler(self.agreement, call)))
        except ApiError as error:
            return refusal(self.server_state, self.entry, request, error)

    def _shaped(self, answer: Answer) -> Answer:
        if not isinstance(answer.body, Collection):
            return answer
        query = self.request.query
        if self.route.service:
            return replace(answer, body=cursor_page(answer.body, query))
        host, query = (
            self.request.headers.get("host", "restapi.e-conomic.com"),
            capped(self.agreement, self.request.path, query),
        )
        body = page(answer.body, query, f"http://{host}{self.request.path}")
        if "nextPage" in body["pagination"]:
            following = {**query, "skippages": str(body["pagination"]["skipPages"] + 1)}
            shift(self.agreement, body["collection"], page(answer.body, following, "")["collection"])
        return replace(answer, body=body)

    def _faulty(self, reply: Reply | None) -> Outcome:
        action = self.fault.action
        if self.fault is not NO_FAULT:
            self.entry.fault = f"{self.fault.when} {action}"
        if action == "drop" or (action == "half" and reply is not None and not reply.body):
            return Outcome(reply=None)
        if action == "body" and (reply is None or reply.status < HTTPStatus.BAD_REQUEST):
            wrong = render(Answer(status=HTTPStatus.OK, body=self.fault.body))
            return Outcome(reply=wrong if reply is None else replace(reply, body=wrong.body))
        if reply is None or (action == "status" and not self.fault.by_application):
            return Outcome(reply=self._status_reply())
        if action == "garbage":
            return Outcome(reply=replace(reply, status=reply.status if reply.body else HTTPStatus.OK, body=GARBAGE))
        return Outcome(reply=reply, half=action == "half")

    def _status_reply(self) -> Reply:
        status = self.fault.status
        error = refused(status, status.phrase, f"E00{status}", "A fault of the sandbox's script.")
        reply = rendered(self.server_state, self.entry, self.request, error)
        after = self.fault.retry_after
        return reply if after is None else reply.with_headers({"retry-after": str(after)})

    async def _arrive(self) -> None:
        seconds = self.server_state.protocol_switches.latency_ms / 1000 + (
            self.fault.delay if self.fault.when == "before" else 0
        )
        if seconds:
            await asyncio.sleep(seconds)


def refusal(server_state: ServerState, entry: Entry, request: Request, error: ApiError) -> Reply:
    """Render a refusal, and record it when it is the client's own mistake."""
    server_state.request_log.add_findings(entry, findings.of_refusal(error.body))
    return rendered(server_state, entry, request, error)


def rendered(server_state: ServerState, entry: Entry, request: Request, error: ApiError) -> Reply:
    """Render a refusal in the shape of the host that the path belongs to."""
    moment, service = server_state.clock.moment(), is_service(request.path)
    return render_failure(error, service=service, call=entry.n, now=moment, path=request.path)
