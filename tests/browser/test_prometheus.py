"""A real Prometheus, as an operator sees our figures and alerts in it; its picture is in the README."""

import shutil
from urllib.parse import urlencode

import pytest
from fleet.monitoring import watched
from playwright.sync_api import Browser, expect
from support.installation import PATIENCE, event
from support.office import SCREENS
from support.samples import customer, invoice, line

#: What the README shows: expression -> that it draws.
EXPRESSIONS = (
    "sum by (state) (opter_economic_invoices)",
    "sum by (method) (rate(opter_economic_call_seconds_count[15s]))",
)
#: A group that is missing, and the invoices that fail for it beside those that do not.
ACCOUNT, FAILED, EXPORTED = "3050", 20, 400
#: Debian's package has the older of Prometheus' two pages.
PAGE = "classic"


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus (Debian's package) is not installed")
def test_prometheus_shows_a_period_and_its_alert(browser: Browser) -> None:
    """Graphs of the invoices and the calls of a real period, and the alert on those that failed, firing."""
    with watched() as on:
        known = customer(ledger_number=1001, corporate_id=None)
        period = [
            invoice(
                line("10.00", account="3010" if n >= FAILED else ACCOUNT), invoice_number=20_000 + n, customer=known
            )
            for n in range(FAILED + EXPORTED)
        ]
        on.push(event(*period, event_id="e2", period=2, name="2026-2"))
        ended = {"exported": EXPORTED, "dead": FAILED}
        on.wait_for(lambda: on.counts("main-p2") == ended, "the period is exported", seconds=PATIENCE)
        on.wait_for(lambda: "InvoicesFailed" in on.firing(), "the alert fires", seconds=PATIENCE)
        on.wait_for(
            lambda: on.asked('opter_economic_invoices{state="exported"}') >= EXPORTED, "it is drawn", seconds=PATIENCE
        )

        page = browser.new_page(
            viewport={"width": 1100, "height": 1640}
        )  # all of it: a picture of parts repeats its head
        shown = [(f"g{n}.{key}", value) for n, expr in enumerate(EXPRESSIONS) for key, value in _panel(expr).items()]
        page.goto(f"http://127.0.0.1:{on.prometheus}/{PAGE}/graph?{urlencode(shown)}")
        drawn = page.locator(".rickshaw_graph svg path")
        expect(drawn).not_to_have_count(0)
        for state in ("exported", "dead"):
            expect(page.get_by_text(f'{{state="{state}"}}').first).to_be_visible()
        page.screenshot(path=SCREENS / "prometheus-graph.png")

        page.goto(f"http://127.0.0.1:{on.prometheus}/{PAGE}/alerts")
        expect(page.get_by_text("InvoicesFailed").first).to_be_visible()
        page.screenshot(path=SCREENS / "prometheus-alerts.png")
        page.close()


def _panel(expression: str) -> dict[str, str]:
    return {"expr": expression, "tab": "0", "range_input": "1m", "stacked": "0"}
