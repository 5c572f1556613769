"""What the checks of the exports' agreements came to, on Redis."""

import json
from dataclasses import asdict

from typing_extensions import override

from worker.domain.agreement import AgreementState, Shape
from worker.domain.store_port import AgreementPort
from worker.errors import Failure
from worker.store.connection import StoreConnection, text, texts


class RedisAgreements(StoreConnection, AgreementPort):
    """See ``AgreementPort``."""

    @override
    def claim_agreement(self, export: str, *, lease: float) -> bool:
        return texts(self.run("claim_agreement", export, lease)) == ["ok"]

    @override
    def agreement_state(self, export: str) -> AgreementState | None:
        kept = text(self.ask(["HGET", self.key("agreement", export), "state"])[0])
        return _load(kept) if kept else None

    @override
    def keep_agreement(self, export: str, state: AgreementState, *, again_in: float) -> None:
        self.run("keep_agreement", export, again_in, _dump(state))


def _dump(state: AgreementState) -> str:
    shapes = {
        path: {"items": shape.items, "seen": sorted(shape.seen), "always": sorted(shape.always)}
        for path, shape in state.shapes.items()
    }
    data = {"at": state.at, "failures": [asdict(failure) for failure in state.failures], "shapes": shapes}
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _load(kept: str) -> AgreementState:
    data = json.loads(kept)
    return AgreementState(
        at=data["at"],
        failures=tuple(Failure(**each) for each in data["failures"]),
        shapes={
            path: Shape(items=each["items"], seen=frozenset(each["seen"]), always=frozenset(each["always"]))
            for path, each in data["shapes"].items()
        },
    )
