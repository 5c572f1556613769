"""Agreements checked once a day: what has changed in e-conomic is said before the next period is exported."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import structlog
from support.agreements import watch_of
from support.reconciled import Reconciled, reconciled

from config.reconcile_schema import Expects
from config.settings_sections import Agreements
from worker.domain.agreement import AgreementState, Rights, Shape
from worker.economic.agreement import shape_of
from worker.economic.mapping.agreement_check import rights_checks
from worker.reconcile.agreement_watch import AgreementWatch

_DAY = 86_400.0
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def world() -> Reconciled:
    """A period of twelve, so that its answers say enough."""
    return reconciled(201, size=12)


def _checked(watch: AgreementWatch) -> AgreementState:
    state = watch.run("main")
    assert state is not None
    return state


def _answering(world: Reconciled, path: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Have the items of a listing changed on their way, or the body of a resource."""

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        reply = answer(request)
        if request.url.path != path:
            return reply
        body = json.loads(reply.content)
        for item in body.get("collection") or body.get("items") or [body]:
            change(item)
        return httpx.Response(reply.status_code, json=body, request=request)

    world.harness.around_http = around


def test_an_agreement_as_it_was_is_no_alarm(world: Reconciled) -> None:
    """On the first day shapes are recorded, on the second compared; nothing that a person would have to read."""
    watch = watch_of(world)
    first = _checked(watch)
    world.harness.clock.advance(_DAY)
    second = _checked(watch)

    assert (first.failures, second.failures) == ((), ())
    assert first.shapes["/customers"].items >= 10
    assert world.harness.store.agreement_failures() == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/invoices/booked", "grossAmount"),
        ("/customers", "currency"),
        ("/bookedentriesapi/v4.0.0/booked-entries", "amount"),
    ],
)
def test_a_property_that_vanished_is_said_until_it_is_accepted(world: Reconciled, path: str, name: str) -> None:
    """A log line, an alert and `status` name it, on the day and on the next, until somebody takes it as it is."""
    watch = watch_of(world)
    _checked(watch)
    _answering(world, path, lambda item: item.pop(name, None))
    for _ in range(2):
        world.harness.clock.advance(_DAY)
        with structlog.testing.capture_logs() as lines:
            [failure] = _checked(watch).failures
    [line] = [line for line in lines if line["event"] == "agreement_differs"]
    shown = world.harness.store.agreement_failures()
    watch.look("main", accept=True)
    accepted = _checked(watch)

    assert failure.description.startswith(f"Answers: GET {path} no longer tells {name}:")
    assert "export check main --accept-drift" in failure.description
    assert (line["why"], shown) == (failure.description, {"main": (failure,)})
    assert accepted.failures == ()


def test_a_property_of_another_type_is_said(world: Reconciled) -> None:
    """An amount that became a text would be read otherwise."""
    watch = watch_of(world)
    _checked(watch)
    _answering(world, "/invoices/booked", lambda item: item.update(grossAmount=str(item["grossAmount"])))
    checks = watch.look("main")

    assert [check.ok for check in checks if "grossAmount:number" in check.found] == [False]
    assert [check.ok for check in checks if "also tells grossAmount:text" in check.found] == [True]


def test_a_new_property_is_shown_and_no_alarm(world: Reconciled) -> None:
    """e-conomic adds some every month."""
    watch = watch_of(world)
    _checked(watch)
    _answering(world, "/customers", lambda item: item.update(loyalty="gold"))
    found = [check.found for check in watch.look("main") if check.item == "Answers"]

    assert found == ["GET /customers also tells loyalty:text"]
    assert _checked(watch).failures == ()


def test_a_set_up_that_no_longer_fits_is_said(world: Reconciled) -> None:
    """A layout that somebody deleted, and VAT codes that Opter's are mapped to."""
    watch = watch_of(world)
    _checked(watch)
    world.harness.clock.advance(_DAY)
    layout = world.export.customers.layout
    world.agreement.layouts = {number: each for number, each in world.agreement.layouts.items() if number != layout}
    codes = world.export.codes.model_copy(update={"tax_rates": {"M25": "U99"}})
    world.export = world.export.model_copy(update={"codes": codes})
    found = [failure.description for failure in _checked(watch_of(world)).failures]

    assert len(found) == 2
    assert found[0].startswith(f"Layout: {layout} does not exist")
    assert found[1].startswith("Tax rate 'M25': U99 does not exist")


def test_a_role_that_was_taken_away_is_said(world: Reconciled) -> None:
    """Before the next period is stopped by it; the shapes of before are kept."""
    watch = watch_of(world)
    known = _checked(watch).shapes
    world.harness.clock.advance(_DAY)
    world.agreement.roles = {"Project employee"}
    state = _checked(watch)

    assert [failure.reason for failure in state.failures] == ["role-missing"]
    assert state.shapes == known


def test_an_outage_is_no_difference(world: Reconciled) -> None:
    """What was found before stays, and it is checked again after a while."""
    watch = watch_of(world)
    assert watch.due() == [("main-agreement", "main")]
    world.harness.around_http = lambda request, _: httpx.Response(503, request=request)
    assert watch.run("main") is None
    world.harness.clock.advance(120.0)
    soon = watch.due()
    world.harness.clock.advance(900.0)

    assert (soon, watch.due()) == ([], [("main-agreement", "main")])
    assert world.harness.store.agreement_state("main") is None


def test_a_service_that_refuses_the_filter_is_no_alarm_but_one_that_did_not_is(world: Reconciled) -> None:
    """That documents can be asked for by a span of vouchers is not documented: then they are not compared."""
    path = "/documentsapi/v4.0.1/AttachedDocuments"
    refused = {"message": "Filter is not allowed.", "errorCode": "E04300", "httpStatusCode": 400}

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        spans = request.url.path == path and "gte" in str(request.url)
        return httpx.Response(400, json=refused, request=request) if spans else answer(request)

    world.harness.around_http = around
    watch = watch_of(world)
    never = _checked(watch)
    world.harness.around_http = lambda request, answer: answer(request)
    once = _checked(watch)
    world.harness.around_http = around
    [failure] = _checked(watch).failures

    assert (never.failures, once.failures) == ((), ())
    assert path not in never.shapes
    assert failure.description.startswith(f"Answers: GET {path} cannot be read any more.")


def test_it_is_checked_once_a_day_by_whoever_is_first(world: Reconciled) -> None:
    """Several processes look; one gets it. With 0 hours nobody does."""
    mine, yours = watch_of(world), watch_of(world)
    off = replace(watch_of(world), settings=Agreements(check_hours=0))
    due = [off.due(), mine.due(), yours.due()]
    _checked(mine)
    world.harness.clock.advance(_DAY - 100.0)
    early = mine.due()
    world.harness.clock.advance(200.0)

    assert due == [[], [("main-agreement", "main")], []]
    assert (early, yours.due()) == ([], [("main-agreement", "main")])


@pytest.mark.parametrize(
    ("rights", "wrong"),
    [
        (Rights(modules=("Projekt",)), set()),
        (Rights(plan="Kunde", roles=("SuperUser",), modules=("Regnskab",)), {"Modules"}),
        (Rights(plan="e-conomic Basis", roles=("Sales",), modules=("Projekt",)), {"Plan"}),
        (Rights(plan="Basisløsning", roles=("Super User",), modules=("Projekt",)), set()),
        (Rights(plan="Smart", roles=("Bookkeeping",), modules=("Projekt",)), {"Roles"}),
        (Rights(plan="Smart", roles=("Revisor",), modules=("Projekt",)), set()),
    ],
)
def test_what_the_agreement_grants(world: Reconciled, rights: Rights, wrong: set[str]) -> None:
    """A plan that cannot write, a missing role or module; what is not told, or not known, is no error."""
    export = world.export.model_copy(update={"expects": Expects(modules=("Projekt",))})
    checks = {check.item: check for check in rights_checks(export, rights)}

    assert {item for item, check in checks.items() if not check.ok} == wrong


def test_vouchers_need_the_role_of_bookkeeping_too(world: Reconciled) -> None:
    """Journals are the bookkeeper's, customers the seller's: one of the two is not enough."""
    voucher = world.export.model_copy(update={"method": "voucher"})
    found = [
        next(check.ok for check in rights_checks(voucher, Rights(roles=roles)) if check.item == "Roles")
        for roles in (("Sales",), ("Bookkeeping",), ("Sales", "Bookkeeping"), ("SuperUser",))
    ]

    assert found == [False, False, True, True]


def test_what_is_left_out_of_some_items_never_vanishes() -> None:
    """Numbers that are zero, and optional texts, come and go."""
    before = shape_of([{"number": n, **({"note": "x"} if n % 2 else {})} for n in range(20)])
    now = shape_of([{"number": 1}])

    assert before.vanished(now) == ()
    assert before.and_then(now).always == {"number:number"}


def test_few_items_prove_nothing() -> None:
    """Three layouts that all have a name are no promise; an empty listing is no loss."""
    few = shape_of([{"name": "x"}] * 3)
    many = Shape(items=30, seen=few.seen, always=few.always)
    nothing = shape_of([])

    assert few.vanished(shape_of([{}])) == ()
    assert many.vanished(shape_of([{}])) == ("name:text",)
    assert many.vanished(nothing) == ()
    assert many.and_then(nothing) == many
    assert nothing.and_then(few) == few
