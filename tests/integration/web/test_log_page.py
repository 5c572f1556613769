"""The log of actions as a person sees it."""

from support.web_page import MARKUP, MISSING, OTHER, Page

from worker.domain.access import Role
from worker.domain.action_log import Act


def test_what_is_done_on_the_page_stands_in_the_log(signed_in: Page) -> None:
    """With who, why and a link to the invoice; words of a person are text."""
    assert signed_in.form(f"/invoices/main-{MISSING}/requeue", why=MARKUP) == 303
    assert signed_in.form(f"/invoices/main-{OTHER}/mark-exported", why="typed in") == 303
    text = signed_in.browser.get("/log?lang=en").text
    assert text.index("Marked as exported") < text.index(f"/invoices/main-{MISSING}")
    assert MARKUP not in text
    assert "&lt;script&gt;" in text
    narrowed = signed_in.browser.get("/log?lang=en&what=mark-exported&q=birthe").text
    assert f"/invoices/main-{OTHER}" in narrowed
    assert f"/invoices/main-{MISSING}" not in narrowed
    rows = signed_in.browser.get("/log.csv?q=typed").content.decode("utf-8-sig").splitlines()
    assert rows[0] == "at;who;what;why;export;count;of"
    assert [row.split(";")[1:] for row in rows[1:]] == [
        ["Birthe", "mark-exported", "typed in", "main", "1", f"main-{OTHER}"]
    ]


def test_a_long_log_is_read_on_from_where_a_page_ended(signed_in: Page) -> None:
    """Newest first; the last page offers nothing older."""
    for number in range(150):
        signed_in.harness.store.log_action(who=f"who-{number}.", what=Act.CONNECT, export="main")
    first = signed_in.browser.get("/log?lang=en").text
    assert ("who-149." in first, "who-50." in first, "who-49." in first) == (True, True, False)
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = signed_in.browser.get(f"/log{older}&lang=en").text
    assert ("who-50." in second, "who-49." in second, "who-0." in second) == (False, True, True)
    assert 'rel="next"' not in second
    assert signed_in.browser.get("/log?before=x").status_code == 200


def test_only_the_own_exports_actions_are_shown(page: Page) -> None:
    """What belongs to another export, or to none, is for who sees every export, in the list and in the file."""
    store = page.harness.store
    for export in ("main", "other", ""):
        store.log_action(who=f"of-{export or 'none'}.", what=Act.CONNECT, export=export)
    page.sign_in({"main": Role.VIEWER})
    for path in ("/log", "/log.csv", "/log?export=other", "/log.csv?export=other"):
        text = page.browser.get(path).text
        assert "of-other." not in text, path
        assert "of-none." not in text, path
    assert "of-main." in page.browser.get("/log").text
