"""The certificate over HTTP: the same injections, read through sockets."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from support import injections
from support.economic_bodies import networked_client
from support.listening import listening
from support.reconciled import Reconciled, reconciled

from worker.domain.certificate import Verdict
from worker.sandbox.app import Sandbox
from worker.sandbox.control import create_control
from worker.sandbox.grant_page import grant_page
from worker.sandbox.paths import Router
from worker.sandbox.protocol import Protocol
from worker.sandbox.resources import ROUTES

_TABLES = {"invoice": injections.INVOICE, "voucher": injections.VOUCHER, "journal": injections.JOURNAL}
#: Periods of each kind; with all injections of each: 200 certificates and more.
_SEEDS = range(4)


@contextmanager
def _served(world: Reconciled) -> Iterator[Reconciled]:
    """The world behind a socket."""
    state = world.harness.sandbox.server_state
    protocol = Protocol(server_state=state, router=Router(ROUTES))
    app = Sandbox(protocol, create_control(state), grant_page(state))
    with listening(app) as url:
        addresses = {"api_url": url, "openapi_url": url}
        client = networked_client(export=world.export.model_copy(update=addresses), clock=world.harness.clock)
        with closing(client):
            world.client = client
            yield world


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("kind", _TABLES)
def test_every_injection_is_named_rightly_over_http(kind: str, seed: int) -> None:
    """Each kind of injection on a period of its own making, one after the other."""
    made = reconciled(
        500 + seed, method="invoice" if kind == "invoice" else "voucher", size=3, booked=kind == "voucher"
    )
    with _served(made) as world:
        world.before = world.certificate()
        assert {each.verdict for each in world.before.findings} == {Verdict.EQUAL}
        wrong = {
            name: found
            for name, injection in _TABLES[kind].items()
            if (found := injections.apply(injection, world, "main-700002"))
        }

    assert wrong == {}
    assert world.harness.sandbox.server_state.request_log.findings == []


def test_there_are_two_hundred_certificates() -> None:
    """As many as the proof asks for."""
    assert len(_SEEDS) * sum(map(len, _TABLES.values())) >= 200
