"""CPU that watched periods take in the process of the page, as a share of one core, the watchers' own share in it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis
import uvicorn
from bench.figures import Line
from bench.page import fill, show
from support.web_page import Page

from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore
from worker.web.app import create_app

WATCHERS, INVOICES, SECONDS = 50, 1_000, 20.0
#: Share of a core that they may take.
MOST_SHARE = 0.05
_PERIOD = "main-p881"
_PATIENCE = 30.0


def measure() -> tuple[dict[str, float], list[Line]]:
    """Return the share with that many watchers of a period that moves, and the lines of the table."""
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        EmbeddedServer(Path(folder)) as server,
        redis.Redis.from_url(server.url) as client,
    ):
        store = RedisStore(client, prefix="bench:", policy=StorePolicy())
        fill(store, INVOICES)
        page = Page(client, "bench:")
        show(page, store)
        with _served(page) as port, ExitStack() as stack:
            idle = _share(store, iter(()))
            watchers = [stack.enter_context(_watch(page, port)) for _ in range(WATCHERS)]
            moving = (f"main-{100_001 + 10 * at}" for at in range(INVOICES // 10))
            share = max(0.0, _share(store, moving) - idle)
            notified = sum(b"event: progress" in watcher.recv(1 << 20) for watcher in watchers)
    assert notified == WATCHERS, notified
    what = f"{WATCHERS} pages that follow a moving period, share of a core"
    return {"core_share": share}, [Line(what=what, value=share, note=f"at most {MOST_SHARE:g}")]


def _share(store: RedisStore, moving: Iterator[str]) -> float:
    """Return CPU seconds a second while one invoice after the other is done."""
    began, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - began < SECONDS:
        key = next(moving, None)
        if key:
            store.mark_exported(key, by="bench", why="measured")
        time.sleep(1.0)
    return (time.process_time() - cpu) / (time.monotonic() - began)


@contextmanager
def _served(page: Page) -> Iterator[int]:
    """Serve the page as its process does, in a thread of this one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create_app(page.services), log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            thread.join(_PATIENCE)


@contextmanager
def _watch(page: Page, port: int) -> Iterator[socket.socket]:
    """Open a page's stream, as a browser does, and read its beginning."""
    cookie = f"opter-economic-session={page.browser.cookies['opter-economic-session']}"
    head = f"GET /periods/{_PERIOD}/live HTTP/1.1\r\nHost: page.example\r\nCookie: {cookie}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection:
        connection.sendall(f"{head}Accept: text/event-stream\r\n\r\n".encode())
        assert b"200 OK" in connection.recv(1 << 16)
        yield connection
