"""The client against the sandbox, over a real socket: what one sends, the other understands, without a finding."""

import json
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support import samples
from support.economic_bodies import networked_client

from worker.domain.identity import canonical_json
from worker.domain.record import Intent
from worker.economic.client import EconomicClient
from worker.economic.mapping.customer_payload import updated
from worker.economic.mapping.documents import read_document
from worker.errors import ExportError, Misconfigured, Refused, Throttled, Unavailable, Uncertain


def draft(reference: str = "main-1", *, price: str = "1000.00", key: str = "key-1") -> Intent:
    body = {
        "date": "2026-11-20",
        "currency": "DKK",
        "layout": {"layoutNumber": 17},
        "paymentTerms": {"paymentTermsNumber": 13},
        "customer": {"customerNumber": 1001},
        "recipient": {"name": "Aalbæk Tømrerfirma ApS", "vatZone": {"vatZoneNumber": 1}},
        "references": {"other": reference},
        "lines": [{"product": {"productNumber": "FRAGT"}, "quantity": 1, "unitNetPrice": float(price)}],
    }
    return Intent(step="draft", method="POST", path="/invoices/drafts", body=json.dumps(body), key=key, at=0.0)


def booking(number: int, *, key: str = "key-2") -> Intent:
    body = json.dumps({"draftInvoice": {"draftInvoiceNumber": number}})
    return Intent(step="book", method="POST", path="/invoices/booked", body=body, key=key, at=0.0)


def strike(control: httpx.Client, **fault: Any) -> None:
    control.post("/faults", json=fault).raise_for_status()


def test_master_data(economic: EconomicClient) -> None:
    """The whole agreement, groups with accounts and products for the accounts named."""
    data = economic.master_data(frozenset({"3010", "3030"}))

    assert (data.agreement, data.base_currency) == (417_001, "DKK")
    assert [group.number for group in data.groups] == [61, 62, 63, 64, 65, 66]
    assert [len(group.accounts) for group in data.groups] == [4, 0, 0, 1, 0, 0]  # zones with an account
    assert [product.number for product in data.products] == ["FRAGT", "TERMINAL"]
    assert (len(data.payment_terms), len(data.vat_accounts), len(data.journals)) == (8, 6, 2)
    assert (sorted(data.layouts), sorted(data.vat_zones)) == ([17, 18], [1, 2, 3, 4])
    assert [(year.year, year.closed, len(year.periods)) for year in data.years] == [
        ("2024", True, 0),
        ("2025", False, 12),
        ("2026", False, 12),
        ("2027", False, 12),
    ]


def test_a_customer_is_read_whole_and_written_back(economic: EconomicClient) -> None:
    """Every property as e-conomic has it; what goes back with another address keeps all the others."""
    before = economic.customer_resource(1050)
    assert before is not None
    opters = samples.customer(address="Ny Vej 1", zip=None, city=None, changed_at="2026-11-20T15:04:05Z")
    body = canonical_json(updated(opters.model_copy(update={"name": before["name"]}), before) or {})
    economic.send(Intent(step="update", method="PUT", path="/customers/1050", body=body, key="key-9", at=0.0))
    after = economic.customer_resource(1050)

    assert after is not None
    assert {name for name in after if after[name] != before[name]} == {"address", "lastUpdated"}
    assert after["barred"] is True
    assert economic.customer_resource(999_999) is None


def test_customers(economic: EconomicClient) -> None:
    """By number; by a corporate id that two share; by a name with characters that filters know."""
    first, barred = economic.customers_by_number([1001, 1050, 999_999])
    namesakes = economic.customers_by_number([1059, 1060])

    assert (first.number, barred.barred) == (1001, True)
    assert list(economic.customers_by_corporate_id([namesakes[0].corporate_id])) == list(namesakes)
    assert [customer.number for customer in economic.customers_by_name(first.name.upper())] == [1001]
    assert economic.customers_by_name("No (such), $customer* [x]") == []


@pytest.mark.parametrize("name", ["Søn (Nord) & Co, 100% $ur* [DK]", "a)b$c", "$null:", "O'Brien; + #1?"])
def test_awkward_names_are_found_again(economic: EconomicClient, name: str) -> None:
    """Created, and found under exactly this name."""
    body = {
        "name": name,
        "currency": "DKK",
        "customerGroup": {"customerGroupNumber": 21},
        "vatZone": {"vatZoneNumber": 1},
        "paymentTerms": {"paymentTermsNumber": 12},
        "customerNumber": 5001,
    }
    create = Intent(step="customer", method="POST", path="/customers", body=json.dumps(body), key="c-1", at=0.0)
    economic.send(create)

    assert [customer.number for customer in economic.customers_by_name(name)] == [5001]


def test_an_invoice_from_draft_to_booked(economic: EconomicClient) -> None:
    """Two calls; afterwards the draft is gone and the booked invoice is found by our reference, to the øre."""
    with economic.metered() as usage:
        drafted = read_document(economic.send(draft()).body, booked=False)
        assert drafted is not None
        booked = read_document(economic.send(booking(drafted.number)).body, booked=True)
    assert booked is not None

    assert usage.calls == 2
    assert (booked.net, booked.vat, booked.gross) == (Decimal("1000.00"), Decimal("250.00"), Decimal("1250.00"))
    assert economic.draft(drafted.number) is None
    assert economic.booked(booked.number) == booked
    assert economic.documents(["main-1", "main-2"]) == [booked]


def test_the_same_key_gives_the_same_answer(economic: EconomicClient) -> None:
    """A replay is marked, and nothing is created twice."""
    first = economic.send(draft())
    again = economic.send(draft())

    assert (again.body, again.replayed) == (first.body, True)
    assert len(economic.documents(["main-1"])) == 1


def test_a_key_used_for_something_else_is_refused(economic: EconomicClient, control: httpx.Client) -> None:
    """``PayloadChanged`` and ``URLChanged`` come out as codes."""
    economic.send(draft())
    with pytest.raises(Refused) as payload:
        economic.send(draft(price="1.00"))
    with pytest.raises(Refused) as url:
        economic.send(replace(draft(), path="/customers"))
    control.post("/reset")  # misused keys are findings, and here on purpose

    assert ("PayloadChanged" in payload.value.codes, "URLChanged" in url.value.codes) == (True, True)


def test_a_refusal_names_field_and_code(economic: EconomicClient, control: httpx.Client) -> None:
    """Payment terms that do not exist."""
    body = json.loads(draft().body) | {"paymentTerms": {"paymentTermsNumber": 777}}
    with pytest.raises(Refused) as caught:
        economic.send(replace(draft(), body=json.dumps(body)))
    control.post("/reset")  # a refusal that could have been foreseen is a finding, and here on purpose

    assert caught.value.status == 400
    assert "paymentTerms" in caught.value.failure.field
    assert caught.value.failure.log_id != ""


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"action": "status", "status": 503}, Uncertain),
        ({"action": "status", "status": 500, "when": "after"}, Uncertain),
        ({"action": "drop"}, Uncertain),
        ({"action": "drop", "when": "after"}, Uncertain),
        ({"action": "half"}, Uncertain),
        ({"action": "garbage"}, Uncertain),
        ({"action": "status", "status": 429, "retry_after": 7}, Throttled),
    ],
)
def test_faults_of_a_write(
    economic: EconomicClient, control: httpx.Client, fault: dict[str, Any], expected: type[ExportError]
) -> None:
    """Whether it was done or not, a write without a usable answer is uncertain; a lookup then decides."""
    strike(control, route="POST /invoices/drafts", **fault)
    with pytest.raises(expected):
        economic.send(draft())


def test_a_write_that_is_not_answered_in_time(address: str, control: httpx.Client) -> None:
    """It may have been done."""
    strike(control, route="POST /invoices/drafts", action="delay", delay=30)
    export = samples.export(api_url=address, openapi_url=address)
    with closing(networked_client(export=export, deadline=60.0, read_timeout=0.5)) as client, pytest.raises(Uncertain):
        client.send(draft())


@pytest.mark.parametrize("action", ["status", "drop", "half", "garbage"])
def test_faults_of_a_read(economic: EconomicClient, control: httpx.Client, action: str) -> None:
    """An outage is never absence."""
    strike(control, route="GET /invoices/drafts", action=action)
    with pytest.raises(Unavailable):
        economic.documents(["main-1"])


def test_a_revoked_grant_and_a_missing_role(economic: EconomicClient, control: httpx.Client) -> None:
    """The export as a whole is set up wrongly; no invoice is to blame."""
    control.patch("/agreements/417001", json={"roles": ["Bookkeeping"]}).raise_for_status()
    with pytest.raises(Misconfigured) as role:
        economic.send(draft())
    control.patch("/agreements/417001", json={"revoked": True}).raise_for_status()
    with pytest.raises(Misconfigured) as revoked:
        economic.draft(1)
    control.post("/reset")

    assert (role.value.failure.reason, revoked.value.failure.reason) == ("role-missing", "tokens-refused")


def test_many_references_fit_one_lookup(economic: EconomicClient) -> None:
    """Forty references make one filter on drafts and one on booked invoices; each document comes back once."""
    references = [f"main-{number}" for number in range(1, 41)]
    for reference in references:
        economic.send(draft(reference, key=f"key-{reference}"))
    with economic.metered() as usage:
        documents = economic.documents(references)

    assert sorted(document.document_reference for document in documents) == sorted(references)
    assert usage.calls == 2
