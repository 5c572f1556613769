"""A look at every store that exports name: does it answer, is it fit, is its schema one that this program knows."""

from collections.abc import Sequence

from redis import Redis

from config.cells import HOME
from config.settings import Settings
from worker.domain.store_look import StoreLook
from worker.errors import StoreUnavailable
from worker.store.connection import StorePolicy
from worker.store.open_stores import OpenStores
from worker.store.schema import RedisSchema
from worker.store.server_check import check_server


def look_at_stores(stores: OpenStores) -> Sequence[StoreLook]:
    """Return how each store is that exports name, by its name."""
    return [
        _look(name, settings, client, sorted(key for key, store in stores.stores().items() if store == name))
        for name, (settings, client) in stores.each.items()
        if name != HOME
    ]


def _look(name: str, settings: Settings, client: Redis, exports: Sequence[str]) -> StoreLook:
    try:
        problems = check_server(client, require_durability=settings.redis.require_durability)
        schema = RedisSchema(client, prefix=settings.redis.prefix, policy=StorePolicy()).schema()
    except StoreUnavailable as error:
        return StoreLook(name=name, exports=exports, away=error.failure)
    refusal = (schema.refusal,) if schema.too_new else ()
    return StoreLook(name=name, exports=exports, problems=(*problems, *refusal))
