"""One browser and one office for all that is tried in a browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from support.installation import PATIENCE
from support.office import Office

expect.set_options(timeout=PATIENCE * 1000)


#: Seconds for a test: the first one brings the whole period in, which takes long where others use the machine.
_PATIENCE = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here the time that the office takes to open."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(_PATIENCE))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a word to any host but the page's."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.fail("Chromium is missing: `apt-get install chromium`, or name it by CHROMIUM=/path.")
    quiet = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=quiet) as browser:
        yield browser


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Office]:
    """2,000 invoices at rest, 400 of them failed for six causes. No test leaves it so that another one fails."""
    with Office(tmp_path_factory.mktemp("office"), browser) as office:
        office.open()
        yield office


@pytest.fixture(autouse=True)
def _no_complaint(request: pytest.FixtureRequest) -> Iterator[None]:
    """No error on any console, no fault of the server, whatever was tried."""
    yield
    if "office" in request.fixturenames:
        office = request.getfixturevalue("office")
        complaints, office.complaints = office.complaints, []
        assert complaints == []
