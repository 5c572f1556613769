"""All stores of an installation, open, for commands and pages; with one store alone nothing stands in between."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from redis import Redis

from config.cells import HOME, cells_of, settings_of, store_name
from config.settings import Settings
from worker.errors import StoreUnavailable
from worker.store.connection import connect
from worker.store.routed import Routed

if TYPE_CHECKING:
    from config.export_schema import Limits
    from config.exports import ExportConfig
    from worker.domain.ports import AgreementRate

    Rates = Mapping[str, AgreementRate | None]

Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenStores:
    """Each store by its name, that of the settings first: its settings, and its client."""

    each: Mapping[str, tuple[Settings, Redis]]
    #: Export -> name of its store, as the exports file says now.
    stores: Callable[[], Mapping[str, str]]
    #: What was made of several stores.
    _routed: list[Routed] = field(default_factory=list)

    def joined(
        self, build: Callable[[Settings, Redis], Part], *, export_of_event: Callable[[bytes], str] = lambda _: ""
    ) -> Part:
        """Return a part of all stores as one; ``build`` makes that of one store, from its settings and client.

        ``export_of_event``: see ``Routed``.
        """
        parts = {name: build(settings, client) for name, (settings, client) in self.each.items()}
        if len(parts) == 1:
            return parts[HOME]
        routed = Routed(parts, self.stores, home=HOME, export_of_event=export_of_event)
        self._routed.append(routed)
        return cast("Part", routed)

    def of(self, export: str) -> tuple[Settings, Redis]:
        """Return the settings and the client of the store that holds an export."""
        return self.each[self.stores().get(export, HOME)]

    def away(self) -> Sequence[str]:
        """Return the stores that did not answer lately, and were left out of what all were asked."""
        return sorted({name for routed in self._routed for name in routed.away()})

    def close(self) -> None:
        """Close every connection."""
        for _, client in self.each.values():
            client.close()


def open_stores(settings: Settings, exports: "Mapping[str, ExportConfig]") -> OpenStores:
    """Return the stores of these exports, whose content may change: never which stores there are."""
    each = {}
    for cell in cells_of(exports):
        own = settings_of(settings, cell)
        each[cell.name if cell else HOME] = own, connect(own.redis)
    return OpenStores(each=each, stores=lambda: {name: store_name(export) for name, export in exports.items()})


def rates_of(
    stores: OpenStores,
    exports: "Mapping[str, ExportConfig]",
    ask: "Callable[[Callable[[str, Limits], AgreementRate | None], Mapping[str, ExportConfig]], Rates]",
) -> "Rates":
    """Return how each export gets on with its limit; of a store that is away nothing is known, as of one unused.

    ``ask`` asks a rate limiter about exports. Raises ``StoreUnavailable`` when no store answers.
    """
    from worker.store.rate_limiter import RedisRateLimiter  # noqa: PLC0415  # `status` of all periods does without it

    found: dict[str, AgreementRate | None] = {}
    failed: list[StoreUnavailable] = []
    for name, (settings, client) in stores.each.items():
        own = {each: export for each, export in exports.items() if store_name(export) == name}
        try:
            found |= ask(RedisRateLimiter(client, prefix=settings.redis.prefix).look, own)
        except StoreUnavailable as error:
            found |= dict.fromkeys(own)
            failed.append(error)
    if failed and len(failed) == len(stores.each):
        raise failed[0]
    return found
