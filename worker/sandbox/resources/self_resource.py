"""``GET /self``: which agreement a grant opens, and what it may do (e-conomic REST docs, "Self")."""

from worker.sandbox.resources.links import url
from worker.sandbox.routes import Route
from worker.sandbox.state import Agreement, Answer, Call

ROLE_NUMBERS = {"SuperUser": 1, "Bookkeeping": 2, "Sales": 3, "Project employee": 4}


def read(agreement: Agreement, _call: Call) -> Answer:
    """Return the agreement, its company, the app's roles and the agreement's modules."""
    roles = [{"roleNumber": ROLE_NUMBERS.get(name, 9), "name": name} for name in sorted(agreement.roles)]
    body = {
        "agreementNumber": agreement.number,
        "agreementType": {"agreementTypeNumber": 1, "name": "Kunde"},
        "userName": "SANDBOX",
        "signupDate": "2019-03-01",
        "company": {"name": agreement.name, "city": "Aalborg", "country": "Danmark", "zip": "9000"},
        "application": {"appNumber": 1, "name": "Sandbox app", "requiredRoles": roles},
        "settings": {"baseCurrency": agreement.base_currency},
        "canSendElectronicInvoice": True,
        "modules": [{"moduleNumber": 1, "name": "Regnskab"}],
        "self": url("self"),
    }
    return Answer(status=200, body=body)


ROUTES: tuple[Route, ...] = (Route(method="GET", path="/self", handler=read, cost=1),)
