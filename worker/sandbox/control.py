"""The control path ``/_sandbox``: faults, time, content, requests, switches.

It takes no tokens and is no part of e-conomic.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox import dump
from worker.sandbox.faults import Fault
from worker.sandbox.messages import decode, encode
from worker.sandbox.resources.payments import pay
from worker.sandbox.server_state import ServerState
from worker.sandbox.state import Agreement, ApiError, Call, Json
from worker.sandbox.switches import AgreementSwitches, ProtocolSwitches

PREFIX = "/_sandbox"
FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])
PROTOCOL_SWITCHES, AGREEMENT_SWITCHES = TypeAdapter(ProtocolSwitches), TypeAdapter(AgreementSwitches)
Work = Callable[[Request, Any], Any]


class AgreementChange(BaseModel):
    """What can be changed about an agreement as a whole; None leaves it as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Whether the grant answers 401.
    revoked: bool | None = None
    #: Role names granted: ``SuperUser``, ``Sales``, ``Bookkeeping``.
    roles: set[str] | None = None


def create_control(server_state: ServerState) -> Starlette:
    """Return the control application.

    ======================================  =====================================================================
    ``GET  health``                         ``{"ok": true}``
    ``GET|POST|DELETE faults``              the script with its counts; append a fault or a list of them; clear
    ``GET|POST clock``                      the sandbox's time; ``{"advance": seconds}`` or ``{"set": epoch or ISO}``
    ``GET  state[?agreement=n]``            content of every agreement, keyed by number
    ``GET  journal[?after=n]``              every request
    ``GET  findings``                       what the real e-conomic would have ignored, or refused as a mistake
    ``GET|PATCH switches``                  switches of the protocol and of every agreement, by name
    ``PATCH agreements/{n}``                ``{"revoked": bool, "roles": [..]}``
    ``PUT|DELETE agreements/{n}/{kind}/k``  add, change or remove a resource (see ``worker.sandbox.dump``)
    ``POST agreements/{n}/payments``        ``{"invoice": number, "amount": 100.0, "date": ISO}``: its customer pays
    ``POST reset``                          everything as at the start
    ======================================  =====================================================================
    """
    handlers = _Handlers(server_state)
    table: list[tuple[str, str, Work]] = [
        ("GET", "/health", lambda *_: {"ok": True}),
        ("GET", "/faults", lambda *_: {"faults": server_state.faults.report()}),
        ("POST", "/faults", handlers.add_faults),
        ("DELETE", "/faults", lambda *_: server_state.faults.clear()),
        ("GET", "/clock", handlers.time),
        ("POST", "/clock", handlers.move_time),
        ("GET", "/state", handlers.state),
        ("GET", "/requests", handlers.requests),
        (
            "GET",
            "/findings",
            lambda *_: {"findings": [asdict(finding) for finding in server_state.request_log.findings]},
        ),
        ("GET", "/switches", handlers.switches),
        ("PATCH", "/switches", handlers.turn),
        ("PATCH", "/agreements/{number:int}", handlers.change_agreement),
        ("POST", "/agreements/{number:int}/payments", handlers.pay),
        ("PUT", "/agreements/{number:int}/{kind}/{key:path}", handlers.put),
        ("DELETE", "/agreements/{number:int}/{kind}/{key:path}", handlers.remove),
        ("POST", "/reset", lambda *_: server_state.reset()),
    ]
    return Starlette(routes=[Route(PREFIX + path, _endpoint(work), methods=[method]) for method, path, work in table])


class _Handlers:
    def __init__(self, server_state: ServerState) -> None:
        self._state = server_state

    def add_faults(self, _: Request, body: Any) -> Json:
        for fault in FAULTS.validate_python(body if isinstance(body, list) else [body]):
            self._state.faults.add(fault)
        return {"faults": self._state.faults.report()}

    def time(self, _: Request, __: Any) -> Json:
        clock = self._state.clock
        return {"now": clock.moment().isoformat(), "epoch": clock.now()}

    def move_time(self, request: Request, body: Any) -> Json:
        if "advance" in body:
            self._state.clock.advance(float(body["advance"]))
        else:
            self._state.clock.set(_epoch(body["set"]))
        return self.time(request, body)

    def state(self, request: Request, _: Any) -> Json:
        wanted = request.query_params.get("agreement")
        agreements = {str(agreement.number): agreement for agreement in self._state.agreements.values()}
        return {number: dump.dump(agreement) for number, agreement in agreements.items() if wanted in {None, number}}

    def requests(self, request: Request, _: Any) -> Json:
        after = int(request.query_params.get("after", "0"))
        return {"requests": [asdict(entry) for entry in self._state.request_log.entries[after:]]}

    def switches(self, _: Request, __: Any) -> Json:
        agreements = self._state.agreements.values()
        return asdict(self._state.protocol_switches) | {
            "agreements": {str(agreement.number): asdict(agreement.switches) for agreement in agreements}
        }

    def turn(self, request: Request, body: Any) -> Json:
        """Change switches by name, of the protocol or of every agreement; all are checked before any is changed."""
        server_state, known = self._state, {field.name for field in fields(ProtocolSwitches)}
        names = known | {field.name for field in fields(AgreementSwitches)}
        if unknown := body.keys() - names:
            raise ValueError(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(names))}.")
        ours = {name: value for name, value in body.items() if name in known}
        theirs = {name: value for name, value in body.items() if name not in known}
        protocol_switches = PROTOCOL_SWITCHES.validate_python(asdict(server_state.protocol_switches) | ours)
        switches = [
            (agreement, AGREEMENT_SWITCHES.validate_python(asdict(agreement.switches) | theirs))
            for agreement in server_state.agreements.values()
        ]
        server_state.protocol_switches = protocol_switches
        for agreement, turned in switches:
            agreement.switches = turned
        return self.switches(request, body)

    def change_agreement(self, request: Request, body: Any) -> Json:
        agreement = self._agreement(request)
        change = AgreementChange.model_validate(body)
        agreement.roles = agreement.roles if change.roles is None else change.roles
        agreement.revoked = agreement.revoked if change.revoked is None else change.revoked
        return {"number": agreement.number, "revoked": agreement.revoked, "roles": agreement.roles}

    def pay(self, request: Request, body: Any) -> Json:
        """Enter a payment that carries the invoice's number; what is beyond the remainder stays on the payment."""
        now = self._state.clock.moment()
        call = Call(method="POST", path=str(request.url.path), now=now)
        day = str(body.get("date") or f"{now:%Y-%m-%d}")
        return pay(self._agreement(request), int(body["invoice"]), Decimal(str(body["amount"])), day, call)

    def put(self, request: Request, body: Any) -> Any:
        return dump.put(self._agreement(request), request.path_params["kind"], request.path_params["key"], body)

    def remove(self, request: Request, _: Any) -> None:
        dump.remove(self._agreement(request), request.path_params["kind"], request.path_params["key"])

    def _agreement(self, request: Request) -> Agreement:
        agreement = self._state.numbered(request.path_params["number"])
        if agreement is None:
            raise KeyError(f"agreement {request.path_params['number']}")
        return agreement


def _endpoint(work: Work) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            result = work(request, decode(await request.body()))
        except (ApiError, ValidationError, ValueError, TypeError, AttributeError) as error:
            return Response(encode({"message": str(error)}), status_code=400, media_type="application/json")
        except KeyError as error:
            return Response(
                encode({"message": f"There is no {error}."}), status_code=404, media_type="application/json"
            )
        return Response(encode(result), media_type="application/json")

    return endpoint


def _epoch(moment: Any) -> float:
    if isinstance(moment, str):
        parsed = datetime.fromisoformat(moment)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    return float(moment)
