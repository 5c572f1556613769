"""The day of a viewer, without JavaScript: everything is seen, nothing is offered that is not allowed."""

import httpx
import pytest
from support.office import PERIOD, Office, words

from worker.domain.access import Role

#: Forms that change something, as their pages would send them.
FORMS = (
    "/to-fix/{cause}/check",
    "/to-fix/{cause}/requeue",
    "/batches/new",
    "/invoices/main-500001/requeue",
    "/invoices/main-500001/mark-exported",
    "/exports/main/check",
    "/exports/main/resume",
    "/exports/main/connect",
    "/exports/main/connect/store",
)


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_viewer_sees_and_is_offered_nothing_else(office: Office, language: str) -> None:
    """Periods, causes, invoices and their history; no form but search, filter and sign-out, on any page."""
    say, page = words(language), office.person(Role.VIEWER, language, script=False)
    assert page.locator("html").get_attribute("lang") == language
    page.get_by_role("link", name="2026-47A").click()
    page.get_by_role("heading", level=1, name="2026-47A").wait_for()
    seen = [page.url]
    page.get_by_role("navigation").get_by_role("link", name=say("To fix")).click()
    cause = page.locator("main a[href^='/to-fix/']").first
    address = str(cause.get_attribute("href"))
    cause.click()
    seen += [address, "/batches", f"/batches/new?period={PERIOD.removeprefix('/periods/')}", "/events", "/log"]
    seen += ["/exports", "/exports/main", f"{PERIOD}?state=dead", "/invoices/main-500001"]
    for path in seen:
        page.goto(path)
        page.get_by_role("main").get_by_role("heading", level=1).wait_for()
        assert page.locator("main form[method=post]").count() == 0, path
        for link in page.locator("main a").evaluate_all("links => links.map(link => link.getAttribute('href'))"):
            assert not link.endswith(("/correct", "/download", "/connect")), (path, link)
    nav = page.get_by_role("navigation").first.inner_text()
    assert say("Health") not in nav

    token = str(page.locator("header input[name=form_token]").get_attribute("value"))
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    with httpx.Client(base_url=office.page, cookies=cookies) as client:
        before = office.counts()
        for form in FORMS:
            path = form.format(cause=address.rpartition("/")[2])
            answer = client.post(path, data={"form_token": token, "why": "let me", "set": "", "period": "main-p881"})
            assert answer.status_code == 403, path
        assert client.get("/health").status_code == 403
        assert client.get("/exports/main/connect").status_code == 403
        assert office.counts() == before
    page.get_by_role("button", name=say("Sign out")).click()
    page.wait_for_url("**/sign-in")
