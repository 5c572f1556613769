"""Master data that is only read: listings and single resources made from a table."""

from collections.abc import Mapping, Sequence

from worker.sandbox.resources.lookup import FLAG, NUMBER, TEXT, Table, existing, listing, number_in
from worker.sandbox.routes import ANY_ROLE, Handler, Route
from worker.sandbox.state import Agreement, Answer, Call

Filterable = Mapping[str, frozenset[str]]


def listed(table: Table, filterable: Filterable) -> Handler:
    """Return a handler that lists a table."""

    def handle(agreement: Agreement, _call: Call) -> Answer:
        return listing(list(table(agreement).values()), filterable)

    return handle


def single(table: Table, parameter: str, *, numeric: bool = True) -> Handler:
    """Return a handler that reads one row of a table."""

    def handle(agreement: Agreement, call: Call) -> Answer:
        key = number_in(call, parameter) if numeric else call.params[parameter]
        return Answer(status=200, body=existing(table(agreement), key))

    return handle


def readable(
    path: str, parameter: str, table: Table, filterable: Filterable, *, roles: frozenset[str] = ANY_ROLE
) -> Sequence[Route]:
    """Return the two routes of a read-only collection."""
    numeric = parameter.endswith("Number")
    return (
        Route(method="GET", path=path, handler=listed(table, filterable), roles=roles),
        Route(
            method="GET", path=f"{path}/{{{parameter}}}", handler=single(table, parameter, numeric=numeric), roles=roles
        ),
    )


ROUTES: tuple[Route, ...] = (
    *readable("/vat-zones", "vatZoneNumber", lambda a: a.vat_zones, {"vatZoneNumber": NUMBER, "name": TEXT}),
    *readable("/vat-accounts", "vatCode", lambda a: a.vat_accounts, {"vatCode": TEXT, "name": TEXT}),
    *readable("/layouts", "layoutNumber", lambda a: a.layouts, {"layoutNumber": NUMBER, "name": TEXT, "deleted": FLAG}),
    *readable("/currencies", "code", lambda a: a.currencies, {"code": TEXT, "name": TEXT}),
    *readable(
        "/accounts",
        "accountNumber",
        lambda a: a.accounts,
        {"accountNumber": NUMBER, "name": TEXT, "accountType": TEXT, "barred": FLAG},
    ),
    *readable("/units", "unitNumber", lambda a: a.units, {"unitNumber": NUMBER, "name": TEXT}),
)
