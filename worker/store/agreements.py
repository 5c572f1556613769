"""What the checks of the exports' agreements came to, on Redis."""

# ruff: noqa: PLC0415  # `status` needs which agreements failed, and nothing of their states

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from typing_extensions import override

from worker.domain.reconcile_ports import AgreementPort
from worker.errors import Failure
from worker.store.connection import StoreConnection, mapping, text, texts, token

if TYPE_CHECKING:
    from worker.domain.agreement import AgreementState


class RedisAgreements(StoreConnection, AgreementPort):
    """See ``AgreementPort``."""

    @override
    def claim_agreement(self, export: str, *, lease: float) -> bool:
        return texts(self.run("claim_agreement", export, token(), lease)) == ["ok"]

    @override
    def agreement_state(self, export: str) -> AgreementState | None:
        from worker.domain.agreement import AgreementState, Shape

        state, failures = self.ask(
            ["HGET", self.key("agreement", export), "state"], ["HGET", self.key("agreement-failures"), export]
        )
        if not text(state):
            return None
        kept = json.loads(text(state))
        shapes = {
            path: Shape(items=shape["items"], seen=frozenset(shape["seen"]), always=frozenset(shape["always"]))
            for path, shape in kept["shapes"].items()
        }
        return AgreementState(at=kept["at"], failures=_failures(text(failures)), shapes=shapes)

    @override
    def keep_agreement(self, export: str, state: AgreementState, *, again_in: float) -> None:
        shapes = {
            path: {"items": shape.items, "seen": sorted(shape.seen), "always": sorted(shape.always)}
            for path, shape in state.shapes.items()
        }
        failures = _dump([asdict(failure) for failure in state.failures]) if state.failures else ""
        self.run("keep_agreement", export, again_in, _dump({"at": state.at, "shapes": shapes}), failures)

    def agreement_failures(self) -> Mapping[str, Sequence[Failure]]:
        """See ``OperatorPort``."""
        kept = mapping(self.ask(["HGETALL", self.key("agreement-failures")])[0])
        return {export: _failures(each) for export, each in kept.items()}


def _failures(kept: str) -> tuple[Failure, ...]:
    return tuple(Failure(**each) for each in json.loads(kept)) if kept else ()


def _dump(data: object) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
