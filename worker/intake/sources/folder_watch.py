"""The watcher of folders: complete files become events on the queue, each exactly once.

Intent before effect: what is to be put on the queue, and which files it was made of, is written down first. Killed at
any moment, the next turn puts the very same event on the queue again, which the intake knows, and moves what is left.
"""

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from config.exports import ExportConfig
from worker.errors import StoreUnavailable
from worker.forward.folder import DONE, OWN, text_bytes, write
from worker.intake.event_errors import EventRefused
from worker.intake.event_outcome import places
from worker.intake.format_files import HowToRead, how_to_read
from worker.intake.sources.file_groups import FileGroup, FileGroups
from worker.intake.sources.folder import WatchedFolder
from worker.intake.sources.folder_events import MOST_INLINE, Batch, event_of, read_batch

log = structlog.get_logger()


class FolderWatch:
    """Watches the folder of one export."""

    def __init__(
        self,
        export: ExportConfig,
        *,
        publish: Callable[[bytes], None],
        clock: Callable[[], float],
        most_inline: int = MOST_INLINE,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """``publish`` puts an event on the queue for good before it returns. ``clock``: seconds since the epoch.

        ``most_inline``: bytes of invoices that an event holds itself. ``alive`` is called with every invoice read.
        """
        self._alive = alive
        self._most_inline = most_inline
        source = export.source
        if source.folder is None:
            raise ValueError(f"export {export.name} has no folder")
        self._export = export.name
        self._by_type = export.invoice_series == "by-type"
        self._source = source
        self._publish = publish
        self._clock = clock
        self._folder = WatchedFolder(source.folder)
        self._own = source.folder / OWN
        self._groups = FileGroups(
            self._folder, source, export=export.name, refuse=self._refuse, put_aside=self._put_aside, alive=alive
        )

    @property
    def path(self) -> Path:
        """Where the folder is."""
        return self._folder.path

    def turn(self) -> int:
        """Take what is complete; return how many events were put on the queue.

        Raises ``OSError`` for a folder that cannot be read or written, ``EventRefused`` for a mapping or stylesheet
        that is none, ``StoreUnavailable``; the files stay where they are.
        """
        self._folder.prepare()
        with self._alone() as alone:
            return self._turn() if alone else 0

    def _turn(self) -> int:
        how = how_to_read(self._source.mapping, self._source.stylesheet)
        sent = self._finish()
        now = self._clock()
        complete = self._folder.complete(
            now=now, stable=self._source.stable_seconds, done_files=self._source.complete == "done-file"
        )
        groups = self._groups.of(complete, how, long_quiet=self._folder.quiet_for(now) >= self._source.quiet_seconds)
        for group in groups:
            sent += self._take(group, how)
        return sent

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Tell whether no other watcher is at this folder, as while a new version replaces an old one."""
        with (self._own / "lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            except OSError:
                pass  # a network share without locks; one watcher a folder is then up to the operator
            yield True

    def _take(self, group: FileGroup, how: HowToRead) -> int:
        names, manifest = group.with_manifest, group.manifest
        digests = {name: self._folder.digest(name) for name in names}
        try:
            if manifest:
                manifest.compare(digests)
            batch: Batch = read_batch(
                self._folder.path,
                group.names,
                how,
                kept=self._own,
                by_type=self._by_type,
                alive=self._alive,
                head=manifest.head() if manifest else None,
            )
            event_id, event = event_of(
                batch, export=self._export, now=self._clock(), kept=self._own, inline=self._most_inline
            )
        except EventRefused as refusal:
            self._refuse(names, refusal)
            return 0
        if not self._folder.unchanged(names):
            return 0  # written to while it was read; complete() waits again
        write(self._own / f"{event_id}.event", event)
        # The list of files comes last: with it, the event is decided.
        write(self._own / f"{event_id}.intent", json.dumps(digests).encode())
        return self._finish()

    def _finish(self) -> int:
        """Put every event that is decided on the queue, and move its files."""
        sent = 0
        for intent in sorted(self._own.glob("*.intent")):
            event, files = intent.with_suffix(".event"), json.loads(intent.read_bytes()).items()
            self._publish(event.read_bytes())
            sent += 1
            for name, digest in files:
                self._move(name, digest, intent.stem)
            intent.unlink()
            event.unlink()
        return sent

    def _move(self, name: str, digest: str, event_id: str) -> None:
        receipt = self._own / f"{digest}.receipt"
        with suppress(FileNotFoundError):
            # Another content that has come under the same name is a file of its own.
            if self._folder.digest(name) == digest:
                # The receipt follows the move: a file that lies here with one has come again.
                again = receipt.exists()
                log.info("file_taken", export=self._export, event_id=event_id, known=again)
                if again:
                    self._put_aside(name, digest, receipt.read_text(encoding="utf-8"))
                else:
                    self._folder.move(name, DONE, digest)
        # Also for a file that was moved before the process was killed.
        if not receipt.exists():
            write(receipt, text_bytes(f"{event_id} {name}"))

    def _put_aside(self, name: str, digest: str, where: str) -> None:
        """Move a file to ``done`` whose content is known; a note beside it says so."""
        moved = self._folder.move(name, DONE, digest)
        text = f"The same content was taken before; what is in e-conomic stays as it is.\n{where}\n"
        text += "Samme indhold er modtaget før; det, der er i e-conomic, forbliver, som det er.\n"
        write(moved.with_name(f"{moved.name}.known.txt"), text_bytes(text))

    def _refuse(self, names: list[str], refusal: EventRefused) -> None:
        if not self._folder.unchanged(names):
            return  # somebody writes it: what is wrong may be put right in the end
        for name in names:
            self._folder.refuse_for(name, refusal.problems)
        log.warning("files_refused", export=self._export, files=len(names), reason=refusal.problems[0].reason.value)


class FolderWatches:
    """All watched folders; one that is in trouble does not keep the others back."""

    def __init__(
        self,
        exports: Mapping[str, ExportConfig],
        *,
        publish: Callable[[bytes], None],
        clock: Callable[[], float],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """See ``FolderWatch``."""
        self._watches = {
            name: FolderWatch(export, publish=publish, clock=clock, alive=alive)
            for name, export in exports.items()
            if export.source.folder
        }
        self._stores = {name: export.store for name, export in exports.items()}
        #: Export -> what is wrong with its folder; as long as it is.
        self.faults: dict[str, str] = {}

    def turn(self) -> int:
        """Give every folder a turn; return how many events were put on the queue. Raises ``StoreUnavailable``.

        While the store of some exports is away, the folders of others have had their turn.
        """
        sent, away = 0, dict[str, StoreUnavailable]()
        for name, watch in self._watches.items():
            if self._stores[name] not in away:
                try:
                    sent += self._turn_of(name, watch)
                except StoreUnavailable as error:
                    away[self._stores[name]] = error
        if away:
            raise next(iter(away.values()))
        return sent

    def _turn_of(self, name: str, watch: FolderWatch) -> int:
        try:
            sent = watch.turn()
        except OSError as error:
            self._note(name, f"{error.filename or watch.path}: {error.strerror or type(error).__name__}")
        except EventRefused as refusal:
            self._note(name, refusal.problems[0].description)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # a fault of ours at one folder must not keep the others back
            self._note(name, f"A fault in this program ({type(error).__name__}).", at=places(error.__traceback__))
        else:
            self.faults.pop(name, None)
            return sent
        return 0

    def _note(self, name: str, fault: str, **where: object) -> None:
        if self.faults.get(name) != fault:
            log.error("folder_not_usable", export=name, fault=fault, **where)
        self.faults[name] = fault
