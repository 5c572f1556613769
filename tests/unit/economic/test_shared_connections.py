"""Connections that several agreements share."""

import httpx
from pydantic import SecretStr
from support import samples
from support.economic_bodies import Wire, networked_client

from config.settings_sections import Http
from worker.economic.thread_clients import ThreadClients


def test_two_agreements_use_one_connection_each_under_its_own_tokens() -> None:
    """Two hundred agreements and twenty threads would else open four thousand, more than a process may."""
    wire, made = Wire(), list[httpx.BaseTransport]()
    wire.collection("/customers")

    def make() -> httpx.BaseTransport:
        made.append(httpx.MockTransport(wire))
        return made[-1]

    connections = ThreadClients(Http(), make)
    for grant in ("grant-a", "grant-b"):
        export = samples.export(grant_token=SecretStr(grant))
        networked_client(export=export, connections=connections).customers_by_number([1])

    assert [request.headers["X-AgreementGrantToken"] for request in wire.requests] == ["grant-a", "grant-b"]
    assert len(made) == 1
