"""Whether the stores are what the exports file says: none is another's, and no export has anything in a second one."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, suppress

from config.cells import HOME, Cell, cells_of, exports_in, settings_of, store_name
from config.exports import ExportConfig
from config.settings import Settings
from worker.errors import StoreUnavailable
from worker.store.cell_pins import RedisCellPins
from worker.store.connection import StorePolicy, connect

_STAYS = "An export stays in its store for good: name that one again, or give it another name in Opter's events."


def note_stores(settings: Settings, exports: Mapping[str, ExportConfig]) -> list[str]:
    """Return why these exports must not run in their stores, as sentences; none: which is where is noted for good.

    A store that does not answer is passed over, as its exports wait; the intake asks again before it takes an event.
    Raises ``StoreUnavailable`` when the store of the settings does not answer.
    """
    with closing(connect(settings.redis)) as redis:
        home = RedisCellPins(redis, prefix=settings.redis.prefix, policy=StorePolicy())
        found = [*_moved(home.stores_of(), exports)]
        named = {name: export for name, export in exports.items() if export.cell}
        if not named:
            return found
        found += _strange(home, HOME, named)
        agreements = {number: (export, HOME) for export, number in home.agreements().items()}
        for cell in filter(None, cells_of(exports)):
            found += _of_archive(settings, cell)
            with suppress(StoreUnavailable):
                found += _of_cell(settings, cell, exports, agreements)
        if not found:
            home.note_stores({name: store_name(export) for name, export in named.items()})
        return found


def misplaced(settings: Settings, exports: Mapping[str, ExportConfig]) -> list[str]:
    """Return the same of exports that are about to be taken in: unless that can be told now, they are not."""
    try:
        return note_stores(settings, exports)
    except StoreUnavailable as error:
        return [f"cannot be compared with the stores: {error.failure.description}"]


def _of_cell(
    settings: Settings,
    cell: Cell,
    exports: Mapping[str, ExportConfig],
    agreements: dict[int, tuple[str, str]],
) -> Iterator[str]:
    """Yield what is wrong with a named store; ``agreements`` are those of the stores before it. Raises as above."""
    own = settings_of(settings, cell).redis
    with closing(connect(own)) as redis:
        pins = RedisCellPins(redis, prefix=own.prefix, policy=StorePolicy())
        inside = exports_in(exports, cell)
        yield from _strange(pins, cell.name, exports.keys() - inside.keys())
        for export, number in pins.agreements().items():
            first, store = agreements.setdefault(number, (export, cell.name))
            if store != cell.name:
                yield (
                    f"Export {export} in store {cell.name} and export {first} in store {store} have the same agreement "
                    f"({number}), whose calls e-conomic counts together: they belong in one store."
                )


def _strange(pins: RedisCellPins, name: str, others: Collection[str]) -> Iterator[str]:
    """Yield that a store is another one, or else what it holds of ``others``, which are in other stores."""
    said = pins.store_name(name)
    if said != name:
        yield f"The Redis of store {name} is that of store {said}: correct its address, or use its former name."
        return
    for export in sorted(pins.known(others)):
        yield f"Export {export} has its invoices in store {name}; the exports file names another. {_STAYS}"


def _moved(noted: Mapping[str, str], exports: Mapping[str, ExportConfig]) -> Iterator[str]:
    for name, export in exports.items():
        was, now = noted.get(name, store_name(export)), store_name(export)
        if was != now:
            yield f"Export {name} was in store {was}; the exports file says {now}. {_STAYS}"


def _of_archive(settings: Settings, cell: Cell) -> Iterator[str]:
    if settings_of(settings, cell).archive_url == settings.archive_url != "":
        yield f"Store {cell.name} has the archive of the default store: name another database for it."
