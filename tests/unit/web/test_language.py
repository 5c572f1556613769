"""The Danish catalogue against the templates, the words in the code, and the reasons."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from worker.domain.period_report import Phase
from worker.domain.record import State
from worker.economic.mapping.reasons import REASONS
from worker.web.language import negotiate, translations
from worker.web.rendering import template
from worker.web.words import PHASES, STATES

ROOM = Path(str(files("worker.web")))
#: Rooms whose phrases are in the catalogue: the page, and messages to people.
ROOMS = (ROOM, ROOM.parent / "notify")
_PLACEHOLDERS = re.compile(r"%\(\w+\)s|\{\w+\}")


def _phrases() -> Iterator[str | tuple[str, ...]]:
    """Every phrase of templates, code and messages; a pair has a singular and a plural."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None, "say": None}
    for room in ROOMS:
        for _, _, phrase, _, _ in extract_from_dir(str(room), method_map=methods, keywords=keywords):
            yield phrase


def test_every_phrase_of_the_page_is_danish_too() -> None:
    """Each has a translation with the same placeholders, and the catalogue holds no phrase that is gone."""
    with (ROOM / "locale" / "da.po").open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file, locale="da") if message.id}
    ours = set(_phrases())
    of_reasons = {text for reason in REASONS.values() for text in (reason.heading, reason.cause, reason.next_step)}
    assert len(ours) > 100
    assert ours | of_reasons == catalogue.keys()
    for phrase, translated in catalogue.items():
        english = phrase if isinstance(phrase, tuple) else (phrase,)
        danish = translated if isinstance(translated, tuple) else (translated,)
        assert all(danish), phrase
        for original, other in zip(english, danish, strict=True):
            assert set(_PLACEHOLDERS.findall(original)) == set(_PLACEHOLDERS.findall(other)), phrase


def test_every_state_and_phase_has_words() -> None:
    """A new state or phase cannot be forgotten on the page."""
    assert (STATES.keys(), PHASES.keys()) == (set(State), set(Phase))


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("da", "da"), ("da-DK;q=0.5", "da"), ("en-US,en;q=0.9", "en"), ("de,en;q=0.1", "en"), ("", "da"), ("*", "da")],
)
def test_the_language_is_the_first_of_ours_that_the_browser_names(accepted: str, language: str) -> None:
    """Danish when it names none of ours."""
    assert negotiate(accepted) == language


def test_english_is_what_the_templates_say() -> None:
    """English needs no catalogue."""
    assert translations("en").gettext("Periods") == "Periods"


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOM / "templates").glob("*.html")))
@pytest.mark.parametrize("language", ["da", "en"])
def test_every_template_compiles(name: str, language: str) -> None:
    """A misspelt filter or tag fails here, not before a reader."""
    assert template(name, language).name == name
