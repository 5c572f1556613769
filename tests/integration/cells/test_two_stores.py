"""Two stores, one fleet: real servers, intake, worker, page; what one store's death stops, and what goes on."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.cells import Cells
from support.installation import SHORT_LEASES, event
from support.ports import free_port
from support.samples import mixed_invoices

from config.names import broker_prefix
from config.settings_sections import Redis
from worker.domain.invoice import Invoice

_MANY = 60


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Cells]:
    settings = {**SHORT_LEASES, "web__port": str(free_port())}
    with Cells(tmp_path, **settings) as running:
        yield running


def _push(
    installation: Cells, export: str, invoices: list[Invoice], event_id: str = "e1", *, through: str = ""
) -> None:
    with installation.clients() as clients:
        raw = json.dumps(event(*invoices, export=export, event_id=event_id))
        clients[through or export].lpush("opter:period-closed", raw)


def _references(export: str, invoices: list[Invoice]) -> list[str]:
    return sorted(f"{export}-{source.invoice_number}" for source in invoices)


def _named(installation: Cells, export: str) -> dict[str, list[str]]:
    """Return the keys of each store whose name has this export in it; messages are hints, and the broker's own."""
    found: dict[str, list[str]] = {}
    with installation.clients() as clients:
        for store, client in clients.items():
            keys = [key.decode() for key in client.scan_iter(count=1000)]
            own = [key for key in keys if not key.startswith(broker_prefix(Redis().prefix))]
            found[store] = [key for key in own if re.search(rf"\b{export}\b", key)]
    return found


def test_a_store_killed_in_mid_period_stops_its_own_export_alone(installation: Cells) -> None:
    """60 invoices in each: one store killed and started again; the other goes on; in the end each is booked once."""
    invoices = mixed_invoices(_MANY)
    installation.sandbox("PATCH", "switches", {"latency_ms": 30})
    slow = {"route": "POST /invoices/drafts", "action": "delay", "delay": 1.5, "times": None}
    installation.sandbox("POST", "faults", slow)
    installation.start_all()
    _push(installation, "north", invoices)
    installation.wait_for(lambda: installation.states("north").get("exported", 0) >= 3, "north is under way")
    installation.north.kill()
    installation.sandbox("DELETE", "faults")
    _push(installation, "main", invoices)
    installation.wait_for(lambda: installation.states("main") == {"exported": _MANY}, "the other store's goes on")
    assert _references("main", invoices) == installation.booked("main")
    assert len(installation.booked("north")) < _MANY

    health = json.loads(installation.command("health", "--json", expect=(3, 1)))
    [store] = [part for part in health["parts"] if part["part"] == "Store north"]
    assert (store["level"], "north" in store["text"]) == ("unreachable", True)
    assert [period["id"] for period in installation.json("status")["periods"]] == ["main-p881"]

    installation.north.start()
    installation.wait_for(lambda: installation.states("north") == {"exported": _MANY}, "north goes on", seconds=240)
    assert _references("north", invoices) == installation.booked("north")
    assert _references("main", invoices) == installation.booked("main")
    assert installation.sandbox("GET", "findings")["findings"] == []
    assert not _named(installation, "north")["main"]
    assert not _named(installation, "main")["north"]
    assert all(_named(installation, export)[export] for export in ("main", "north"))


def test_commands_and_pages_show_both_stores(installation: Cells) -> None:
    """Status, invoices, re-queueing and the pages find each period where it is; a dead store is named on the page."""
    invoices = mixed_invoices(3)
    installation.start_all()
    installation.start("web", "web")
    for export in ("main", "north"):
        _push(installation, export, invoices)
        installation.wait_for(lambda export=export: installation.states(export) == {"exported": 3}, f"{export} is done")
    periods = installation.json("status")["periods"]
    assert {"main-p881", "north-p881"} == {period["id"] for period in periods}
    assert installation.json("status", "north-p881")["counts"]["exported"] == 3
    number = invoices[0].invoice_number
    assert installation.json("invoice", f"north-{number}")["state"] == "exported"
    installation.command("reexport", f"north-{number}", "--by", "test")
    installation.wait_for(lambda: installation.states("north") == {"exported": 3}, "it is looked up, and done")
    assert _references("north", invoices) == installation.booked("north")

    link = installation.command("web", "--link", "--by", "Ole").split()[-1]
    address = httpx.URL(link)
    with httpx.Client(base_url=f"http://{address.host}:{address.port}", follow_redirects=True, timeout=30) as browser:
        browser.post("/sign-in", data={"link": address.path.rpartition("/")[2]})
        shown = browser.get("/").text
        assert "main-p881" in shown
        assert "north-p881" in shown
        assert browser.get("/periods/north-p881").status_code == 200
        assert browser.get("/log").status_code == 200
        assert "Store north" in browser.get("/health?lang=en").text
        installation.north.kill()
        without = browser.get("/?lang=en").text
        assert "main-p881" in without
        assert "Store north does not answer" in without
        assert browser.get("/periods/main-p881").status_code == 200
        assert browser.get("/periods/north-p881").status_code == 503


def test_an_event_through_another_stores_queue_is_refused(installation: Cells) -> None:
    """Nothing of it is stored there; the dead letter names the right store, and `publish` puts it there."""
    installation.start_all()
    _push(installation, "north", mixed_invoices(2), through="main")
    installation.wait_for(lambda: bool(installation.json("events", "dead", "list")), "it is refused")
    [dead] = installation.json("events", "dead", "list")
    assert dead["problems"][0]["reason"] == "event-elsewhere"
    assert "store north" in dead["problems"][0]["description"]
    assert installation.states("north") == {}
    raw = installation.folder / "event.json"
    raw.write_text(installation.command("events", "dead", "show", dead["id"], "--raw"))
    installation.command("publish", str(raw), "--by", "test")
    installation.wait_for(lambda: installation.states("north") == {"exported": 2}, "it is in its store")


def test_an_export_is_moved_to_another_store_by_no_setting(installation: Cells) -> None:
    """Started with another store for an export that has invoices: refused with the sentence, whichever way it goes."""
    installation.start_all()
    _push(installation, "main", mixed_invoices(2))
    _push(installation, "north", mixed_invoices(2))
    for export in ("main", "north"):
        installation.wait_for(lambda export=export: installation.states(export) == {"exported": 2}, f"{export} is done")
    written = installation.exports_file.read_text()
    to_default = written.replace('store = "north"', "")
    to_north = written.replace("[exports.main]", '[exports.main]\nstore = "north"')
    for moved in (to_default, to_north):
        installation.write(moved)
        for command in (("intake",), ("web",), ("export", "check")):
            installation.command(*command, expect=(2,))
