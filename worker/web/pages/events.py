"""Events that wait for a person: why, the way back to the queue, and the way out."""

import structlog
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.domain.action_log import Act
from worker.intake.queue import DeadEvent, dead_events, logged, refused_events, revive
from worker.web.guard import page
from worker.web.services import Services
from worker.web.visit import Visit

log = structlog.get_logger()


def routes(services: Services) -> list[Route]:
    """Return the list, one event, its bytes, and the forms that send it again or forget it."""
    return [
        page("/events", services, _list),
        page("/events/{event}", services, _show),
        page("/events/{event}/download", services, _download, needs=Action.RESEND_EVENT),
        page("/events/{event}/requeue", services, _requeue, post=Action.RESEND_EVENT),
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
