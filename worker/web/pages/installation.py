"""Health: every process, Redis, e-conomic by export, refused events, and the way to Flower."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Route

from worker.domain.access import Action
from worker.domain.notices import ChannelState
from worker.domain.signs_of_life import Part, SignOfLife
from worker.errors import Failure
from worker.store.server_check import problems_of
from worker.web.guard import page
from worker.web.pages.exports import states
from worker.web.services import Services
from worker.web.visit import Visit
from worker.workflow.hindrances import silence


def routes(services: Services) -> list[Route]:
    """Return the one page."""
    return [page("/health", services, _health, needs=Action.SEE_HEALTH)]


def _health(visit: Visit) -> Response:
    services = visit.services
    visit.rights.require(Action.SEE_HEALTH, "")
    signs, info = services.store.signs_of_life(), services.installation.redis()
    silent = [lacking for part in (Part.WORKER, Part.INTAKE) if (lacking := silence(signs, part))]
    return visit.render(
        "health.html",
        parts={part: _of(signs, part) for part in Part if part is not Part.FOLDER_FAULT},
        folders=[sign.name for sign in _of(signs, Part.FOLDER_FAULT) if sign.alive],
        silent=silent,
        redis=info,
        redis_problems=problems_of(info, require_durability=services.installation.require_durability),
        stores=services.installation.stores(),
        broker=services.installation.broker(),
        exports=states(services),
        clock_gap=services.installation.clock_gap,
        refused=len(services.events.refused()),
        waiting=services.events.waiting(),
        channels=_channels(services),
        flower=services.installation.flower_url,
        well=_well(silent, signs),
    )


def _of(signs: Sequence[SignOfLife], part: Part) -> list[SignOfLife]:
    return sorted((sign for sign in signs if sign.part is part), key=lambda sign: sign.silent_for)


def _channels(services: Services) -> list[ChannelState]:
    """Return the channels of the installation and of this person's exports."""
    states = services.installation.channels()
    return [each for each in states if ":" not in each.channel or each.channel.partition(":")[0] in services.exports]


def _well(silent: Sequence[Failure], signs: Sequence[SignOfLife]) -> bool:
    return not silent and any(sign.part is Part.SWEEPS and sign.alive for sign in signs)
