"""The control path ``/_sandbox``: faults, time, content, journal. It takes no tokens and is no part of e-conomic."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.sandbox import dump
from worker.sandbox.faults import Fault
from worker.sandbox.messages import decode, encode
from worker.sandbox.server_state import ServerState
from worker.sandbox.state import Agreement, ApiError, Json, Switches
from worker.sandbox.switches import ProtocolSwitches

PREFIX = "/_sandbox"
FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])
KNOBS, SWITCHES = TypeAdapter(ProtocolSwitches), TypeAdapter(Switches)
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
    ``GET|PATCH switches``                  protocol_switches of the sandbox and switches of every agreement, by name
    ``PATCH agreements/{n}``                ``{"revoked": bool, "roles": [..]}``
    ``PUT|DELETE agreements/{n}/{kind}/k``  add, change or remove a resource (see ``worker.sandbox.dump``)
    ``POST reset``                          everything as at the start
    ======================================  =====================================================================
    """
    desk = _Desk(server_state)
    table: list[tuple[str, str, Work]] = [
        ("GET", "/health", lambda *_: {"ok": True}),
        ("GET", "/faults", lambda *_: {"faults": server_state.faults.report()}),
        ("POST", "/faults", desk.add_faults),
        ("DELETE", "/faults", lambda *_: server_state.faults.clear()),
        ("GET", "/clock", desk.time),
        ("POST", "/clock", desk.move_time),
        ("GET", "/state", desk.state),
        ("GET", "/requests", desk.journal),
        ("GET", "/findings", lambda *_: {"findings": [asdict(each) for each in server_state.journal.findings]}),
        ("GET", "/switches", desk.switches),
        ("PATCH", "/switches", desk.turn),
        ("PATCH", "/agreements/{number:int}", desk.change_agreement),
        ("PUT", "/agreements/{number:int}/{kind}/{key:path}", desk.put),
        ("DELETE", "/agreements/{number:int}/{kind}/{key:path}", desk.remove),
        ("POST", "/reset", lambda *_: server_state.reset()),
    ]
    return Starlette(routes=[Route(PREFIX + path, _endpoint(work), methods=[method]) for method, path, work in table])


class _Desk:
    def __init__(self, server_state: ServerState) -> None:
        self._world = server_state

    def add_faults(self, _: Request, body: Any) -> Json:
        for fault in FAULTS.validate_python(body if isinstance(body, list) else [body]):
            self._world.faults.add(fault)
        return {"faults": self._world.faults.report()}

    def time(self, _: Request, __: Any) -> Json:
        clock = self._world.clock
        return {"now": clock.moment().isoformat(), "epoch": clock.now()}

    def move_time(self, request: Request, body: Any) -> Json:
        if "advance" in body:
            self._world.clock.advance(float(body["advance"]))
        else:
            self._world.clock.set(_epoch(body["set"]))
        return self.time(request, body)

    def state(self, request: Request, _: Any) -> Json:
        wanted = request.query_params.get("agreement")
        found = {str(each.number): each for each in self._world.agreements.values()}
        return {number: dump.dump(each) for number, each in found.items() if wanted in {None, number}}

    def journal(self, request: Request, _: Any) -> Json:
        after = int(request.query_params.get("after", "0"))
        return {"requests": [asdict(entry) for entry in self._world.journal.entries[after:]]}

    def switches(self, _: Request, __: Any) -> Json:
        agreements = self._world.agreements.values()
        return asdict(self._world.protocol_switches) | {
            "agreements": {str(each.number): asdict(each.switches) for each in agreements}
        }

    def turn(self, request: Request, body: Any) -> Json:
        """Change protocol_switches and switches by name; all are checked before any is changed."""
        server_state, known = self._world, {each.name for each in fields(ProtocolSwitches)}
        names = known | {each.name for each in fields(Switches)}
        if unknown := body.keys() - names:
            raise ValueError(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(names))}.")
        ours = {name: value for name, value in body.items() if name in known}
        theirs = {name: value for name, value in body.items() if name not in known}
        protocol_switches = KNOBS.validate_python(asdict(server_state.protocol_switches) | ours)
        switches = [
            (each, SWITCHES.validate_python(asdict(each.switches) | theirs))
            for each in server_state.agreements.values()
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

    def put(self, request: Request, body: Any) -> Any:
        return dump.put(self._agreement(request), request.path_params["kind"], request.path_params["key"], body)

    def remove(self, request: Request, _: Any) -> None:
        dump.remove(self._agreement(request), request.path_params["kind"], request.path_params["key"])

    def _agreement(self, request: Request) -> Agreement:
        agreement = self._world.numbered(request.path_params["number"])
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
