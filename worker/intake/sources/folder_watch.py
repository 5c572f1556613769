"""The watcher of folders: complete files become events on the queue, each exactly once.

Intent before effect: what is to be put on the queue, and which files it was made of, is written down first. Killed at
any moment, the next turn puts the very same event on the queue again, which the intake knows, and moves what is left.
"""

import fcntl
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from config.exports import ExportConfig
from worker.domain.reasons import EventReason
from worker.intake.event_errors import EventRefused, refused
from worker.intake.format_files import FileHead, HowToRead, how_to_read, read_file
from worker.intake.sources.folder import DONE, OWN, Folder, Seen, write
from worker.intake.sources.folder_events import MOST_INLINE, Batch, event_of, read_batch
from worker.intake.sources.manifest import Manifest, is_manifest, read_manifest

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heading:
    """What a file announces about its period, and how many invoices it brings."""

    head: FileHead
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Group:
    """Files that are one period."""

    names: list[str]
    #: What says so; None: the number that they announce, or quiet time.
    manifest: Manifest | None = None

    @property
    def with_manifest(self) -> list[str]:
        return [*self.names, *([self.manifest.name] if self.manifest else [])]


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
        self._folder = Folder(source.folder)
        self._own = source.folder / OWN
        self._headings: dict[tuple[str, Seen], _Heading] = {}
        self._waiting: list[str] = []

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
        long_quiet = self._folder.quiet_for(now) >= self._source.quiet_seconds
        manifests = list(self._manifests(complete))
        groups, named = self._by_manifest(manifests, complete, long_quiet=long_quiet)
        others = [name for name in complete if name not in named and not is_manifest(name)]
        if self._source.closed_by == "manifest":
            self._note_waiting(others if long_quiet else [])
        else:
            groups += self._batches(others, how, long_quiet=long_quiet)
        for group in groups:
            sent += self._take(group, how)
        return sent

    def _manifests(self, complete: Sequence[str]) -> Iterator[Manifest]:
        for name in filter(is_manifest, complete):
            try:
                yield read_manifest((self._folder.path / name).read_bytes(), name)
            except EventRefused as refusal:
                self._refuse([name], refusal)

    def _by_manifest(
        self, manifests: Sequence[Manifest], complete: Sequence[str], *, long_quiet: bool
    ) -> tuple[list[_Group], set[str]]:
        """Return the periods whose files have all come, and all files that wait for a manifest's others."""
        groups: list[_Group] = []
        named: set[str] = set()
        for manifest in manifests:
            there = set(complete) - named
            missing = manifest.missing(there)
            named |= manifest.files.keys()
            if not missing:
                groups.append(_Group(names=list(manifest.files), manifest=manifest))
            elif long_quiet:
                text = f"{manifest.name}: {', '.join(missing[:20])} did not come, {len(missing)} in all."
                come = [name for name in manifest.files if name in there]
                self._refuse([*come, manifest.name], refused(EventReason.CONTROL_TOTALS, text, field="files"))
        return groups, named

    def _note_waiting(self, names: list[str]) -> None:
        """Say once of files that no manifest names that they wait: nobody else would miss them."""
        if names and names != self._waiting:
            log.warning("files_wait_for_manifest", export=self._export, files=len(names))
        self._waiting = names

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

    def _batches(self, names: Sequence[str], how: HowToRead, *, long_quiet: bool) -> list[_Group]:
        """Return the files that are whole periods: by the number of invoices that they announce, or by quiet time."""
        periods: dict[object, list[str]] = {}
        enough: dict[object, int] = {}
        read: dict[tuple[str, Seen], _Heading] = {}
        for name in names:
            heading = self._heading(name, how, read)
            if heading is None:
                continue
            period = heading.head.period
            key = (period.region, period.id) if period else None
            periods.setdefault(key, []).append(name)
            announced = heading.head.invoice_count or (0 if period is None else heading.count)
            enough[key] = enough.get(key, announced) - heading.count
        self._headings = read
        whole = (key for key in periods if (key is not None and enough[key] <= 0) or long_quiet)
        return [_Group(names=periods[key]) for key in whole]

    def _heading(self, name: str, how: HowToRead, read: dict[tuple[str, Seen], _Heading]) -> _Heading | None:
        """Return what a file announces; None for one that was refused or that changes."""
        seen = self._folder.seen(name)
        known = self._headings.get((name, seen))
        if known is None:
            head, count = FileHead(), 0
            try:
                with (self._folder.path / name).open("rb") as file:
                    for _ in read_file(file, name, how, head):
                        count += 1
                        self._alive()
            except EventRefused as refusal:
                if seen == self._folder.seen(name):
                    self._refuse([name], refusal)
                return None
            known = _Heading(head=head, count=count)
        read[name, seen] = known
        return known

    def _take(self, group: _Group, how: HowToRead) -> int:
        names, manifest = group.with_manifest, group.manifest
        before = [self._folder.seen(name) for name in names]
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
            if before == [self._folder.seen(name) for name in names]:
                self._refuse(names, refusal)
            return 0
        if before != [self._folder.seen(name) for name in names]:
            return 0  # written to while it was read; complete() waits again
        write(self._own / f"{event_id}.event", event)
        # The list of files comes last: with it, the event is decided.
        write(self._own / f"{event_id}.intent", json.dumps(digests).encode())
        return self._finish()

    def _finish(self) -> int:
        """Put every event that is decided on the queue, and move its files."""
        sent = 0
        for intent in sorted(self._own.glob("*.intent")):
            event = intent.with_suffix(".event")
            self._publish(event.read_bytes())
            sent += 1
            for name, digest in json.loads(intent.read_bytes()).items():
                self._move(name, digest, intent.stem)
            intent.unlink()
            event.unlink()
        return sent

    def _move(self, name: str, digest: str, event_id: str) -> None:
        with suppress(FileNotFoundError):
            if self._folder.digest(name) != digest:
                return  # another content has come under the same name; it is a file of its own
            receipt = self._own / f"{digest}.receipt"
            # The receipt follows the move: a file that lies here with one has come again.
            again = receipt.exists()
            moved = self._folder.move(name, DONE, digest)
            log.info("file_taken", export=self._export, event_id=event_id, known=again)
            if again:
                text = (
                    f"The same content was taken before; what is in e-conomic stays as it is.\n{receipt.read_text()}\n"
                )
                text += "Samme indhold er modtaget før; det, der er i e-conomic, forbliver, som det er.\n"
                write(moved.with_name(f"{moved.name}.known.txt"), text.encode())
            else:
                write(receipt, f"{event_id} {name}".encode())

    def _refuse(self, names: list[str], refusal: EventRefused) -> None:
        for name in names:
            self._folder.refuse(name, refusal.problems)
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
        #: Export -> what is wrong with its folder; as long as it is.
        self.faults: dict[str, str] = {}

    def turn(self) -> int:
        """Give every folder a turn; return how many events were put on the queue. Raises ``StoreUnavailable``."""
        sent = 0
        for name, watch in self._watches.items():
            try:
                sent += watch.turn()
            except OSError as error:
                self._note(name, f"{error.filename or 'its folder'}: {error.strerror or type(error).__name__}")
            except EventRefused as refusal:
                self._note(name, refusal.problems[0].description)
            else:
                self.faults.pop(name, None)
        return sent

    def _note(self, name: str, fault: str) -> None:
        if self.faults.get(name) != fault:
            log.error("folder_not_usable", export=name, fault=fault)
        self.faults[name] = fault
