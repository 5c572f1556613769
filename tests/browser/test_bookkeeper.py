"""The day of a bookkeeper: what is wrong, fixed in e-conomic and not before, and the books compared in the end."""

import csv
import io
import signal
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.office import BARRED, FAILING, FIRST, INVOICES, PERIOD, Office, shoot, words

from worker.domain.access import Role
from worker.economic.mapping.reasons import REASONS

#: Language -> the cause of that day, with its value, and what is done about it in e-conomic.
CAUSES: dict[str, tuple[str, str, Callable[[Office], None]]] = {
    "da": ("product-group-missing", "3050", lambda office: office.add_product_group("3050")),
    "en": ("customer-barred", f"K{BARRED}", lambda office: office.sandbox("PUT", _card(office), {"barred": False})),
}


def _card(office: Office) -> str:
    return f"agreements/{office.number}/customers/{BARRED}"


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_cause_is_found_fixed_and_cleared(office: Office, language: str) -> None:
    """By the cause with its money: refused while it is there, then previewed, confirmed, and followed to its end."""
    say, page = words(language), office.person(Role.BOOKKEEPER, language)
    reason, value, fix = CAUSES[language]
    number, main = FAILING[reason], page.get_by_role("main")
    shoot(page, f"periods-{language}")
    page.get_by_role("link", name="2026-47A").click()
    expect(main).to_contain_text(f"{say(REASONS[reason].heading)}: {number}")
    shoot(page, f"period-{language}")

    page.get_by_role("navigation").get_by_role("link", name=say("To fix")).click()
    _most_money_first(page)
    shoot(page, f"to-fix-{language}")
    page.get_by_role("link", name=f"{say(REASONS[reason].heading)}: {value}").click()
    _refused_while_it_is_there(page, language, number)
    shoot(page, f"cause-{language}")
    assert office.counts()["dead"] >= number

    fix(office)
    page.get_by_role("button", name=say("Check again in e-conomic")).click()
    expect(main).to_contain_text(
        _end(say("e-conomic was asked %(at)s: the cause is gone, and these invoices would go through now.", at=""))
    )
    shoot(page, f"cause-gone-{language}")
    batch = _followed_to_its_end(office, page, language, number)

    expect(main).to_contain_text(f"{number}")
    assert main.locator("tbody tr").count() == min(number, 100)
    expect(main.locator("tbody tr").first).to_contain_text(say("exported"))
    shoot(page, f"batch-done-{language}")
    page.get_by_role("navigation").get_by_role("link", name=say("Batches")).click()
    expect(main).to_contain_text("Birthe")
    assert page.locator(f"main a[href='{batch}']").count() == 1


def _most_money_first(page: Page) -> None:
    """The causes stand in the order of what they hold up."""
    texts = page.locator(".cards strong").all_inner_texts()
    plain = [text.removesuffix(" DKK").replace("\N{NO-BREAK SPACE}", "") for text in texts]
    amounts = [Decimal(text.replace(".", "").replace(",", "")) for text in plain]
    assert amounts == sorted(amounts, reverse=True)
    assert len(amounts) > 3  # six causes, less those that were cleared


def _refused_while_it_is_there(page: Page, language: str, number: int) -> None:
    """e-conomic is asked and says no; a re-queue without a reason is sent back."""
    say, main = words(language), page.get_by_role("main")
    page.get_by_role("button", name=say("Check again in e-conomic")).click()
    expect(main).to_contain_text(_end(say("e-conomic was asked %(at)s: the cause is still there.", at="")))
    page.get_by_label(say("Reason")).fill(" ")
    page.get_by_role("button", name=_queue(language, number)).click()
    expect(page.get_by_role("alert")).to_contain_text(
        say("Without having asked e-conomic, a re-queue needs a reason. Nothing was re-queued.")
    )


def _followed_to_its_end(office: Office, page: Page, language: str, number: int) -> str:
    """Confirm the batch, and watch its page change by itself, to the end; return its address."""
    say, main = words(language), page.get_by_role("main")
    expect(main).to_contain_text(
        say(
            "The set is frozen when you confirm. It runs at a pace, can be cancelled, "
            "and leaves alone what has moved on meanwhile."
        )
    )
    office.send_signal("worker", signal.SIGSTOP)  # so that there is something to watch
    page.get_by_role("button", name=_queue(language, number)).click()
    page.get_by_role("link", name=say("Follow this batch")).click()
    bar = main.get_by_role("progressbar")
    expect(bar).to_have_attribute("max", str(number))
    expect(main.locator(".tag").first).to_have_text(say("running"))
    expect(main.locator(".progress p")).not_to_contain_text("DKK")  # the sentence of a live page has come
    shoot(page, f"batch-{language}")
    office.send_signal("worker", signal.SIGCONT)
    expect(main.locator(".tag").first).to_have_text(say("done"))
    expect(bar).to_have_attribute("value", str(number))
    return page.url.removeprefix(office.page)


def _queue(language: str, number: int) -> str:
    return f"Sæt {number} fakturaer i kø igen" if language == "da" else f"Queue {number} invoices again"


def _end(text: str) -> str:
    """Return a sentence without its beginning, in which a time stands."""
    return text.partition(":")[2].strip()


@pytest.mark.parametrize("language", ["da", "en"])
def test_an_invoice_is_found_and_the_period_taken_along(office: Office, language: str, tmp_path: Path) -> None:
    """By number and by customer; as CSV and as workbook, each with every invoice."""
    say, page = words(language), office.person(Role.BOOKKEEPER, language)
    main = page.get_by_role("main")
    page.get_by_role("searchbox").or_(page.locator("#find")).first.fill(str(FIRST + 1))
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name=str(FIRST + 1)).wait_for()
    customer = main.locator("dl bdi").first.inner_text().partition(" ")[2]
    shoot(page, f"invoice-{language}")

    page.goto(PERIOD)
    page.get_by_label(say("Number or customer")).fill(customer)
    page.get_by_role("button", name=say("Search")).click()
    rows = page.get_by_role("region", name=say("Invoices"), exact=True).locator("tbody tr")
    expect(rows.first).to_contain_text(customer)
    assert {customer} == set(rows.locator("bdi").all_inner_texts())

    page.goto(PERIOD)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "invoices.csv")
    text = (tmp_path / "invoices.csv").read_text(encoding="utf-8-sig")
    assert len(list(csv.reader(io.StringIO(text), delimiter=";"))) == INVOICES + 1
    with page.expect_download() as download:
        page.get_by_role("link", name=say("Workbook (XLSX)")).click()
    download.value.save_as(tmp_path / "invoices.xlsx")
    with zipfile.ZipFile(tmp_path / "invoices.xlsx") as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row") == INVOICES + 1


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_books_are_compared(office: Office, language: str) -> None:
    """Once the period rests, e-conomic is read back by itself: both sides by currency, and no difference."""
    say, page = words(language), office.person(Role.BOOKKEEPER, language)
    summary = page.get_by_text(say("Opter and e-conomic side by side"))

    def read_back() -> bool:
        page.goto(PERIOD)
        return summary.count() == 1

    office.wait_for(read_back, "e-conomic was read back")
    summary.click()
    table = page.get_by_role("region", name=say("By currency"))
    expect(table).to_contain_text(say("Difference"))
    assert table.locator("tr.bad").count() == 0
    shoot(page, f"certificate-{language}")
