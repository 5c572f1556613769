"""Payment terms (e-conomic REST docs). Numbers differ per agreement; kind and days cannot be changed."""

from worker.sandbox.resources.due import KINDS
from worker.sandbox.resources.fields import Schema, choice, dotted, integer, text
from worker.sandbox.resources.links import url
from worker.sandbox.resources.lookup import NUMBER, TEXT, lowest_free, number_in, stored, trouble
from worker.sandbox.resources.schema import accept, refuse_all
from worker.sandbox.resources.simple_collections import readable
from worker.sandbox.routes import Route
from worker.sandbox.state import Agreement, Answer, Call, Json

SCHEMA: Schema = {
    "name": text(50, shortest=1, required=True),
    "paymentTermsType": choice(*KINDS, required=True),
    "daysOfCredit": integer(0, 9999),
    "description": text(1000),
}
IMMUTABLE = ("paymentTermsType", "daysOfCredit")
FILTERABLE = {
    "paymentTermsNumber": NUMBER,
    "daysOfCredit": NUMBER,
    "name": TEXT,
    "description": TEXT,
    "paymentTermsType": TEXT,
}


def view(number: int, body: Json) -> Json:
    """Return the whole resource; zero days are absent, as recorded answers show for zero numbers."""
    own = {name: value for name, value in body.items() if value != 0}
    return {"paymentTermsNumber": number, **own, "self": url("payment-terms", number)}


def create(agreement: Agreement, call: Call) -> Answer:
    """Create payment terms; e-conomic assigns the number."""
    return _store(agreement, lowest_free(agreement.payment_terms), accept(SCHEMA, call.body))


def replace(agreement: Agreement, call: Call) -> Answer:
    """Replace payment terms: name and description only (E06151)."""
    number = number_in(call, "paymentTermsNumber")
    body = accept(SCHEMA, call.body)
    before = agreement.payment_terms.get(number)
    changed = [name for name in IMMUTABLE if before and before.get(name, 0) != body.get(name, 0)]
    refuse_all([trouble(name, f"{name} cannot be changed.", "E06151", body.get(name)) for name in changed])
    return _store(agreement, number, body)


def _store(agreement: Agreement, number: int, body: Json) -> Answer:
    return stored(agreement.payment_terms, number, view(number, body))


ONE = "/payment-terms/{paymentTermsNumber}"
ROUTES: tuple[Route, ...] = (
    *readable("/payment-terms", "paymentTermsNumber", lambda a: a.payment_terms, FILTERABLE),
    Route(method="POST", path="/payment-terms", handler=create, fields=dotted(SCHEMA)),
    Route(method="PUT", path=ONE, handler=replace, fields=dotted(SCHEMA)),
)
