"""A period's progress while somebody watches: server-sent events, one look at the store for all who watch it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from worker.domain.invoice_period import PeriodRecord
from worker.domain.period_report import MOVING, Phase, phase_of
from worker.domain.record import State
from worker.web.identity import still_signed_in
from worker.web.language import translations
from worker.web.visit import Visit

#: Seconds between two looks at the counts of a period.
LOOK_EVERY = 2.0
OVER = (Phase.DONE, Phase.DIFFERS, Phase.NEEDS_A_PERSON, Phase.HELD)

Look = Callable[[str], PeriodRecord | None]


class SharedLooks:
    """The last look at each period that is watched, shared by all of this process who watch it."""

    def __init__(self, look: Look, clock: Callable[[], float]) -> None:
        """``clock``: seconds from any fixed point; never set back."""
        self._look = look
        self._clock = clock
        self._seen: dict[str, tuple[float, asyncio.Future[PeriodRecord | None]]] = {}

    async def period(self, key: str) -> PeriodRecord | None:
        """Return the period as it was less than ``LOOK_EVERY`` seconds ago. Raises ``StoreUnavailable``."""
        now = self._clock()
        at, running = self._seen.get(key, (0.0, None))
        if running is None or now - at >= LOOK_EVERY or running.get_loop() is not asyncio.get_running_loop():
            self._seen = {other: seen for other, seen in self._seen.items() if now - seen[0] < LOOK_EVERY}
            running = asyncio.ensure_future(run_in_threadpool(self._look, key))
            self._seen[key] = now, running
        # One who goes away meanwhile takes nothing from the others.
        return await asyncio.shield(running)


def live(visit: Visit, looks: SharedLooks) -> Response:
    """Answer ``progress`` with the counts after each change, and ``rest`` once nothing moves any more."""
    key = visit.request.path_params["period"]
    if visit.services.store.period(key) is None:
        return visit.render("error.html", status=404, failure=None)
    return StreamingResponse(_progress(visit, looks, key), media_type="text/event-stream")


async def _progress(visit: Visit, looks: SharedLooks, key: str) -> AsyncIterator[str]:
    before, language = "", visit.language
    while not await visit.request.is_disconnected():
        period = await looks.period(key)
        # Whoever has signed out, or has lost their role, learns no more of it.
        lasts = await run_in_threadpool(still_signed_in, visit.request, visit.services)
        if not lasts or period is None or phase_of(period, period.counts) in OVER:
            yield "event: rest\ndata:\n\n"
            return
        now = json.dumps(counts(period, language))
        if now != before:
            yield f"event: progress\ndata: {now}\n\n"
        before = now
        await asyncio.sleep(LOOK_EVERY)


def counts(period: PeriodRecord, language: str) -> Mapping[str, Any]:
    """Return what the page shows of a period's progress, and the sentence about it."""
    found = period.counts
    total, exported = max(period.total, period.invoice_count), found.get(State.EXPORTED, 0)
    moving, dead = sum(found.get(state, 0) for state in MOVING), found.get(State.DEAD, 0)
    text = translations(language).gettext("{exported} of {total} exported, {moving} under way, {dead} failed")
    return {
        "total": total,
        "exported": exported,
        "text": text.format(exported=exported, total=total, moving=moving, dead=dead),
    }
