"""Progress while somebody watches: server-sent events, one look at the store for all who watch the same."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Generic, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from worker.domain.batch import Batch, BatchState
from worker.domain.invoice_period import PeriodRecord
from worker.domain.period_report import MOVING, Phase, phase_of
from worker.domain.record import State
from worker.web.identity import still_signed_in
from worker.web.language import translations
from worker.web.visit import Visit

#: Seconds between two looks at the counts of a period or batch.
LOOK_EVERY = 2.0
OVER = (Phase.DONE, Phase.DIFFERS, Phase.NEEDS_A_PERSON, Phase.HELD)

#: A period or a batch.
Watched = TypeVar("Watched")


class SharedLooks(Generic[Watched]):
    """The last look at each period or batch that is watched, shared by all of this process who watch it."""

    def __init__(self, look: Callable[[str], Watched | None], clock: Callable[[], float]) -> None:
        """``clock``: seconds from any fixed point; never set back."""
        self._look = look
        self._clock = clock
        self._seen: dict[str, tuple[float, asyncio.Future[Watched | None]]] = {}

    async def at(self, key: str) -> Watched | None:
        """Return what was there less than ``LOOK_EVERY`` seconds ago. Raises ``StoreUnavailable``."""
        now = self._clock()
        at, running = self._seen.get(key, (0.0, None))
        if running is None or now - at >= LOOK_EVERY or running.get_loop() is not asyncio.get_running_loop():
            self._seen = {other: seen for other, seen in self._seen.items() if now - seen[0] < LOOK_EVERY}
            running = asyncio.ensure_future(run_in_threadpool(self._look, key))
            self._seen[key] = now, running
        # One who goes away meanwhile takes nothing from the others.
        return await asyncio.shield(running)


def live_period(visit: Visit, looks: SharedLooks[PeriodRecord]) -> Response:
    """Answer ``progress`` with the counts after each change, and ``rest`` once nothing moves any more."""
    key = visit.request.path_params["period"]
    return _stream(visit, looks, key, there=visit.services.store.period(key) is not None, shown=_period_counts)


def live_batch(visit: Visit, looks: SharedLooks[Batch]) -> Response:
    """Do the same for a batch."""
    key = visit.request.path_params["batch"]
    return _stream(visit, looks, key, there=visit.services.batches.batch(key) is not None, shown=_batch_counts)


#: Returns what the page shows, in a language; None once nothing moves any more.
Shown = Callable[[Watched, str], Mapping[str, Any] | None]


def _stream(visit: Visit, looks: SharedLooks[Watched], key: str, *, there: bool, shown: Shown[Watched]) -> Response:
    """``there``: whether it is, for this person."""
    if not there:
        return visit.render("error.html", status=404, failure=None)
    return StreamingResponse(_progress(visit, looks, key, shown), media_type="text/event-stream")


async def _progress(visit: Visit, looks: SharedLooks[Watched], key: str, shown: Shown[Watched]) -> AsyncIterator[str]:
    before, language = "", visit.language
    while not await visit.request.is_disconnected():
        found = await looks.at(key)
        # Whoever has signed out, or has lost their role, learns no more of it.
        lasts = await run_in_threadpool(still_signed_in, visit.request, visit.services)
        counts = shown(found, language) if lasts and found is not None else None
        if counts is None:
            yield "event: rest\ndata:\n\n"
            return
        now = json.dumps(counts)
        if now != before:
            yield f"event: progress\ndata: {now}\n\n"
        before = now
        await asyncio.sleep(LOOK_EVERY)


def _period_counts(period: PeriodRecord, language: str) -> Mapping[str, Any] | None:
    """Return what the page shows of a period's progress, and the sentence about it."""
    if phase_of(period, period.counts) in OVER:
        return None
    found = period.counts
    total, exported = max(period.total, period.invoice_count), found.get(State.EXPORTED, 0)
    moving, dead = sum(found.get(state, 0) for state in MOVING), found.get(State.DEAD, 0)
    text = translations(language).gettext("{exported} of {total} exported, {moving} under way, {dead} failed")
    return {
        "total": total,
        "done": exported,
        "text": text.format(exported=exported, total=total, moving=moving, dead=dead),
    }


def _batch_counts(batch: Batch, language: str) -> Mapping[str, Any] | None:
    """Return the same of a batch. A cancelled one is watched until what was under way has come to its end."""
    if batch.state is BatchState.DONE or batch.ended_at:
        return None
    text = translations(language).gettext(
        "{exported} of {total} exported, {failed} failed again, {moving} under way, {rest} not begun"
    )
    return {
        "total": batch.total,
        "done": batch.exported + batch.failed + batch.left,
        "text": text.format(
            exported=batch.exported,
            total=batch.total,
            failed=batch.failed,
            moving=batch.under_way,
            rest=batch.not_begun,
        ),
    }
