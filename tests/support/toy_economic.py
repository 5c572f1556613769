"""A few small resources that stand in for e-conomic's, to test what the protocol adds to any resource."""

from http import HTTPStatus

from worker.sandbox.failures import Invalid, not_found, validation_failed
from worker.sandbox.routes import ALL_OPERATORS, BOOKKEEPING, Collection, Route
from worker.sandbox.state import Agreement, Answer, Call

APP, GRANT = "toy-app", "toy-grant"
HEADERS = {"X-AppSecretToken": APP, "X-AgreementGrantToken": GRANT}
FILTERABLE = {
    "customerNumber": ALL_OPERATORS,
    "name": ALL_OPERATORS,
    "customerGroup.customerGroupNumber": ALL_OPERATORS,
}


def agreement() -> Agreement:
    toy = Agreement(number=7, name="Toy")
    for number in range(1, 46):
        toy.customers[number] = {"customerNumber": number, "name": f"Customer {number:02}"}
    return toy


def _list(owner: Agreement, _: Call) -> Answer:
    items = list(owner.customers.values())
    return Answer(
        status=200, body=Collection(items=items, filterable=FILTERABLE, sortable=frozenset({"name", "customerNumber"}))
    )


def _create(owner: Agreement, call: Call) -> Answer:
    if not call.body.get("name"):
        raise validation_failed(Invalid(property="name", message="Name is required.", code="E04042"))
    number = max(owner.customers, default=0) + 1
    created = {"customerNumber": number, "name": call.body["name"], "creditLimit": call.body.get("creditLimit")}
    owner.customers[number] = created
    return Answer(status=201, body=created, headers={"location": f"/customers/{number}"})


def _read(owner: Agreement, call: Call) -> Answer:
    customer = owner.customers.get(int(call.params["customerNumber"]))
    if customer is None:
        raise not_found()
    return Answer(status=200, body=customer)


def _delete(owner: Agreement, call: Call) -> Answer:
    if owner.customers.pop(int(call.params["customerNumber"]), None) is None:
        raise not_found()
    return Answer(status=204, body=None)


def _attach(_: Agreement, call: Call) -> Answer:
    return Answer(
        status=201, body={"name": call.file_name, "bytes": len(call.file or b""), "year": call.params["year"]}
    )


def _nothing(_: Agreement, __: Call) -> Answer:
    return Answer(status=HTTPStatus.NO_CONTENT, body=None)


CUSTOMER = "/customers/{customerNumber}"
ROUTES = (
    Route(method="GET", path="/customers", handler=_list),
    Route(
        method="POST", path="/customers", handler=_create, fields=frozenset({"name", "creditLimit", "vatZone.number"})
    ),
    Route(method="GET", path=CUSTOMER, handler=_read),
    Route(method="DELETE", path=CUSTOMER, handler=_delete),
    Route(method="DELETE", path="/invoices/drafts", handler=_nothing),
    Route(method="POST", path="/vouchers/{year}-{voucherNumber}/attachment/file", handler=_attach, upload=True),
    Route(method="GET", path="/journalsapi/v15.0.0/journals", handler=_list, roles=BOOKKEEPING),
)
