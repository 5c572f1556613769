"""What a bookkeeper sees of an archived period: all that they saw before, and where it is."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import redis
from starlette.testclient import TestClient
from support.archiving import DAY, archive_at, complete, moving
from support.clock import ManualClock
from support.web_page import Page

from worker.store.redis_store import RedisStore
from worker.web.app import create_app


def test_archived_periods_have_a_list_and_their_pages(
    store: RedisStore, redis_client: redis.Redis, redis_prefix: str, clock: ManualClock, tmp_path: Path
) -> None:
    """Not among the others; found by name; period and invoice read as before, and say that they are archived."""
    with closing(archive_at(tmp_path / "archive.sqlite")) as archive:
        mover = moving(store, redis_client, archive, clock, prefix=redis_prefix)
        complete(store, range(100_001, 100_004))
        clock.advance(100 * DAY)
        assert mover.turn("main-p881").whole

        page = Page(redis_client, redis_prefix)
        services = replace(page.services, store=store, index=store, actions=store, certificates=store, series=store)
        page.browser = TestClient(create_app(services), base_url="http://page.example", follow_redirects=False)
        page.sign_in()
        page.browser.headers["Accept-Language"] = "en"

        assert "2026-881A" not in page.browser.get("/").text
        assert 'href="/?archived=1"' in page.browser.get("/").text
        assert "2026-881A" in page.browser.get("/?archived=1").text
        assert "2026-881A" in page.browser.get("/?archived=1&q=881a").text
        assert "2026-881A" not in page.browser.get("/?archived=1&q=882").text
        period = page.browser.get("/periods/main-p881")
        assert (period.status_code, "main-100002" in period.text or "100002" in period.text) == (200, True)
        invoice = page.browser.get("/invoices/main-100002")
        assert (invoice.status_code, "in the archive, entry 1" in invoice.text) == (200, True)

        (tmp_path / "archive.sqlite").unlink()
        away = page.browser.get("/invoices/main-100002")
        assert (away.status_code, "The archive" in away.text) == (503, True)
