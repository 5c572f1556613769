"""Files of a folder that are one period: by a manifest, by the number that they announce, or by quiet time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from config.export_schema import Source
from worker.domain.reasons import EventReason
from worker.forward.folder import OWN, Folder, Seen
from worker.intake.event_errors import EventRefused, refused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.sources.manifest import Manifest, is_manifest, read_manifest

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heading:
    """What a file announces about its period, and how many invoices it brings."""

    head: FileHead
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FileGroup:
    """Files that are one period."""

    names: list[str]
    #: What says so; None: the number that they announce, or quiet time.
    manifest: Manifest | None = None

    @property
    def with_manifest(self) -> list[str]:
        """The files, and the manifest's own name behind them."""
        return [*self.names, *([self.manifest.name] if self.manifest else [])]


class FileGroups:
    """Finds the periods among the files of one folder."""

    def __init__(  # noqa: PLR0913  # the folder, its settings, and what is done with files that are no part of a period
        self,
        folder: Folder,
        source: Source,
        *,
        export: str,
        refuse: Callable[[list[str], EventRefused], None],
        put_aside: Callable[[str, str, str], None],
        alive: Callable[[], None],
    ) -> None:
        """``put_aside`` gets a file's name, its digest and where its content is; ``alive`` is called while reading."""
        self._folder = folder
        self._source = source
        self._export = export
        self._refuse = refuse
        self._put_aside = put_aside
        self._alive = alive
        self._headings: dict[tuple[str, Seen], _Heading] = {}
        self._digests: dict[tuple[str, Seen], str] = {}
        self._waiting: list[str] = []

    def of(self, complete: Sequence[str], how: HowToRead, *, long_quiet: bool) -> list[FileGroup]:
        """Return the periods that are whole; ``long_quiet``: no file came for so long that what is there is all.

        Files that cannot be read, and those of a period that stays incomplete, are refused. Raises ``OSError``.
        """
        manifests = list(self._manifests(complete))
        named = {name for manifest in manifests for name in manifest.files}
        files = self._without_copies([name for name in complete if not is_manifest(name)], first=named)
        groups = self._by_manifest(manifests, files, long_quiet=long_quiet)
        others = [name for name in files if name not in named]
        if self._source.closed_by == "manifest":
            self._note_waiting(others if long_quiet else [])
            return groups
        return groups + self._by_count(others, how, long_quiet=long_quiet)

    def _manifests(self, complete: Sequence[str]) -> Iterator[Manifest]:
        for name in filter(is_manifest, complete):
            try:
                yield read_manifest((self._folder.path / name).read_bytes(), name).among(complete)
            except EventRefused as refusal:
                self._refuse([name], refusal)

    def _by_manifest(self, manifests: Sequence[Manifest], files: Sequence[str], *, long_quiet: bool) -> list[FileGroup]:
        """Return the periods whose files have all come; a file counts for the first manifest that names it."""
        groups: list[FileGroup] = []
        there = set(files)
        for manifest in manifests:
            missing = manifest.missing(there)
            come = [name for name in manifest.files if name in there]
            there -= manifest.files.keys()
            if not missing:
                groups.append(FileGroup(names=list(manifest.files), manifest=manifest))
            elif long_quiet:
                text = f"{manifest.name}: {', '.join(missing[:20])} did not come, {len(missing)} in all."
                self._refuse([*come, manifest.name], refused(EventReason.CONTROL_TOTALS, text, field="files"))
        return groups

    def _without_copies(self, files: Sequence[str], *, first: set[str]) -> list[str]:
        """Put aside what waits under another name too: as a part of its period it would count twice.

        Files in ``first`` stay in any case.
        """
        kept: dict[str, str] = {}
        stay: list[str] = []
        digests: dict[tuple[str, Seen], str] = {}
        for name in sorted(files, key=lambda name: (name not in first, name)):
            seen = self._folder.seen(name)
            digest = digests[name, seen] = self._digests.get((name, seen)) or self._folder.digest(name)
            if digest in kept and name not in first and self._folder.unchanged([name]):
                self._put_aside(name, digest, f"It lies here as {kept[digest]} too.")
            else:
                kept.setdefault(digest, name)
                stay.append(name)
        self._digests = digests
        return sorted(stay)

    def _note_waiting(self, names: list[str]) -> None:
        """Say once of files that no manifest names that they wait: nobody else would miss them."""
        if names and names != self._waiting:
            log.warning("files_wait_for_manifest", export=self._export, files=len(names))
        self._waiting = names

    def _by_count(self, names: Sequence[str], how: HowToRead, *, long_quiet: bool) -> list[FileGroup]:
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
        # What is written to just now is part of what is to come.
        long_quiet &= self._folder.unchanged(names)
        groups = []
        for which, files in periods.items():
            whole = which is not None and enough[which] <= 0
            if whole or (long_quiet and not self._known(which, files)):
                groups.append(FileGroup(names=files))
        return groups

    def _known(self, key: object, files: list[str]) -> bool:
        """Put aside files of an incomplete period that were all taken before; whole, they would come as one again."""
        digests = {name: self._folder.digest(name) for name in files}
        receipts = {name: self._folder.path / OWN / f"{digest}.receipt" for name, digest in digests.items()}
        if key is None or not all(receipt.exists() for receipt in receipts.values()):
            return False
        for name, receipt in receipts.items():
            self._put_aside(name, digests[name], receipt.read_text(encoding="utf-8"))
        return True

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
                self._refuse([name], refusal)
                return None
            if not self._folder.unchanged([name]):
                return None
            known = _Heading(head=head, count=count)
        read[name, seen] = known
        return known
