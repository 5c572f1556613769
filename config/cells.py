"""The stores of an installation: the one of the settings, and others that exports name; each holds all of its exports.

A store with everything of its exports is a *cell*. Nothing of an export is in two of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, SecretStr, StringConstraints, TypeAdapter, ValidationError

from config.addresses import redis_address
from config.named_secret import SecretMissing
from config.settings_sections import Broker, Section

if TYPE_CHECKING:
    from config.exports import ExportConfig
    from config.settings import Settings

#: What the store of the settings is called where stores are named; no other has this name.
HOME = "default"
CellName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,19}$")]

#: An error in the file: entry, key, problem, next step.
Problem = tuple[str, str, str, str]


class Cell(Section):
    """A store besides that of the settings, its addresses resolved."""

    name: CellName
    #: As ``REDIS__URL``.
    url: Annotated[SecretStr, AfterValidator(redis_address)]
    #: As ``ARCHIVE__URL``: each store has an archive of its own.
    archive_url: SecretStr = SecretStr("")


#: Key of a table of the file -> an example, and the meaning.
KEYS: Mapping[str, tuple[str, str]] = {
    "url_env": ("REDIS_URL_NORTH", "Environment variable that holds the address of its Redis, as `REDIS__URL`"),
    "url_file": (
        "redis_url_north",
        "File that holds that address instead, in `/run/secrets` unless its path is absolute",
    ),
    "archive_url_env": (
        "ARCHIVE_URL_NORTH",
        "Environment variable that holds the address of the archive of this store alone, as `ARCHIVE__URL`",
    ),
    "archive_url_file": (
        "archive_url_north",
        "File that holds that address; with neither, as without `ARCHIVE__URL`, in the folder NAME of the data folder",
    ),
}


def read_cells(
    tables: Mapping[str, Any],
    read: Callable[[str, Mapping[str, Any]], str],
    note: Callable[..., None],
) -> dict[str, Cell]:
    """Return the stores that the file names; ``note`` gets what is wrong.

    ``read`` returns the address under a key of a table (``url``); it raises ``SecretMissing``.
    """
    cells: dict[str, Cell] = {}
    for name, table in tables.items():
        place = f"stores.{name}"
        if not isinstance(table, dict):
            note(place, "", "is not a table.", f"Write [{place}].")
            continue
        for key in sorted(table.keys() - KEYS.keys()):
            note(place, key, "is not a known key.", f"There are: {', '.join(KEYS)}.")
        if name == HOME:
            note(place, "", "is the store of the settings.", "Give this one another name.")
            continue
        try:
            TypeAdapter[str](CellName).validate_python(name)
            archive = "archive_url" if any(key.startswith("archive_url") for key in table) else ""
            url, archive_url = read("url", table), read(archive, table) if archive else ""
            cells[name] = Cell(name=name, url=SecretStr(url), archive_url=SecretStr(archive_url))
        except SecretMissing as missing:
            note(place, "url", str(missing))
        except ValidationError as error:
            if error.title == "Cell":
                note(place, "url", "holds no address of a Redis.", "Write it as redis://user:password@host:6379/0.")
            else:
                note(place, "", "the name does not fit.", "Use at most 20 of a-z and 0-9, a letter first.")
    return cells


def store_name(export: "ExportConfig") -> str:
    """Return the name of the store that holds everything of an export."""
    return export.store or HOME


def cells_of(exports: "Mapping[str, ExportConfig]") -> Sequence[Cell | None]:
    """Return the stores of these exports: that of the settings first (None), always, then others by name."""
    named = {export.cell.name: export.cell for export in exports.values() if export.cell}
    return [None, *(named[name] for name in sorted(named))]


def exports_in(exports: "Mapping[str, ExportConfig]", cell: Cell | None) -> "dict[str, ExportConfig]":
    """Return the exports that a store holds."""
    name = cell.name if cell else HOME
    return {key: export for key, export in exports.items() if store_name(export) == name}


def settings_of(settings: "Settings", cell: Cell | None) -> "Settings":
    """Return the settings as they are for what a store holds; None: the store of the settings.

    What carries the messages stays the same, as one fleet of workers serves all stores.
    """
    if cell is None:
        return settings
    own, home = settings.broker, settings.redis
    broker = own if own.url.get_secret_value() else Broker(url=home.url, ca_file=own.ca_file or home.ca_file)
    checkpoints = settings.archive.checkpoints
    if checkpoints:
        checkpoints = checkpoints.with_name(f"{checkpoints.stem}-{cell.name}{checkpoints.suffix}")
    return settings.model_copy(
        update={
            "redis": home.model_copy(update={"url": cell.url}),
            "broker": broker,
            "archive": settings.archive.model_copy(update={"url": cell.archive_url, "checkpoints": checkpoints}),
            # What the archive puts there by default is another store's in the folder itself.
            "data_folder": settings.data_folder / cell.name,
        }
    )


def crossings(exports: "Mapping[str, ExportConfig]") -> Iterator[Problem]:
    """Yield what exports of several stores share although one store has to hold it."""
    cells = [cell for cell in cells_of(exports) if cell]
    for first, second in combinations(cells, 2):
        if first.url.get_secret_value() == second.url.get_secret_value():
            problem = f"has the address of stores.{first.name}."
            yield f"stores.{second.name}", "url", problem, "Give each store a Redis, or a database of one, of its own."
        if first.archive_url.get_secret_value() == second.archive_url.get_secret_value() != "":
            problem = f"has the archive of stores.{first.name}."
            yield f"stores.{second.name}", "archive_url", problem, "Give each store an archive of its own."
    for one, other in combinations(exports.values(), 2) if cells else ():
        shared = _shared(one, other) if store_name(one) != store_name(other) else ""
        if shared:
            problem = (
                f"is {store_name(other)}, but exports.{one.name}, which has the same {shared}, is in the store "
                f"{store_name(one)}: e-conomic counts their calls together, and one store has to."
            )
            yield f"exports.{other.name}", "store", problem, "Give both the same store."


def _shared(first: "ExportConfig", second: "ExportConfig") -> str:
    """Return what e-conomic's limits count together of two exports; empty: nothing."""
    # An empty token stands for one that is missing, which is an error of its own.
    if first.grant_token.get_secret_value() == second.grant_token.get_secret_value() != "":
        return "grant token"
    if first.agreement is not None and first.agreement == second.agreement:
        return "agreement"
    same_app = first.app_secret_token.get_secret_value() == second.app_secret_token.get_secret_value() != ""
    if same_app and (first.limits.of_app() or second.limits.of_app()):
        return "app, whose calls are limited as a whole (`limits`)"
    return ""
