"""The archive of an installation, built from its settings."""

from collections.abc import Callable, Mapping

from redis import Redis

from config.exports import ExportConfig
from config.notify_section import channels_of
from config.settings import Settings
from worker.archive.checkpoints import Checkpoint, CheckpointFile
from worker.archive.database import Database
from worker.archive.keeper import Keeper, log_checkpoint
from worker.archive.log import Archive
from worker.archive.mover import ArchiveRules, Mover
from worker.notify.checkpoints import CheckpointNotices
from worker.store.archiving import RedisArchiving
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

_DAY = 86_400.0


def build_archive(settings: Settings) -> Archive:
    """Build what reads and writes the archive; nothing is opened before its first use.

    Where none is named nothing is archived, but what was archived before is still looked for.
    """
    return Archive(Database(settings.archive_url or f"sqlite:///{settings.archive_file}"))


def logged(tell: Callable[[Checkpoint], None]) -> Callable[[Checkpoint], None]:
    """Return what writes a checkpoint into the log before it is told."""

    def announce(checkpoint: Checkpoint) -> None:
        log_checkpoint(checkpoint)
        tell(checkpoint)

    return announce


def checkpoint_teller(
    settings: Settings, exports: Mapping[str, ExportConfig], store: RedisStore
) -> Callable[[Checkpoint], None]:
    """Return what tells of a checkpoint of the archive: by the channels that want it, once."""
    notices = CheckpointNotices(
        store=store,
        channels=tuple(channels_of(settings, exports)),
        zone=settings.notify.time_zone,
        clock=store.now,
    )
    return notices.announce


def build_keeper(
    settings: Settings,
    redis: Redis,
    store: RedisStore,
    archive: Archive,
    *,
    announce: Callable[[Checkpoint], None],
) -> Keeper:
    """Build what moves completed periods into the archive; ``announce`` hands its checkpoints on."""
    live = RedisArchiving(redis, prefix=settings.redis.prefix, policy=StorePolicy())
    live.archive = archive
    after = settings.archive.after_days if settings.archive_url else 0.0
    rules = ArchiveRules(archive_after=after * _DAY)
    return Keeper(
        mover=Mover(
            store=live, archive=archive, period=store.period, summary=store.summary, rules=rules, clock=store.now
        ),
        archive=archive,
        checkpoints=CheckpointFile(settings.archive_checkpoints),
        settings=settings.archive,
        clock=store.now,
        announce=announce,
    )
