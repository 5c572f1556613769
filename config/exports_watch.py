"""The exports file while everything runs: read again, and taken in unless it changes whose books an export fills."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from typing_extensions import override

from config.errors import ConfigurationError, ConfigurationErrors
from config.exports_file import load_exports
from config.settings import SECRETS, Settings

if TYPE_CHECKING:
    from config.exports import ExportConfig

#: What decides where an export's records are and whose books it fills, in which form, and by which reference an
#: invoice is found again there.
FIXED = ("store", "agreement", "api_url", "openapi_url", "method", "invoice_series")
_STAYS = "The running processes keep the former file. Stop all of them and start again, or change it back."


class LiveExports(Mapping[str, "ExportConfig"]):
    """The exports as they are now; readers see a change at their next look."""

    def __init__(self, exports: "Mapping[str, ExportConfig]") -> None:
        self._now = exports

    def take(self, exports: "Mapping[str, ExportConfig]") -> None:
        """Have these from now on."""
        self._now = exports

    @override
    def __getitem__(self, name: str) -> "ExportConfig":
        return self._now[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    @override
    def __len__(self) -> int:
        return len(self._now)


class ExportsWatch:
    """Looks at the file again and again; used by one thread alone.

    What was read counts once two looks in a row have found the same: a file may be half written at one of them.
    """

    def __init__(
        self,
        exports: "Mapping[str, ExportConfig]",
        read: "Callable[[], Mapping[str, ExportConfig]]",
        *,
        file: str,
        misplaced: "Callable[[Mapping[str, ExportConfig]], Sequence[str]]" = lambda _: (),
    ) -> None:
        """``exports`` are those that the process has begun with; ``file`` names the file in errors.

        ``read`` raises ``ConfigurationErrors``. ``misplaced`` says why exports must not be in their stores; it is asked
        when there are others than before.
        """
        self._misplaced = misplaced
        self._read = read
        self._file = file
        self.exports = exports
        #: What is wrong with the file as it is now; empty when it is in use.
        self.errors: tuple[ConfigurationError, ...] = ()
        self._seen: object = exports

    def look(self) -> "Changed | Refused | None":
        """Return what has become of the file since the last look; None when nothing has, or it may be half written."""
        found = self._look()
        if found != self._seen:
            self._seen = found
            return None
        if isinstance(found, tuple):
            return self._refuse(found)
        refused, self.errors = self.errors, ()
        if found == self.exports and not refused:
            return None
        before, self.exports = self.exports, found
        return Changed(before=before, exports=found)

    def names(self) -> "Collection[str]":
        """Return the exports in the file as it is now; none when it cannot be taken in. Any thread may ask."""
        found = self._look()
        return () if isinstance(found, tuple) else found.keys()

    def _look(self) -> "Mapping[str, ExportConfig] | tuple[ConfigurationError, ...]":
        try:
            exports = dict(self._read())
        except ConfigurationErrors as errors:
            return errors.errors
        refused = tuple(refused_changes(self.exports, exports, file=self._file))
        if not refused and exports.keys() != self.exports.keys():
            refused = tuple(_error(self._file, "", "", why) for why in self._misplaced(exports))
        return refused or exports

    def _refuse(self, errors: tuple[ConfigurationError, ...]) -> "Refused | None":
        known, self.errors = self.errors, errors
        return None if errors == known else Refused(errors=errors)


class Changed:
    """Exports to be taken in: other ones than before, or the same again after a file that could not be taken in."""

    def __init__(self, *, before: "Mapping[str, ExportConfig]", exports: "Mapping[str, ExportConfig]") -> None:
        self.exports = exports
        #: Names of those that were not there before, and of those with other settings.
        self.new = sorted(exports.keys() - before.keys())
        self.changed = sorted(name for name in before.keys() & exports.keys() if before[name] != exports[name])


class Refused:
    """The file cannot be taken in; the former one stays in use."""

    def __init__(self, *, errors: tuple[ConfigurationError, ...]) -> None:
        self.errors = errors


def refused_changes(
    before: "Mapping[str, ExportConfig]", exports: "Mapping[str, ExportConfig]", *, file: str
) -> Iterator[ConfigurationError]:
    """Yield what may not change under the records of invoices that are on their way.

    An ``agreement`` that is named at last is no such change while the token stays, as it is compared with what that
    opens. With another token it could lead elsewhere: a named one goes before that of the first use.
    """
    known = {export.cell.name for export in before.values() if export.cell}
    for name, added in exports.items():
        if name not in before and added.cell and added.cell.name not in known:
            yield _error(file, name, "store", f"is {added.cell.name}, which the running processes do not know.")
    for name, old in before.items():
        new = exports.get(name)
        if new is None:
            yield _error(file, name, "", "is gone.")
            continue
        for key in FIXED:
            was, now = getattr(old, key), getattr(new, key)
            pinned = key == "agreement" and was is None and old.grant_token == new.grant_token
            if was != now and not pinned:
                yield _error(file, name, key, f"is {now or 'left out'}; it was {was or 'left out'}.")
        if old.store == new.store and old.cell != new.cell:
            yield _error(file, name, "store", f"is {new.store}, whose addresses are others than before.")


def _error(file: str, name: str, key: str, problem: str) -> ConfigurationError:
    entry = f"exports.{name}" if name else ""
    return ConfigurationError(file=file, entry=entry, key=key, problem=problem, next_step=_STAYS)


def watch_exports(
    settings: Settings,
    exports: "Mapping[str, ExportConfig]",
    misplaced: "Callable[[Mapping[str, ExportConfig]], Sequence[str]]" = lambda _: (),
) -> ExportsWatch:
    """Return the watch over the exports file of this installation, whose present content is ``exports``."""
    path = settings.exports_file

    def read() -> "Mapping[str, ExportConfig]":
        return load_exports(path, env=os.environ, secrets=SECRETS)

    return ExportsWatch(dict(exports), read, file=str(path), misplaced=misplaced)
