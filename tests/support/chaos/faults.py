"""Troubles at one effect: what e-conomic, the network, Redis or the worker's own end do to a call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from support.harness import Harness, Killed

from worker.sandbox.messages import Reply
from worker.sandbox.server import DEFAULT_TOKENS

Answer = Callable[[httpx.Request], httpx.Response]
Strike = Callable[[httpx.Request, Answer], httpx.Response]


def _status(code: int, **headers: str) -> Answer:
    def reply(request: httpx.Request) -> httpx.Response:
        body = {"message": "The schedule said so.", "errorCode": f"E00{code}", "httpStatusCode": code}
        return httpx.Response(code, json=body, headers=headers, request=request)

    return reply


def _raise(error: Callable[[httpx.Request], BaseException]) -> Answer:
    def cut(request: httpx.Request) -> httpx.Response:
        raise error(request)

    return cut


def _before(act: Answer) -> Strike:
    return lambda request, _: act(request)


def _after(act: Answer) -> Strike:
    def strike(request: httpx.Request, answer: Answer) -> httpx.Response:
        answer(request)
        return act(request)

    return strike


#: Trouble at an HTTP call: before it is processed, or after.
HTTP: Mapping[str, Strike] = {
    "crash-before": _before(_raise(lambda _: Killed())),
    "crash-after": _after(_raise(lambda _: Killed())),
    "connect-error": _before(_raise(lambda request: httpx.ConnectError("refused", request=request))),
    "timeout-before": _before(_raise(lambda request: httpx.ReadTimeout("silence", request=request))),
    "timeout-after": _after(_raise(lambda request: httpx.ReadTimeout("silence", request=request))),
    "cut-after": _after(_raise(lambda request: httpx.RemoteProtocolError("cut", request=request))),
    "500-before": _before(_status(500)),
    "500-after": _after(_status(500)),
    "503-before": _before(_status(503)),
    "429-before": _before(_status(429, **{"Retry-After": "30"})),
    "garbage-after": _after(lambda request: httpx.Response(200, content=b"<html>", request=request)),
}
#: A refusal that is not remembered under the key: by a rule that has just changed. It makes an honest dead letter.
REFUSED = "refused"
ORDERS: Mapping[str, Strike] = {**HTTP, REFUSED: _before(_status(400))}
#: Trouble at a write: its client gives up; it lands when the next worker has had so many effects (0: before its first).
LATE: Mapping[str, int] = {f"lands-after-{effects}": effects for effects in (0, 1, 2, 4, 6)}
#: Trouble at a write: its key has been used for another body within the hour.
PAYLOAD_CHANGED = "payload-changed"
#: Trouble at a trip to Redis, and whether the trip is made all the same.
LEDGER: Mapping[str, bool] = {
    "crash-before": False,
    "crash-after": True,
    "store-unavailable-before": False,
    "store-unavailable-after": True,
}
#: Trouble at any effect: the worker dies after it, and Redis has lost what the last trips to it wrote.
LOST_WRITES: Mapping[str, int] = {f"crash-and-{trips}-trips-forgotten": trips for trips in (1, 2, 3)}
WRITES = (*HTTP, *LATE, PAYLOAD_CHANGED)
EVERY = tuple(sorted({*WRITES, *LEDGER, *LOST_WRITES}))


@dataclass(kw_only=True)
class DelayedRequests:
    """Requests that their client has given up, still on their way."""

    waiting: list[tuple[int, httpx.Request, Answer]] = field(default_factory=list)

    def lose(self, trouble: str, request: httpx.Request, answer: Answer) -> httpx.Response:
        """Give the request up; it will land all the same. Raises what the client sees."""
        self.waiting.append((LATE[trouble] + 1, request, answer))
        raise httpx.ReadTimeout("silence", request=request)

    def tick(self) -> None:
        """A worker begins, or comes to an effect: what is due lands."""
        self.waiting = [(left - 1, request, answer) for left, request, answer in self.waiting]
        self.land(0)

    def land(self, till: float) -> None:
        """Let everything land that has at most so many ticks left."""
        due = [each for each in self.waiting if each[0] <= till]
        self.waiting = [each for each in self.waiting if each[0] > till]
        for _, request, answer in due:
            answer(request)


def use_key(harness: Harness, request: httpx.Request) -> None:
    """Let another body have been sent under this request's key: e-conomic answers ``PayloadChanged`` for an hour."""
    server_state, agreement = harness.sandbox.server_state, harness.sandbox.agreement
    keys = server_state.keys(DEFAULT_TOKENS[0], agreement)
    url = request.url.raw_path.decode()
    memory = keys.begin(request.headers["Idempotency-Key"], url=url, body=b"another", now=harness.clock())
    keys.finish(request.headers["Idempotency-Key"], memory, Reply(status=201, body=b"{}"), agreement.switches)
