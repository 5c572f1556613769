"""A fake network below the client: answers by path, remembers every request."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import httpx
from support import samples
from support.clock import ManualClock
from support.rate_limiter import PatientRateLimiter

from config.exports import ExportConfig
from config.settings_sections import Http
from worker.domain.ports import RateLimiter
from worker.economic.client import EconomicClient
from worker.economic.port import CallSeen
from worker.economic.thread_clients import ThreadClients

API = "https://restapi.e-conomic.com"
NOT_FOUND = {"message": "Resource not found.", "httpStatusCode": 404, "logId": "0123-CPH"}
#: What an answer is: a status with a JSON body, a whole response, or an error of the network.
Answer = tuple[int, Any] | httpx.Response | Exception


class Wire:
    """Answers ``METHOD /path`` with the answers set for it, the last of them for ever; anything else is a 404."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: dict[str, list[Answer]] = {}

    def respond(self, route: str, *answers: Answer) -> None:
        self._answers[route] = list(answers)

    def collection(self, path: str, *items: Any) -> None:
        self.respond(f"GET {path}", (200, {"collection": list(items), "pagination": {"results": len(items)}}))

    @property
    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answers = self._answers.get(f"{request.method} {request.url.path}", [(404, NOT_FOUND)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(answer[0], json=answer[1])


def client(wire: Callable[[httpx.Request], httpx.Response], **changes: Any) -> EconomicClient:
    """Return a client over this wire, with its rate limiter in memory, both on one clock that stands still."""
    return networked_client(**{"transport": lambda: httpx.MockTransport(wire)} | changes)


def networked_client(  # noqa: PLR0913  # what a test may want to change
    *,
    export: ExportConfig | None = None,
    clock: ManualClock | None = None,
    rate_limiter: RateLimiter | None = None,
    accept: Callable[[int], None] = lambda _: None,
    transport: Callable[[], httpx.BaseTransport] | None = None,
    seen: Callable[[CallSeen], None] | None = None,
    connections: ThreadClients | None = None,
    stopped: Callable[[], bool] = lambda: False,
    slot: Callable[[], AbstractContextManager[None]] = nullcontext,
    **http: float,
) -> EconomicClient:
    """Return a client that opens sockets unless it has a ``transport``; ``http`` changes settings of that section."""
    clock = clock or ManualClock()
    return EconomicClient(
        export or samples.export(),
        rate_limiter=rate_limiter or PatientRateLimiter(clock),
        http=Http(**http),
        clock=clock,
        accept=accept,
        transport=transport,
        seen=seen,
        connections=connections,
        stopped=stopped,
        slot=slot,
    )


def agreement(wire: Wire) -> None:
    """Answer like a small agreement: groups 1 "3010" and 2 "3012", one open and one closed year."""
    wire.respond("GET /self", (200, {"agreementNumber": 123456, "settings": {"baseCurrency": "DKK"}}))
    wire.collection(
        "/product-groups", *({"productGroupNumber": n, "name": name} for n, name in ((1, "3010"), (2, "3012")))
    )
    for group in (1, 2):
        account = {"accountNumber": 1000 + group, "name": "Salg", "vatAccount": {"vatCode": "U25"}}
        wire.collection(
            f"/product-groups/{group}/sales-accounts", {"vatZone": {"vatZoneNumber": 1}, "salesAccount": account}
        )
        product = {"productNumber": f"P{group}", "name": "Fragt", "productGroup": {"productGroupNumber": group}}
        wire.collection(f"/product-groups/{group}/products", product)
    wire.collection(
        "/payment-terms", {"paymentTermsNumber": 5, "name": "30", "paymentTermsType": "net", "daysOfCredit": 30}
    )
    wire.collection("/vat-zones", {"vatZoneNumber": 1, "name": "Domestic"})
    wire.collection("/vat-accounts", {"vatCode": "U25", "ratePercentage": 25})
    wire.collection("/layouts", {"layoutNumber": 19, "name": "A"}, {"layoutNumber": 20, "name": "B", "deleted": True})
    wire.collection("/customer-groups", {"customerGroupNumber": 1, "name": "Debitorer"})
    wire.collection("/currencies", {"code": "DKK"}, {"code": "EUR"})
    wire.collection(
        "/accounting-years",
        {
            "year": "2025/2026",
            "fromDate": "2025-07-01",
            "toDate": "2026-06-30",
            "self": f"{API}/accounting-years/2025_6_2026a",
        },
        {"year": "2024", "fromDate": "2024-01-01", "toDate": "2024-12-31", "closed": True},
    )
    wire.collection("/accounting-years/2025_6_2026a/periods", {"fromDate": "2025-07-01", "toDate": "2025-07-31"})
    wire.collection("/journals", {"journalNumber": 1, "name": "Daglig", "settings": {"entryTypeRestrictedTo": "x"}})
