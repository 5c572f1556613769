"""Several workers on one installation, each effect a point where another may go first: one thread runs at a time.

Whoever comes to an effect hands the baton back and waits. What happens to it next is an order of the schedule's: go
on, or meet a fault. A worker that stood still for longer than the deadline of a call refuses to send it any more, as
the client's sockets do (``worker.economic.thread_clients``); a trip to Redis knows no such deadline.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from support.chaos.faults import DELAYED, HTTP_OR_REFUSED, PAYLOAD_CHANGED, STORE, Answer, DelayedRequests, use_key
from support.harness import PERIOD, Harness, Killed

from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import InvoiceRecord
from worker.errors import StoreUnavailable

#: Seconds that a call may take from its start (``http.deadline``).
DEADLINE = 15.0
GO = "go"
#: Seconds that an effect takes: no two moments are the same.
TICK = 0.001


class Worker:
    """One worker process; it runs one execution at a time."""

    def __init__(self, interleaving: "Interleaving", name: str) -> None:
        interleaving.harness.hire()
        self.name = name
        self.exporter, self.preflight, self.context = (
            interleaving.harness.exporter,
            interleaving.harness.preflight,
            interleaving.harness.context,
        )
        #: The effect that it stands before; empty: none, its execution is over.
        self.at = ""
        self.dead = False
        self.result: Any = None
        self.order = GO
        #: What it holds: invoice id -> the fence of its claim.
        self.fences: dict[str, int] = {}
        self._interleaving = interleaving
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)

    @property
    def busy(self) -> bool:
        return bool(self.at)

    def begin(self, message: str) -> None:
        """Take a message and go as far as its first effect."""
        if message == PERIOD:
            self._start(lambda: self.preflight.run(PERIOD, self.context))
        else:
            self._start(lambda: self.exporter.run(message))

    def resume(self, order: str = GO) -> None:
        """Let it have its effect, with this fault, and go as far as the next."""
        self.order = order
        self._go.release()
        self._back.acquire()

    def finish(self) -> None:
        """Let it go on to the end of its execution."""
        while self.busy:
            self.resume()

    def stand(self, effect: str) -> str:
        """Called in its own thread: wait before an effect; return the order."""
        if self.dead:
            raise Killed
        self.at = effect
        self._back.release()
        self._go.acquire()
        return self.order

    def die(self) -> None:
        """Called in its own thread: nothing after this happens in it."""
        self.dead = True
        raise Killed

    def _start(self, execution: Callable[[], Any]) -> None:
        threading.Thread(target=self._run, args=(execution,), daemon=True).start()
        self._back.acquire()

    def _run(self, execution: Callable[[], Any]) -> None:
        self._interleaving.local.worker = self
        try:
            self.result = execution()
        except (Killed, StoreUnavailable) as end:
            self.result = end
        except Exception as bug:  # noqa: BLE001  # it is part of the result, whatever it is
            self.result = bug
            self._interleaving.wrong.append(f"{self.name} ended with {bug!r}")
        finally:
            self.at = ""
            self._back.release()


class Interleaving:
    """Workers on one installation, and what happens between them."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.local = threading.local()
        self.delayed = DelayedRequests()
        #: Effects of all workers, in order.
        self.effects: list[str] = []
        self.wrong: list[str] = []
        #: By name: seconds that a worker's own clock is ahead.
        self.ahead: Mapping[str, float] = {}
        harness.around_http = self._http
        harness.around_store = self._store

    def hire(self, name: str) -> Worker:
        return Worker(self, name)

    def stop(self, *workers: Worker) -> None:
        """Kill whoever still stands somewhere, so that no thread is left behind."""
        for worker in workers:
            while worker.busy:
                worker.resume("crash-before")

    def _stand(self, what: str) -> tuple[Worker | None, str]:
        worker: Worker | None = getattr(self.local, "worker", None)
        if worker is None:
            return None, GO
        order = worker.stand(what)
        self.harness.clock.advance(TICK)
        self.harness.worker_ahead = self.ahead.get(worker.name, 0.0)
        self.effects.append(f"{worker.name} {what} {order}")
        self.delayed.tick()
        return worker, order

    def _http(self, request: httpx.Request, answer: Answer) -> httpx.Response:
        since = self.harness.clock()
        worker, order = self._stand(f"http {request.method} {request.url.path}")
        if order in HTTP_OR_REFUSED:
            return self._inject(worker, order, request, answer)
        if self.harness.clock() - since > DEADLINE:
            raise httpx.WriteTimeout("the deadline of the call has passed", request=request)
        if order in DELAYED and request.method != "GET":
            return self.delayed.lose(order, request, answer)
        if order == PAYLOAD_CHANGED and request.method != "GET":
            use_key(self.harness, request)
        return answer(request)

    def _inject(self, worker: Worker | None, order: str, request: httpx.Request, answer: Answer) -> httpx.Response:
        try:
            return HTTP_OR_REFUSED[order](request, answer)
        except Killed:
            if worker:
                worker.dead = True
            raise

    def _store(self, name: str, trip: Callable[[], Any]) -> Any:
        worker, order = self._stand(f"store {name}")
        before = order in STORE and not STORE[order]
        result = None if before else self._watched(worker, name, trip)
        if worker and order.startswith("crash"):
            worker.die()
        if order in STORE:
            raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "The schedule said so."))
        return result

    def _watched(self, worker: Worker | None, name: str, trip: Callable[[], Any]) -> Any:
        """Make the trip; a write of an invoice under a fence that is not the last one must have been refused."""
        result = trip()
        if worker and isinstance(result, InvoiceRecord):
            if name == "claim":
                worker.fences[result.id] = result.fence
            elif worker.fences.get(result.id) != self.harness.record(result.id).fence:
                self.wrong.append(f"a stale write of {worker.name} was accepted")
        return result
