"""CPU milliseconds that a page takes in the process that serves it, over a period of 100,000 invoices in Redis."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis
from bench.figures import Line, median
from starlette.testclient import TestClient
from support.samples import customer, invoice
from support.store import steps
from support.web_page import Page

from worker.domain.approval import NewApproval
from worker.domain.batch import BatchAction, NewBatch
from worker.domain.frozen_set import Choice
from worker.domain.invoice_period import NewInvoice
from worker.domain.invoice_search import InvoiceFilter
from worker.domain.record import State
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore
from worker.web.app import create_app
from worker.web.asking import ask_once

INVOICES = 100_000
#: CPU milliseconds that the first answer of a page may take, and how often each is asked for.
MOST_MS, ROUNDS = 150, 5
_FIRST = 100_000
_PERIOD = "main-p881"
PAGES = {
    "periods": "/",
    "period": f"/periods/{_PERIOD}",
    "period_last_page": f"/periods/{_PERIOD}?page={INVOICES // 100}#invoices",
    "failed": f"/periods/{_PERIOD}?state=dead&reason={steps.FAILURE.reason}",
    "by_number": f"/periods/{_PERIOD}?q={_FIRST + INVOICES // 2}",
    "by_customer": f"/periods/{_PERIOD}?q=kunde+4",
    "invoice": f"/invoices/main-{_FIRST + 7}",
    "find": f"/invoices?q={_FIRST + 7}",
    "to_fix": "/to-fix",
    "cause": "/to-fix/{cause}",
    "batches": "/batches",
    "batch_of_period": f"/batches/new?period={_PERIOD}",
    "batch_of_reason": f"/batches/new?period={_PERIOD}&reason={steps.FAILURE.reason}",
    "batch_of_text": f"/batches/new?period={_PERIOD}&q=kunde+4",
    "batch_again": f"/batches/new?period={_PERIOD}&action=reexport",
    "batch_again_of_text": f"/batches/new?period={_PERIOD}&action=reexport&q=kunde",
    "approvals": "/approvals",
    "approval": "/approvals/asked",
    "approval_last_page": "/approvals/asked?page=9999",
    "log": "/log",
    "events": "/events",
    "exports": "/exports",
    "health": "/health",
}


def measure() -> tuple[dict[str, float], list[Line]]:
    """Return the figures by their keys, and the lines of the table."""
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        EmbeddedServer(Path(folder)) as server,
        redis.Redis.from_url(server.url) as client,
    ):
        store = RedisStore(client, prefix="bench:", policy=StorePolicy())
        fill(store)
        page = Page(client, "bench:")
        show(page, store)
        ask(page, store)
        bare, [cause] = _cpu_ms(page, "/healthz"), store.causes()
        measured = {
            name: [max(0.0, _cpu_ms(page, path.format(cause=cause.id)) - bare) for _ in range(ROUNDS)]
            for name, path in PAGES.items()
        }
    lines = [median(f"{name} ({PAGES[name]})", values) for name, values in measured.items()]
    slowest = max(line.value for line in lines)
    return {"page_ms": slowest}, [*lines, Line(what="slowest page, ms", value=slowest, note=f"at most {MOST_MS}")]


def show(page: Page, store: RedisStore) -> None:
    """Let a page show what this store holds, to somebody who has signed in."""
    own: dict[str, Any] = dict.fromkeys(
        ("store", "index", "actions", "certificates", "series", "causes", "batches"), store
    )
    page.services = replace(page.services, **own)
    page.browser = TestClient(create_app(page.services), base_url="http://page.example", follow_redirects=False)
    page.sign_in()


def _cpu_ms(page: Page, path: str) -> float:
    before = time.process_time()
    answer = page.browser.get(path)
    used = (time.process_time() - before) * 1000
    assert answer.status_code in {200, 303}, (path, answer.status_code)
    return used


def fill(store: RedisStore, invoices: int = INVOICES) -> None:
    """Take a period in; every tenth invoice fails in its check, half of all are exported by hand."""
    period = steps.period(count=invoices)
    store.open_period(period, "e-1")
    new = _new(invoices)
    while chunk := list(islice(new, 250)):
        store.register(period.id, "e-1", chunk)
    store.close_event(period.id, "e-1")
    fence = store.claim_period(period.id)
    assert fence is not None
    ids = [f"main-{number}" for number in range(_FIRST, _FIRST + invoices)]
    dead: Sequence[str] = ids[::10]
    read = dict.fromkeys(ids, "hash")
    queued = [key for key in ids if key not in set(dead)]
    store.pass_preflight(
        period.id, fence, read=read, queued=queued, lookup=frozenset(), dead=dict.fromkeys(dead, steps.FAILURE)
    )
    store.finish_preflight(period.id, fence, notice="")
    by_hand = NewBatch(id="main-batch-1", export="main", action=BatchAction.MARK_EXPORTED, by="bench")
    store.open_batch(by_hand, [(key, 0.0) for key in queued[: invoices // 2]])
    while not store.advance_batches():
        pass


def ask(page: Page, store: RedisStore) -> None:
    """Let everything that is not exported wait for a second person."""
    choice = Choice(export="main", period=_PERIOD, wanted=InvoiceFilter(state=State.QUEUED))
    frozen = store.freeze("main-set-1", choice, at=store.counted(choice).at)
    new = NewApproval(id="asked", export="main", action="requeue", subject="all", by="Birthe", invoices=frozen.invoices)
    ask_once(page.services.approvals, store, new, frozen, seconds=86_400)


def _new(invoices: int) -> Iterator[NewInvoice]:
    """Invoices with numbers and customers of their own; their text is made by replacing, which is cheap."""
    text = invoice(invoice_number=777_777, customer=customer(code="CODE", name="Kunde NAME")).content().text
    for number in range(_FIRST, _FIRST + invoices):
        content = (
            text.replace("777777", str(number))
            .replace("CODE", f"K{number % 30_011}")
            .replace("NAME", str(number % 9973))
        )
        yield replace(steps.new_invoice(number), content=content, content_hash="hash")
