"""What each role is offered and refused, and that another export is not there at all."""

from collections import defaultdict

import pytest
from starlette.routing import Route
from support.web_page import FINE, MISSING, OTHER_EVENT, SECRET_NAME, Page

from worker.domain.access import EVERY, MAY, Role
from worker.domain.action_log import LogFilter
from worker.domain.approval import NewApproval
from worker.domain.batch import BatchAction, BatchState, NewBatch
from worker.domain.record import State
from worker.intake.queue import digest
from worker.web.asking import ask_once
from worker.web.guard import PageRoute

INVOICE = f"/invoices/main-{MISSING}"
SHOWN = ("/", "/periods/main-p881", "/to-fix", INVOICE, "/events")


@pytest.fixture
def both(page: Page) -> Page:
    """Two exports with failures and refused events; nobody has signed in."""
    page.fill()
    page.fill_other()
    page.events.dead_letter(b"whose", b"")
    return page


def _path(route: Route, **ids: str) -> str:
    return route.path.format_map(defaultdict(lambda: "x", ids))


def _ids_of_other(page: Page) -> dict[str, str]:
    """Return an id of each kind of the export ``other``, a batch and a request of it included."""
    [cause] = [cause for cause in page.services.causes.causes() if cause.export == "other"]
    members = [(f"other-{FINE}", 0.0)]
    order = NewBatch(id="other-batch-1", export="other", action=BatchAction.DISCARD, by="Otto", why=SECRET_NAME)
    page.harness.store.open_batch(order, members)
    frozen = page.services.batches.freeze_members("other-set-1", members)
    new = NewApproval(id="a1", export="other", action="requeue", subject=SECRET_NAME, by="Otto", invoices=1)
    asked = ask_once(page.services.approvals, page.services.batches, new, frozen, seconds=60).asked
    return {
        "export": "other",
        "period": "other-p900",
        "invoice": f"other-{FINE}",
        "event": digest(OTHER_EVENT),
        "group": cause.id,
        "batch": order.id,
        "approval": asked.id,
    }


def _everything(page: Page) -> list[str]:
    """Every address that shows something, with ids of the export ``other``, and searches for it."""
    ids = _ids_of_other(page)
    paths = [
        _path(route, **ids) for route in page.app.routes if isinstance(route, PageRoute) and "GET" in route.methods
    ]
    return [*paths, f"/invoices?q={FINE}", "/invoices?q=hidden", "/?q=other", "/periods/main-p881"]


def test_another_export_is_not_there(both: Page) -> None:
    """By no id, in no list, count, file or live update: who has a role for one export does not learn of others."""
    both.sign_in({"main": Role.ADMINISTRATOR})
    for path in _everything(both):
        answer = both.browser.get(path)
        assert SECRET_NAME not in answer.text, path
        assert "other-" not in answer.text, path
        assert "Export other" not in answer.text, path
    shown = ("/periods/other-p900", "/periods/other-p900/invoices.csv", f"/invoices/other-{FINE}", "/exports/other")
    for path in (*shown, "/exports/other/connect", "/exports/other/granted?token=x"):
        absent = path.replace("other", "never")
        assert both.browser.get(path).status_code == both.browser.get(absent).status_code == 404, path
        assert both.browser.get(path).text == both.browser.get(absent).text.replace("never", "other"), path
    assert both.browser.get("/periods/other-p900/live").text == both.browser.get("/periods/never-p900/live").text
    assert both.browser.get(f"/events/{digest(OTHER_EVENT)}").status_code == 404
    assert both.browser.get(f"/invoices?q={FINE}").headers["location"] == f"/invoices/main-{FINE}"


def test_another_export_cannot_be_changed(both: Page) -> None:
    """Its forms answer as if it were not there; nothing moves."""
    both.sign_in({"main": Role.ADMINISTRATOR})
    ids = _ids_of_other(both)
    for route in both.app.routes:
        if isinstance(route, PageRoute) and "POST" in route.methods and route.path != "/sign-out":
            path = _path(route, **ids)
            both.form(path, why="x", answer="yes", period="other-p900", action="requeue", set="x")
            assert both.browser.get(path).status_code != 200 or "other-" not in both.browser.get(path).text, path
    for name in ("requeue", "mark-exported", "accept-conflicts"):
        assert both.form(f"/invoices/other-{FINE}/{name}", why="x") == 404
    assert both.harness.record(f"other-{FINE}").state is State.DEAD
    assert OTHER_EVENT in [raw for raw, _ in both.events.dead()]
    [batch], [approval] = both.services.batches.batches(), both.services.approvals.approvals()
    assert (batch.state, approval.decision) == (BatchState.RUNNING, None)
    assert [entry.who for entry in both.services.actions.actions(LogFilter()) if entry.export == "other"] == ["Otto"]


def test_an_event_of_no_export_is_for_who_has_all(both: Page) -> None:
    """Whose it is could not be read, so that it may be anybody's."""
    seen = {}
    for name, roles in (("one", {"main": Role.ADMINISTRATOR}), ("all", {EVERY: Role.VIEWER})):
        both.sign_in(roles)
        seen[name] = both.browser.get(f"/events/{digest(b'whose')}").status_code
    assert seen == {"one": 404, "all": 200}


@pytest.mark.parametrize("role", list(Role))
def test_every_address_is_refused_to_who_may_not_go_there(both: Page, role: Role) -> None:
    """By the server, whatever the page has offered; the refusal is a page that says so."""
    both.sign_in({EVERY: role})
    ids, token = {"invoice": f"main-{MISSING}", "event": digest(b"whose"), "period": "main-p881"}, both.form_token()
    routes = [route for route in both.app.routes if isinstance(route, PageRoute) and route.path != "/sign-out"]
    group = both.cause().removeprefix("/to-fix/")
    assert len(routes) > 12
    for route in routes:
        for method in route.methods - {"HEAD"}:
            path = _path(route, group=group, **ids)
            answer = both.browser.request(method, path, data={"form_token": token} if method == "POST" else None)
            assert (path, answer.status_code == 403) == (path, route.needs not in MAY[role])
    assert both.harness.record(f"main-{MISSING}").state is State.DEAD or role is not Role.VIEWER


def test_a_viewer_is_offered_nothing_to_do(both: Page) -> None:
    """No form but sign-out and the filters; a bookkeeper is offered the way on at the same places."""
    for role, offered in ((Role.VIEWER, False), (Role.BOOKKEEPER, True)):
        both.sign_in({EVERY: role})
        for path in (INVOICE, both.cause(), f"/events/{digest(b'whose')}"):
            forms = both.browser.get(path).text.count('method="post"') - 1
            assert (path, forms > 0) == (path, offered)
        assert both.browser.get(f"/events/{digest(b'whose')}/download").status_code == (200 if offered else 403)


def test_a_role_on_one_export_does_nothing_on_another(both: Page) -> None:
    """Bookkeeper here, viewer there: what is seen there is not changed."""
    both.sign_in({"main": Role.VIEWER, "other": Role.BOOKKEEPER})
    assert both.form(f"{INVOICE}/requeue", why="x") == 403
    assert both.form(f"{INVOICE}/mark-exported", why="x") == 403
    group = next(part for part in both.browser.get("/to-fix").text.split('href="/to-fix/')[1:] if "· main ·" in part)
    group = group.split('"')[0]
    assert both.form(f"/to-fix/{group}/check") == 403
    frozen = both.browser.get(f"/to-fix/{group}").text
    assert 'name="set"' not in frozen
    assert both.harness.record(f"main-{MISSING}").state is State.DEAD
    assert both.form(f"/invoices/other-{FINE}/requeue", why="x") == 303


def test_every_page_is_behind_a_role(page: Page) -> None:
    """Somebody who is signed in but has no role any more sees nothing."""
    page.fill()
    page.sign_in({})
    for path in SHOWN:
        assert page.browser.get(path).status_code == 403, path
