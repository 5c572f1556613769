"""A TCP proxy that cuts, delays and swallows, on a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Self

_PIECE = 65_536


class Proxy:
    """Listens on a port of this machine and passes everything on to another."""

    def __init__(self, target: Callable[[], int]) -> None:
        """``target`` tells the port; it is asked for every connection, as a server may begin later."""
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        #: Seconds that every piece takes.
        self.delay = 0.0
        #: Nothing passes, connections stay open and new ones are accepted.
        self.swallows = False
        #: New connections are closed at once.
        self.refuses = False
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._meet, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Reset every connection."""
        self._do(self._cut())

    def lead_to(self, port: int) -> None:
        """Have new connections lead to another server; those that stand stay where they are."""
        self._target = lambda: port

    def restore(self) -> None:
        """Pass everything on; what was swallowed is lost, so the connections that swallowed are cut."""
        swallowed, self.delay, self.swallows, self.refuses = self.swallows, 0.0, False, False
        if swallowed:
            self.cut()

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10)

    async def _cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            if not self.refuses:
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target())
                self._writers.add(far_writer)
                self._begin(self._pass(reader, far_writer))
                self._begin(self._pass(far_reader, writer))
                return
        self._close(writer)

    def _begin(self, what: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(_PIECE):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if self.swallows:
                    continue
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._close(writer)

    def _close(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        with suppress(OSError, RuntimeError):
            writer.close()
