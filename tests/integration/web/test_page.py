"""The page over a store with failures, as a browser sees it."""

import io
import re
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
import redis
from openpyxl import load_workbook
from starlette.routing import Route
from support import samples
from support.harness import Harness
from support.web_page import FINE, FORMULA, MARKUP, MISSING, OTHER, Page, customer

from worker.domain.certificate import (
    AccountTotals,
    Amounts,
    Certificate,
    CurrencyTotals,
    FieldDifference,
    Finding,
    Reading,
    Verdict,
    stored,
)
from worker.domain.invoice_period import StoredCertificate
from worker.domain.number_series import Explanation
from worker.domain.reasons import EventReason
from worker.domain.record import State
from worker.domain.signs_of_life import Part
from worker.domain.sums import Problem
from worker.intake.queue import DeadEvent, digest, envelope

#: Addresses that need no session; the figures need a token.
OPEN = ("/sign-in", "/healthz", "/readyz", "/metrics")


def test_nothing_is_shown_without_signing_in(page: Page) -> None:
    """Every address but the sign-in pages and the static files sends a stranger to sign in, forms included."""
    page.fill()
    for route in page.app.routes:
        if not isinstance(route, Route) or route.path.startswith(OPEN):
            continue
        places = {"period": "main-p881", "invoice": "main-100002"}
        path = route.path.format_map(defaultdict(lambda: "x", places))
        for method in route.methods or ():
            answer = page.browser.request(method, path, data={"why": "x"} if method == "POST" else None)
            assert (route.path, answer.status_code, answer.headers["location"]) == (route.path, 303, "/sign-in")
    assert page.harness.record(f"main-{MISSING}").state is State.DEAD


def test_a_link_opens_one_session(page: Page) -> None:
    """The second use of a link is refused; opening it without pressing the button does not use it up."""
    link = page.sessions.make_link("Birthe", seconds=60)
    assert page.browser.get(f"/sign-in/{link}").status_code == 200
    assert page.browser.post("/sign-in", data={"link": link}).status_code == 303
    assert page.browser.post("/sign-in", data={"link": link}).status_code == 403
    assert "Birthe" in page.browser.get("/").text


def test_machines_need_no_session(page: Page) -> None:
    """Health is for everybody, figures for who shows the token."""
    assert (page.browser.get("/healthz").text, page.browser.get("/readyz").text) == ("alive", "ready")
    assert page.browser.get("/metrics").status_code == 401
    assert page.browser.get("/metrics", headers={"authorization": "Bearer scrape"}).text == "figure 1\n"


def test_signing_out_ends_the_session(signed_in: Page) -> None:
    """A stolen cookie opens nothing after the person has signed out."""
    cookie = signed_in.browser.cookies["opter-economic-session"]
    assert signed_in.form("/sign-out") == 303
    signed_in.browser.cookies.set("opter-economic-session", cookie)
    assert signed_in.browser.get("/").status_code == 303


def test_redis_holds_no_secret_of_a_session(signed_in: Page, redis_client: redis.Redis, redis_prefix: str) -> None:
    """Whoever reads Redis cannot sign in with what stands there."""
    secret = signed_in.browser.cookies["opter-economic-session"]
    keys = [key.decode() for key in redis_client.scan_iter(f"{redis_prefix}*")]
    assert keys
    assert not any(secret in key for key in keys)


@pytest.mark.parametrize("path", ["requeue", "mark-exported"])
@pytest.mark.parametrize("token", ["", "of another session"])
def test_a_form_of_another_site_is_not_obeyed(signed_in: Page, path: str, token: str) -> None:
    """Without the session's own form token nothing happens."""
    address = f"/invoices/main-{MISSING}/{path}"
    answer = signed_in.browser.post(address, data={"form_token": token, "why": "x"})
    assert answer.status_code == 403
    assert signed_in.harness.record(f"main-{MISSING}").state is State.DEAD


def test_a_large_form_is_not_read(signed_in: Page) -> None:
    """A form above the bound is refused by its announced length."""
    assert signed_in.form(f"/invoices/main-{MISSING}/requeue", why="x" * 70_000) == 413


def test_other_host_names_are_refused(page: Page) -> None:
    """A name of another site that resolves to this address gets no page (DNS rebinding)."""
    assert page.browser.get("/sign-in", headers={"host": "evil.example"}).status_code == 400


def test_every_answer_carries_the_security_headers(signed_in: Page) -> None:
    """Scripts of others, frames and caches are kept away, on pages, errors and static files alike."""
    for path in ("/", "/sign-in", "/nothing", "/static/style.css", "/periods/main-p881/invoices.csv"):
        headers = signed_in.browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert "no-store" in headers["cache-control"], path


def test_markup_in_a_name_is_text(signed_in: Page) -> None:
    """A customer's name is never a part of the page."""
    text = signed_in.browser.get("/periods/main-p881").text
    assert MARKUP not in text
    assert "&lt;script&gt;" in text


def test_the_download_holds_every_invoice_and_no_formula(signed_in: Page) -> None:
    """Amounts carry a Danish comma; a cell that a spreadsheet would run is text."""
    rows = signed_in.browser.get("/periods/main-p881/invoices.csv").content.decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + 3
    assert ";1250,00;exported;" in rows[1]
    assert "'=HYPERLINK" in rows[2]


def test_the_workbook_holds_numbers_dates_and_no_formula(signed_in: Page) -> None:
    """The same rows, headings in the reader's language; what looks like a formula or an address is text."""
    answer = signed_in.browser.get("/periods/main-p881/invoices.xlsx?lang=da&state=dead")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    heading, first, *others = sheet.iter_rows(values_only=True)
    assert heading[:3] == ("Faktura", "Dato", "Kundekode")
    assert first[:8] == (MISSING, datetime(2026, 11, 20), "ACME-1", FORMULA, "DKK", 1000, 250, 1250)  # noqa: DTZ001  # a cell has no zone
    assert first[8] == "fejlet"
    assert [row[0] for row in others] == [OTHER]


def test_the_files_of_an_unknown_period_are_not_found(signed_in: Page) -> None:
    """As its page is."""
    for name in ("", "/invoices.csv", "/invoices.xlsx", "/live"):
        assert signed_in.browser.get(f"/periods/main-p9{name}").status_code == 404


def test_a_long_list_is_shown_page_by_page(signed_in: Page) -> None:
    """100 invoices a page, each on one of them; the filter stays."""
    many = [samples.invoice(invoice_number=number) for number in range(500_001, 500_251)]
    signed_in.harness.close_period(*many, event="/opter/acme/1#many", number=884)
    texts = [signed_in.browser.get(f"/periods/main-p884?lang=en&q=acme&page={at}").text for at in (1, 2, 3)]
    shown = [set(re.findall("/invoices/main-([0-9]+)", text)) for text in texts]
    assert [len(numbers) for numbers in shown] == [100, 100, 50]
    assert set().union(*shown) == {str(number) for number in range(500_001, 500_251)}
    assert "Page 2 of 3" in texts[1]
    assert "?q=acme&amp;page=3#invoices" in texts[1]


def test_invoices_are_found_by_state_reason_andcustomer(signed_in: Page) -> None:
    """Filter and search narrow the list; what fits nothing says so."""
    shown = {
        query: [
            number
            for number in (FINE, MISSING, OTHER)
            if f"/invoices/main-{number}" in signed_in.browser.get(f"/periods/main-p881?{query}").text
        ]
        for query in (
            "",
            "state=dead",
            "reason=product-group-missing&q=100003",
            "q=hyperlink",
            "state=queued",
            "page=9",
            "page=0",
            "page=²",
            f"page={'9' * 5000}",
        )
    }
    assert shown == {
        "": [FINE, MISSING, OTHER],
        "state=dead": [MISSING, OTHER],
        "reason=product-group-missing&q=100003": [OTHER],
        "q=hyperlink": [MISSING],
        "state=queued": [],
        "page=9": [],
        "page=0": [FINE, MISSING, OTHER],
        "page=²": [FINE, MISSING, OTHER],
        f"page={'9' * 5000}": [FINE, MISSING, OTHER],
    }


def test_a_number_leads_to_its_invoice(signed_in: Page) -> None:
    """The bare number that stands on the customer's invoice is enough."""
    assert signed_in.browser.get("/invoices?q=100002").headers["location"] == f"/invoices/main-{MISSING}"
    assert signed_in.browser.get("/invoices?q=999").status_code == 200


def test_what_is_in_economic_comes_from_a_certificate(signed_in: Page) -> None:
    """Before one was read, nothing is said to be there; after it, what it found, when, and what differs."""
    page = signed_in.browser.get("/periods/main-p881?lang=en").text
    assert "e-conomic has not been read back yet" in page
    kept = StoredCertificate(
        id="main-p881-c1",
        period="main-p881",
        at="2030-01-15T08:00:00+00:00",
        sha256="0" * 64,
        text="{}",
        complete=True,
        open_differences=1,
        books="DKK 1 1250.00",
    )
    gross = FieldDifference(field="gross", opter="1250.00", books="1250.01")
    finding = Finding(
        id=f"main-{FINE}",
        invoice_number=FINE,
        currency="DKK",
        verdict=Verdict.DIFFERS,
        opter=Amounts(invoices=1),
        fields=(gross,),
    )
    assert signed_in.harness.store.add_certificate(kept, [finding])
    page = signed_in.browser.get("/periods/main-p881?lang=en").text
    assert "1 difference " in page
    assert "a new reading follows" not in page
    assert f'<a href="/invoices/main-{FINE}">{FINE}</a>: differs; gross: Opter 1250.00, e-conomic 1250.01' in page
    older = replace(kept, id="main-p881-c2", at="2020-01-15T08:00:00+00:00")
    assert signed_in.harness.store.add_certificate(older, [finding])
    assert "a new reading follows" in signed_in.browser.get("/periods/main-p881?lang=en").text
    assert "1,250.00 DKK" in signed_in.browser.get("/?lang=en").text.split("Read in e-conomic")[1]


def test_a_certificate_is_shown_by_currency_account_and_vat_code(signed_in: Page) -> None:
    """Both sides and their difference; one whose text is not what was kept is not shown."""
    one, other = (
        Amounts(invoices=1, net=Decimal(1000), vat=Decimal(250), gross=Decimal(1250)),
        Amounts(invoices=1, net=Decimal("999.99")),
    )
    certificate = Certificate(
        period="main-p881",
        name="2026-47A",
        export="main",
        at="2030-01-15T08:00:00+00:00",
        version="1",
        reading=Reading(agreement=1, method="invoice", calls=3, sources=(), left_out=("Attached PDFs: not listed.",)),
        currencies=(CurrencyTotals(currency="DKK", opter=one, books=other, difference=one.plus(other, -1)),),
        accounts=(
            AccountTotals(
                account=3010,
                vat_code="U25",
                currency="DKK",
                opter=Decimal(1000),
                books=Decimal("999.99"),
                difference=Decimal("0.01"),
            ),
        ),
    )
    kept = stored(certificate)
    assert signed_in.harness.store.add_certificate(kept, [])
    text = signed_in.browser.get("/periods/main-p881?lang=da").text
    assert '<tr class="bad"><th scope="row">3010</th><td>U25</td>' in text
    assert '<td class="n">999,99</td><td class="n">0,01</td></tr>' in text
    assert '<td>Forskel</td><td class="n">0</td><td class="n">0,01</td><td class="n">250,00</td>' in text
    assert "Attached PDFs: not listed." in text
    assert signed_in.harness.store.add_certificate(replace(kept, id="main-p881-x", text="{}"), [])
    assert "U25" not in signed_in.browser.get("/periods/main-p881?lang=da").text


def test_numbers_that_never_came_are_shown_with_the_period(signed_in: Page) -> None:
    """Between its own numbers; what another period brought, or a person explained, is no gap."""
    for period, numbers in ((882, (200_001, 200_007)), (883, (200_003,))):
        invoices = [samples.invoice(invoice_number=number) for number in numbers]
        signed_in.harness.close_period(*invoices, event=f"/opter/acme/1#p{period}", number=period)
    why = Explanation(region=None, series="", first=200_006, last=200_006, by="B", why="never made", at="2026-11-21")
    signed_in.harness.store.explain("main", why)
    text = signed_in.browser.get("/periods/main-p882?lang=en").text
    assert "<ul><li>200002 (1)</li><li>200004&ndash;200005 (2)</li></ul>" in text
    assert "Numbers that never came" not in signed_in.browser.get("/periods/main-p881?lang=en").text


def test_failures_stand_under_their_cause_with_the_money(signed_in: Page) -> None:
    """1 250.00 + 10.00 DKK fail for group 3050."""
    text = signed_in.browser.get("/to-fix?lang=en").text
    assert "Product groups missing in e-conomic: 3050" in text
    assert "2 invoices" in text
    assert "1,260.00 DKK" in text


def test_a_requeue_before_the_cause_is_gone_needs_a_reason(signed_in: Page) -> None:
    """Neither the bare button nor a check that found the cause still there re-queues anything."""
    assert signed_in.form(signed_in.cause() + "/requeue", set=signed_in.set_digest()) == 422
    assert signed_in.form(signed_in.cause() + "/check") == 200
    assert signed_in.form(signed_in.cause() + "/requeue", set=signed_in.set_digest()) == 422
    assert signed_in.harness.record(f"main-{MISSING}").state is State.DEAD
    assert signed_in.form(signed_in.cause() + "/requeue", set=signed_in.set_digest(), why="the group is made") == 200
    record = signed_in.harness.record(f"main-{MISSING}")
    assert record.state is State.RECEIVED
    assert record.history[-1].detail == "Birthe: the group is made"


def test_a_cause_that_is_gone_in_economic_lets_its_group_go(signed_in: Page) -> None:
    """After the group was made, the check says so, and the button alone re-queues all; each is booked once."""
    _make_group(signed_in.harness, "3050")
    signed_in.harness.clock.advance(400)
    address, frozen = signed_in.cause(), signed_in.set_digest()
    assert signed_in.form(address + "/check") == 200
    assert signed_in.form(address + "/requeue", set=frozen) == 200
    signed_in.harness.until_rest()
    assert {record.state for record in signed_in.harness.records()} == {State.EXPORTED}
    assert len(signed_in.harness.documents()) == 3


def test_only_what_was_confirmed_is_requeued(signed_in: Page) -> None:
    """Another invoice that failed meanwhile changes the set: nothing moves until a person has looked again."""
    address, frozen = signed_in.cause(), signed_in.set_digest()
    signed_in.harness.close_period(
        samples.invoice(samples.line(account="3050"), invoice_number=100009, customer=customer("Acme A/S")),
        event="/opter/acme/1#e2",
        number=882,
    )
    signed_in.harness.until_rest()
    assert signed_in.form(address + "/requeue", set=frozen, why="x") == 409
    assert signed_in.harness.record(f"main-{MISSING}").state is State.DEAD


def test_marking_as_exported_needs_a_reason(signed_in: Page) -> None:
    """The reason and the name stand in the history; nothing is posted."""
    address = f"/invoices/main-{MISSING}/mark-exported"
    assert signed_in.form(address, why=" ") == 422
    assert signed_in.form(address, why="typed in as 4711") == 303
    record = signed_in.harness.record(f"main-{MISSING}")
    assert (record.state, record.history[-1].detail) == (State.EXPORTED, "Birthe: typed in as 4711")
    assert len(signed_in.harness.documents()) == 1


@pytest.mark.parametrize(
    ("header", "language"),
    [("da-DK,da;q=0.9,en;q=0.8", "da"), ("en-GB", "en"), ("sv-SE", "da"), ("", "da")],
)
def test_the_browser_chooses_the_language(page: Page, header: str, language: str) -> None:
    """Danish or English as the browser prefers; Danish for any other."""
    answer = page.browser.get("/sign-in", headers={"accept-language": header})
    assert f'<html lang="{language}">' in answer.text


def test_an_event_that_waits_for_a_person_is_discarded(signed_in: Page) -> None:
    """By a form of its own, with a reason; a second click finds nothing."""
    raw = b"{"
    problem = Problem(reason=EventReason.EVENT_INVALID, description="id: '\ud800'", value="\ud800")
    dead = DeadEvent(id=digest(raw), bytes=len(raw), at=0.0, problems=(problem,))
    signed_in.events.dead_letter(raw, envelope(dead))
    assert signed_in.browser.get(f"/events/{digest(raw)}").status_code == 200

    assert signed_in.form(f"/events/{digest(raw)}/discard", why=" ") == 422
    assert signed_in.events.dead() != []
    assert signed_in.form(f"/events/{digest(raw)}/discard", why="sent again as e2") == 303
    assert signed_in.events.dead() == []
    assert signed_in.form(f"/events/{digest(raw)}/discard", why="x") == 404


def test_every_page_speaks_danish(signed_in: Page) -> None:
    """No page shows the English heading of a reason to a Danish reader."""
    for path in ("/", "/periods/main-p881", "/to-fix", signed_in.cause(), f"/invoices/main-{MISSING}", "/events"):
        text = signed_in.browser.get(path, headers={"accept-language": "da"}).text
        assert "Product groups missing" not in text, path
        assert "Perioder" in text, path


def _make_group(harness: Harness, name: str) -> None:
    """What the bookkeeper does in e-conomic: a group like that of 3010, under another name."""
    agreement = harness.sandbox.agreement
    like = next(number for number, group in agreement.product_groups.items() if group["name"] == "3010")
    number = max(agreement.product_groups) + 1
    agreement.product_groups[number] = agreement.product_groups[like] | {"productGroupNumber": number, "name": name}
    accounts = {zone: account for (group, zone), account in agreement.sales_accounts.items() if group == like}
    agreement.sales_accounts |= {(number, zone): account for zone, account in accounts.items()}


def test_a_period_that_waits_for_a_dead_process_says_so(page: Page) -> None:
    """Nothing failed, so that the page would look well; in the reader's language."""
    page.harness.close_period(samples.invoice(invoice_number=FINE, customer=customer("Acme A/S")))
    page.sign_in()
    store = page.harness.store
    page.harness.clock.advance(60)
    store.show_life(Part.INTAKE, "intake@host")
    text = page.browser.get("/periods/main-p881", headers={"Accept-Language": "da"}).text
    assert "Der kører ingen worker" in text
    assert "Der kører ingen modtagelse" not in text

    store.show_life(Part.WORKER, "worker@host")
    assert "Der kører ingen worker" not in page.browser.get("/periods/main-p881").text


def test_a_conflict_is_accepted_with_both_versions_shown(signed_in: Page) -> None:
    """Field by field; with a reason, once, and only what was shown: one that came meanwhile is read first."""
    store, address = signed_in.harness.store, f"/invoices/main-{FINE}"
    signed_in.harness.close_period(
        samples.invoice(samples.line("77.00"), invoice_number=FINE), event="/opter/acme/1#e-2"
    )
    shown = signed_in.browser.get(address).text
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    without_reason = signed_in.form(f"{address}/accept-conflicts", seen=seen)
    signed_in.harness.close_period(
        samples.invoice(samples.line("78.00"), invoice_number=FINE), event="/opter/acme/1#e-3"
    )
    too_early = signed_in.form(f"{address}/accept-conflicts", seen=seen, why="credited")
    untouched = store.period("main-p881")
    seen = signed_in.browser.get(address).text.split('name="seen" value="')[1].split('"')[0]
    accepted = signed_in.form(f"{address}/accept-conflicts", seen=seen, why="credited by 100371")
    period = store.period("main-p881")

    assert untouched
    assert period
    assert "77.00" in shown
    assert MARKUP not in shown
    assert (without_reason, too_early, accepted) == (422, 409, 303)
    assert (len(untouched.conflicts), len(period.conflicts)) == (2, 0)
    assert [conflict.accepted for conflict in period.accepted_conflicts] == ["Birthe: credited by 100371"] * 2
    assert 'name="seen"' not in signed_in.browser.get(address).text
