"""An installation with a second store: export ``main`` is in that of the settings, ``north`` in its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import redis
from support.installation import Installation
from support.ports import free_port
from typing_extensions import override

from config.settings_sections import Redis
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

_STORE = """
[stores.north]
url_env = "REDIS_URL_NORTH"
"""


class Cells(Installation):
    """See ``Installation``; one fleet works for both stores."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, exports={"main": "", "north": 'store = "north"'}, **settings)
        self.north = EmbeddedServer(folder / "redis-north", port=free_port())

    @override
    def __enter__(self) -> Self:
        self.north.start()
        super().__enter__()
        self.write(self.exports_file.read_text() + _STORE)
        return self

    @override
    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.north.stop()

    @property
    @override
    def environment(self) -> dict[str, str]:
        return super().environment | {"REDIS_URL_NORTH": self.north.url}

    @property
    def exports_file(self) -> Path:
        """The exports file."""
        return self.folder / "exports.toml"

    def write(self, text: str) -> None:
        """Write the exports file."""
        self.exports_file.write_text(text)

    @contextmanager
    def clients(self) -> Iterator[dict[str, redis.Redis]]:
        """Give a client of each store."""
        with redis.Redis.from_url(self.redis.url) as home, redis.Redis.from_url(self.north.url) as north:
            yield {"main": home, "north": north}

    def states(self, export: str) -> dict[str, int]:
        """Return how many invoices of an export's period are in which state; empty while it is unknown, or away."""
        with self.clients() as clients:
            try:
                store = RedisStore(clients[export], prefix=Redis().prefix, policy=StorePolicy())
                record = store.period(f"{export}-p881")
            except Exception:  # noqa: BLE001  # whatever it is: tests wait until it is over
                return {}
        return {state.value: count for state, count in record.counts.items() if count} if record else {}

    def booked(self, export: str) -> list[str]:
        """Return the references of an export's booked invoices in e-conomic, each as often as it is there."""
        agreements = self.sandbox("GET", "state")
        return sorted(
            document["references"]["other"]
            for agreement in agreements.values()
            for document in agreement["booked"].values()
            if document["references"]["other"].startswith(f"{export}-")
        )
