"""The agreement's methods: what they send, and what they believe."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support.economic_bodies import Wire, client

from worker.economic.client import EconomicClient
from worker.economic.mapping.documents import read_document
from worker.economic.mapping.master_data import Document, EconomicCustomer, Product
from worker.errors import Unavailable

ACME = {"customerNumber": 1001, "name": "Acme A/S", "corporateIdentificationNumber": "12345674", "currency": "DKK"}
PRODUCT = {"productNumber": "A/1", "name": "Fragt", "productGroup": {"productGroupNumber": 3}}


def invoice(reference: str, **numbers: Any) -> dict[str, Any]:
    return {
        "references": {"other": reference},
        "customer": {"customerNumber": 1001},
        "date": "2026-11-20",
        "dueDate": "2026-12-20",
        "currency": "DKK",
        "netAmount": 1000.0,
        "vatAmount": 250.0,
        "grossAmount": 1250.0,
        **numbers,
    }


def filters(wire: Wire) -> list[str]:
    return [request.url.params["filter"] for request in wire.requests]


class TestCustomers:
    """Found by exact values only, whatever the server thinks is equal."""

    def test_by_number(self) -> None:
        """One call for up to 200 numbers; a customer with another number is left out."""
        wire = Wire()
        wire.collection("/customers", ACME, ACME | {"customerNumber": 7})

        assert client(wire).customers_by_number([1001, 1002]) == [
            EconomicCustomer(number=1001, name="Acme A/S", corporate_id="12345674", currency="DKK")
        ]
        assert filters(wire) == ["customerNumber$in:[1001,1002]"]

    def test_two_hundred_a_call_at_most(self) -> None:
        """e-conomic refuses 201 values; 450 numbers of up to 3 digits are three calls."""
        wire = Wire()
        wire.collection("/customers")
        client(wire).customers_by_number(range(1, 451))

        assert [query.count(",") + 1 for query in filters(wire)] == [200, 200, 50]

    def test_by_corporate_id(self) -> None:
        """Case does not matter, everything else does; a customer found by two filters is one customer."""
        wire = Wire()
        wire.collection("/customers", ACME, ACME | {"customerNumber": 2, "corporateIdentificationNumber": "1234567"})
        customers = client(wire).customers_by_corporate_id(["12345674", "dk 1"])

        assert [customer.corporate_id for customer in customers] == ["12345674"]
        assert filters(wire) == [
            "corporateIdentificationNumber$in:[12345674]",
            "corporateIdentificationNumber$eq:dk 1",
        ]

    def test_by_name(self) -> None:
        """Awkward characters are escaped and encoded."""
        wire = Wire()
        wire.collection("/customers", ACME | {"name": "ACME (Nord) & Søn"}, ACME | {"customerNumber": 2})
        customers = client(wire).customers_by_name("Acme (Nord) & Søn")

        assert [customer.name for customer in customers] == ["ACME (Nord) & Søn"]
        assert filters(wire) == ["name$eq:Acme $(Nord$) & Søn"]

    def test_by_name_spelt_otherwise(self) -> None:
        """Only where nothing has the name as it is written; what is another name is left out."""
        wire = Wire()
        wire.collection("/customers", ACME | {"name": "Aarhus\u00a0Fragt"}, ACME | {"customerNumber": 2})

        assert [found.name for found in client(wire).customers_by_name("Århus Fragt")] == ["Aarhus\u00a0Fragt"]
        assert len(filters(wire)) == 2  # composed and decomposed; this server filters nothing

    def test_by_a_name_that_nobody_has(self) -> None:
        """Asked for by its plain letters, whatever stands between them; never by too few, which would fit everybody."""
        wire = Wire()
        wire.collection("/customers")
        economic = client(wire)

        assert (economic.customers_by_name("O'Brien"), economic.customers_by_name("Ø A")) == ([], [])
        assert filters(wire) == ["name$eq:O'Brien", "name$like:*O*Brien*", "name$eq:Ø A"]

    def test_no_values_no_call(self) -> None:
        """An empty filter might match everybody."""
        wire = Wire()
        economic = client(wire)

        assert (
            economic.customers_by_number([]),
            economic.customers_by_name(""),
            economic.customers_by_corporate_id([""]),
        ) == (
            [],
            [],
            [],
        )
        assert wire.requests == []


class TestDocuments:
    """Drafts and booked invoices by our reference."""

    def test_drafts_are_listed_before_booked_invoices(self) -> None:
        """An invoice booked between the two calls is then seen at least once."""
        wire = Wire()
        wire.collection("/invoices/drafts", invoice("main-1", draftInvoiceNumber=17))
        wire.collection("/invoices/booked", invoice("main-2", bookedInvoiceNumber=100, orderNumber=16))
        documents = client(wire).documents(["main-1", "main-2"])

        assert wire.calls == ["GET /invoices/drafts", "GET /invoices/booked"]
        assert [
            (document.number, document.booked, document.document_reference, document.former_draft)
            for document in documents
        ] == [
            (17, False, "main-1", None),
            (100, True, "main-2", 16),
        ]

    def test_all_chunks_of_drafts_come_before_the_first_of_booked(self) -> None:
        """Also when the references need several filters."""
        wire = Wire()
        wire.collection("/invoices/drafts")
        wire.collection("/invoices/booked")
        client(wire).documents([f"main-{number}" for number in range(450)])

        assert wire.calls == ["GET /invoices/drafts"] * 3 + ["GET /invoices/booked"] * 3
        assert max(len(str(request.url)) for request in wire.requests) < 2048

    @pytest.mark.parametrize("reference", ["MAIN-1", "main-1 ", "[Main-1]", "\u00a0main-1"])
    def test_a_persons_way_of_writing_our_reference_is_ours(self, reference: str) -> None:
        """Case, spaces and brackets do not make another invoice of it; it comes out under the reference itself."""
        wire = Wire()
        wire.collection("/invoices/drafts", invoice(reference, draftInvoiceNumber=17))
        wire.collection("/invoices/booked", invoice(reference, bookedInvoiceNumber=18))

        assert [found.document_reference for found in client(wire).documents(["main-1"])] == ["main-1", "main-1"]

    @pytest.mark.parametrize("reference", ["main-10", "", "main-1 PO 4", "xmain-1"])
    def test_another_reference_does_not_count(self, reference: str) -> None:
        """An invoice adopted by mistake would never be posted."""
        wire = Wire()
        wire.collection("/invoices/drafts", invoice(reference, draftInvoiceNumber=17))
        wire.collection("/invoices/booked")

        assert client(wire).documents(["main-1"]) == []

    def test_a_document_listed_twice_counts_once(self) -> None:
        """Two documents under one reference are an alarm, so a page that repeats itself must not make two of one."""
        wire = Wire()
        document = invoice("main-1", draftInvoiceNumber=17)
        wire.collection("/invoices/drafts", document, document)
        wire.collection("/invoices/booked", invoice("main-1", bookedInvoiceNumber=17))

        assert [(document.booked, document.number) for document in client(wire).documents(["main-1"])] == [
            (False, 17),
            (True, 17),
        ]

    def test_a_booked_invoice(self) -> None:
        """Amounts are exact decimals; an absent amount is zero, as e-conomic leaves zeros out."""
        wire = Wire()
        body = invoice("main-1", bookedInvoiceNumber=100, vatAmount=0.07)
        del body["netAmount"]
        wire.respond("GET /invoices/booked/100", (200, body))

        assert client(wire).booked(100) == Document(
            number=100,
            booked=True,
            document_reference="main-1",
            customer=1001,
            date="2026-11-20",
            currency="DKK",
            net=Decimal("0.00"),
            vat=Decimal("0.07"),
            gross=Decimal("1250.00"),
            due_date="2026-12-20",
        )

    def test_an_impossible_number_makes_no_call(self) -> None:
        """Number 0 would read the whole collection."""
        wire = Wire()
        with pytest.raises(ValueError):
            client(wire).draft(0)
        assert wire.requests == []

    @pytest.mark.parametrize("body", [None, [], "x", {}, {"draftInvoiceNumber": "x"}, {"draftInvoiceNumber": 1}])
    def test_an_answer_of_another_shape_is_no_document(self, body: Any) -> None:
        """Half an answer to a create must not pass for a whole one."""
        assert read_document(body, booked=False) is None


class TestReading:
    """Collections and resources."""

    def test_every_page_is_read(self) -> None:
        """``nextPage`` is followed until it is absent, on our own host."""
        wire = Wire()
        following = "https://elsewhere.example/customers?skippages=1&pagesize=1000&filter=x"
        pages = (
            (200, {"collection": [ACME], "pagination": {"nextPage": following}}),
            (200, {"collection": [ACME | {"customerNumber": 1002}], "pagination": {}}),
        )
        wire.respond("GET /customers", *pages, *pages)  # several pages are read twice

        assert [customer.number for customer in client(wire).customers_by_number([1001, 1002])] == [1001, 1002]
        assert [request.url.host for request in wire.requests] == ["restapi.e-conomic.com"] * 4
        assert [request.url.params["skippages"] for request in wire.requests] == ["0", "1", "0", "1"]

    @pytest.mark.parametrize(
        ("path", "body", "read"),
        [
            ("/customers/1001", ACME | {"customerNumber": 1002}, lambda economic: economic.customer_resource(1001)),
            ("/products/P1", PRODUCT, lambda economic: economic.product("P1")),
            ("/invoices/drafts/17", invoice("main-1", draftInvoiceNumber=18), lambda economic: economic.draft(17)),
            ("/invoices/booked/100", invoice("main-1", bookedInvoiceNumber=7), lambda economic: economic.booked(100)),
        ],
        ids=["customer", "product", "draft", "booked invoice"],
    )
    def test_an_answer_about_something_else_is_an_outage(
        self, path: str, body: Any, read: Callable[[EconomicClient], Any]
    ) -> None:
        """Whose data it has is not brought up to date, adopted or booked under the number that was asked for."""
        wire = Wire()
        wire.respond(f"GET {path}", (200, body))
        with pytest.raises(Unavailable):
            read(client(wire))

    @pytest.mark.parametrize("body", [[], {}, {"collection": [{"name": "no number"}]}, {"collection": 5}, None, "x"])
    def test_nonsense_is_an_outage_not_an_absence(self, body: Any) -> None:
        """A body that is not understood never means "there is no such customer"."""
        wire = Wire()
        wire.respond("GET /customers", (200, body))
        with pytest.raises(Unavailable):
            client(wire).customers_by_number([1001])

    @pytest.mark.parametrize("content", [b"", b" ", b"null"])
    def test_an_empty_success_is_no_absence(self, content: bytes) -> None:
        """Only e-conomic's own 404 says that there is no such draft."""
        wire = Wire()
        wire.respond("GET /invoices/drafts/17", httpx.Response(200, content=content))
        with pytest.raises(Unavailable):
            client(wire).draft(17)

    def test_a_product(self) -> None:
        """Its number is text, and encoded as e-conomic wants it."""
        wire = Wire()
        wire.respond("GET /products/A_6_1", (200, PRODUCT))

        assert client(wire).product("A/1") == Product(number="A/1", name="Fragt", group=3)
        assert client(wire).product("B") is None
        assert client(wire).product("") is None
