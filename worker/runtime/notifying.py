"""Messages to people, built from settings and exports."""

import gettext
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from redis import Redis

from config.cells import cells_of, exports_in, settings_of
from config.exports import ExportConfig
from config.notify_section import ChannelSetup, channels_of
from config.settings import SECRETS, Settings
from worker.domain.invoice_period import PeriodRecord
from worker.domain.missing_numbers import numbers_missing
from worker.domain.signs_of_life import Part
from worker.notify.channels import send
from worker.notify.courier import Courier, Pauses
from worker.notify.decide import Patience
from worker.notify.notifier import Notifier, keep_notifying
from worker.notify.tone import Tone
from worker.notify.watch import NoticeWatch
from worker.runtime.on_demand import opened_store
from worker.store.connection import connect
from worker.store.event_queue import RedisEventQueue
from worker.store.redis_store import RedisStore

#: Returns the catalogue of a language.
Catalogues = Callable[[str], gettext.NullTranslations]
#: Name of the environment whose messages carry no mark.
_PRODUCTION = "production"


def build_notifier(
    settings: Settings,
    exports: Mapping[str, ExportConfig],
    redis: Redis,
    catalogues: Catalogues,
    *,
    parts: Sequence[Part] = (Part.WORKER, Part.INTAKE),
) -> Notifier | None:
    """Return what tells people of one store; None where no channel is set, so that nothing is read.

    ``parts`` of the installation should be alive.
    """
    channels = tuple(channels_of(settings, exports))
    if not channels:
        return None
    store, own = opened_store(settings, redis), settings.notify
    watch = NoticeWatch(
        store=store,
        events=RedisEventQueue(redis, queue=settings.intake.queue, clock=store.now),
        channels=channels,
        parts=parts,
        patience=Patience(
            gather=own.gather_seconds,
            wait=own.wait_minutes * 60,
            certificates=settings.certificates.after_export,
        ),
        zone=own.time_zone,
        gaps=partial(_gaps, store, exports),
        clock=store.now,
    )
    return Notifier(
        watch=watch,
        courier=build_courier(settings, channels, store, catalogues),
        channels=channels,
        interval=own.look_seconds,
    )


def build_courier(
    settings: Settings, channels: Sequence[ChannelSetup], store: RedisStore, catalogues: Catalogues
) -> Courier:
    """Return what sends messages."""
    return Courier(
        store=store,
        channels=channels,
        tone=partial(tone_of, settings, catalogues),
        send=send,
        secrets=SECRETS,
        pauses=Pauses(longest=settings.notify.longest_pause),
        environment="" if settings.environment == _PRODUCTION else settings.environment,
    )


def tone_of(settings: Settings, catalogues: Catalogues, channel: ChannelSetup) -> Tone:
    """Return how a channel is spoken to."""
    return Tone(
        language=channel.language,
        catalogue=catalogues(channel.language),
        zone=settings.notify.time_zone,
        page=settings.web.public_url,
        customer_values=channel.customer_values,
    )


def begin_to_notify(
    settings: Settings, exports: Mapping[str, ExportConfig], catalogues: Catalogues
) -> Callable[[], None]:
    """Tell people of each store from a thread of its own, if there is a channel; return what ends that.

    Which processes are missing is told from the store of the settings alone: it is the same for all.
    """
    ends = [
        _begin(settings_of(settings, cell), exports_in(exports, cell), catalogues, named=cell is not None)
        for cell in cells_of(exports)
    ]

    def end() -> None:
        for end_one in ends:
            end_one()

    return end


def _begin(
    settings: Settings, exports: Mapping[str, ExportConfig], catalogues: Catalogues, *, named: bool
) -> Callable[[], None]:
    redis = connect(settings.redis)
    parts = () if named else (Part.WORKER, Part.INTAKE)
    notifier = build_notifier(settings, exports, redis, catalogues, parts=parts)
    end_turns = keep_notifying(notifier) if notifier else lambda: None

    def end() -> None:
        end_turns()
        redis.close()

    return end


@contextmanager
def notifying(settings: Settings, exports: Mapping[str, ExportConfig], catalogues: Catalogues) -> Iterator[None]:
    """Tell people for as long as the block."""
    end = begin_to_notify(settings, exports, catalogues)
    try:
        yield
    finally:
        end()


def _gaps(
    store: RedisStore, exports: Mapping[str, ExportConfig], period: PeriodRecord
) -> Sequence[tuple[str, int, int]]:
    export = exports.get(period.export)
    by_type = export is not None and export.invoice_series == "by-type"
    spans = numbers_missing(store, store.explanations, store.invoice, period, by_type=by_type)
    return [("", span.first, span.last) for span in spans]
