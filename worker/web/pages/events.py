"""Events that wait for a person: why, the way back to the queue, and the way out."""

from collections.abc import Sequence

import structlog
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.domain.action_log import Act
from worker.domain.sums import Problem
from worker.intake.event_errors import EventRefused
from worker.intake.queue import DeadEvent, dead_events, logged, refused_events, revive
from worker.intake.reading import read_event
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()

#: Bytes of an event up to which it is corrected on the page: as a form it may become more than twice as long.
_EDITABLE = 24 * 1024


def routes(services: Services) -> list[Route]:
    """Return the list, one event, its bytes, and the forms that send it again or forget it."""
    return [
        page("/events", services, _list),
        page("/events/{event}", services, _show),
        page("/events/{event}/download", services, _download, needs=Action.RESEND_EVENT),
        page("/events/{event}/requeue", services, _requeue, post=Action.RESEND_EVENT),
        page("/events/{event}/correct", services, _edit, needs=Action.RESEND_EVENT),
        page("/events/{event}/correct", services, _correct, post=Action.RESEND_EVENT),
        page("/events/{event}/discard", services, _discard, post=Action.DISCARD_EVENT),
    ]


def _list(visit: Visit) -> Response:
    return visit.render("events.html", events=refused_events(visit.services.events))


def _show(visit: Visit) -> Response:
    key = visit.request.path_params["event"]
    event = next((event for event in refused_events(visit.services.events) if event.id == key), None)
    if event is None:
        return visit.render("error.html", status=404, failure=None)
    return visit.render("event.html", event=event)


def _download(visit: Visit) -> Response:
    found = _find(visit)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    event, content = found
    visit.rights.require(Action.RESEND_EVENT, event.export)
    name = {"Content-Disposition": f'attachment; filename="event-{event.id}.json"'}
    return Response(content, media_type="application/octet-stream", headers=name)


def _requeue(visit: Visit) -> Response:
    event = visit.request.path_params["event"]
    revive(visit.services.events, [event], by=visit.who, at=visit.services.clock())
    return visit.redirect("/events")


def _edit(visit: Visit) -> Response:
    found = _find(visit)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    event, content = found
    visit.rights.require(Action.RESEND_EVENT, "")
    return _editor(visit, event, content.decode("utf-8", errors="replace"), fits=len(content) <= _EDITABLE)


def _correct(visit: Visit) -> Response:
    """Put the corrected event on the queue, then forget the refused one: in between both are there, never neither."""
    found = _find(visit)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    event, content = found
    visit.rights.require(Action.RESEND_EVENT, "")
    # Browsers end the lines of a form with two characters.
    text, why = visit.form.get("content", "").replace("\r\n", "\n"), visit.form.get("why", "").strip()[:200]
    corrected = text.encode()
    try:
        read_event(corrected, limit=_EDITABLE)
    except EventRefused as refusal:
        return _editor(visit, event, text, problems=refusal.problems, status=422)
    if not why or corrected == content:
        return _editor(visit, event, text, status=422, missing=True)
    services = visit.services
    services.events.publish(corrected)
    entry = logged(event, Act.RESEND_EVENT, by=visit.who, at=services.clock(), why=f"corrected: {why}")
    services.events.discard(content, entry)
    return visit.redirect("/events")


def _editor(  # noqa: PLR0913  # the event, its text, and what is wrong with the form
    visit: Visit,
    event: DeadEvent,
    text: str,
    *,
    fits: bool = True,
    problems: Sequence[Problem] = (),
    missing: bool = False,
    status: int = 200,
) -> Response:
    return visit.render(
        "correct.html", status=status, event=event, text=text, fits=fits, problems=problems, missing=missing
    )


def _discard(visit: Visit) -> Response:
    found = _find(visit)
    if found is None:
        return visit.render("error.html", status=404, failure=None)
    event, content = found
    why = visit.form.get("why", "").strip()[:200]
    if not why:
        return visit.render("event.html", status=422, event=event)
    services = visit.services
    services.events.discard(content, logged(event, Act.DISCARD_EVENT, by=visit.who, at=services.clock(), why=why))
    log.info("dead_event_discarded", dead_event=event.id, event_key=event.event_key, by=visit.who, why=why)
    return visit.redirect("/events")


def _find(visit: Visit) -> tuple[DeadEvent, bytes] | None:
    key = visit.request.path_params["event"]
    return next((pair for pair in dead_events(visit.services.events) if pair[0].id == key), None)
