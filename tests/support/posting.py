"""``POST /events`` over everything in memory: the application, a signing sender, and the intake behind."""

import json
from dataclasses import replace
from pathlib import Path
from threading import Event as Stop
from typing import Any
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.testclient import TestClient
from support.clock import ManualClock
from support.events import reader
from support.intake import consumer
from support.memory_posted import MemoryPostedEvents
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export

from config.settings_sections import Web
from worker.forward.signing import signed
from worker.intake.sources.folder import kept_folders
from worker.web.event_api.routes import EventApi

SECRET = b"0123456789abcdef0123456789abcdef"


class Posting:
    """The addresses for machines of an installation with the exports ``main`` and, without a secret, ``shut``."""

    def __init__(self, secrets: Path, *, limit: int = 1 << 20, settings: Web | None = None, **source: Any) -> None:
        (secrets / "main").write_bytes(b"the-new-secret-the-new-secret-the\n" + SECRET + b"\n")
        self.clock = ManualClock()
        self.events = MemoryEvents()
        self.queue = MemoryEventQueue(self.events, consumer="one")
        self.store = MemoryStore(clock=self.clock)
        self.posted = MemoryPostedEvents(self.queue, clock=self.clock)
        main = export(source={"http_secret_file": "main"} | source)
        self.exports = {"main": main, "shut": export(name="shut")}
        self.api = EventApi(
            settings=settings or Web(),
            exports=self.exports,
            store=self.store,
            events=lambda _: self.posted,
            secrets=secrets,
            limit=limit,
            clock=self.clock,
        )
        self.app = Starlette(routes=self.api.routes())
        self.client = TestClient(self.app, base_url="http://page.example")
        read = reader(main, folders=kept_folders(self.exports), limit=1 << 28)
        self.consumer = replace(consumer(self.queue, self.store), reader=read)

    def post(self, body: Any, kind: str = "application/json", *, name: str = "", **changes: Any) -> Any:
        """Send a body as its holder of the secret does; return the answer. ``changes`` replace headers."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        target = f"/events?{urlencode({'export': 'main'} | ({'name': name} if name else {}))}"
        headers = signed(SECRET, method="POST", target=target, now=self.clock(), body=content)
        sent = {"Content-Type": kind} | headers | changes
        return self.client.post(target, content=content, headers={key: each for key, each in sent.items() if each})

    def status(self, answer: Any) -> Any:
        """Ask for the status that an answer names; return it."""
        return self.ask(answer.json()["status"])

    def ask(self, target: str, secret: bytes = SECRET) -> Any:
        """Ask for an address, signed."""
        return self.client.get(target, headers=signed(secret, method="GET", target=target, now=self.clock()))

    def ask_for(self, posted: str) -> Any:
        """Ask for the status of an id, signed."""
        return self.ask(f"/events/{quote(posted, safe='')}/status?export=main")

    def take_in(self) -> None:
        """Let the intake read all that is on the queue."""
        while self.queue.waiting():
            self.consumer.turn(Stop())
