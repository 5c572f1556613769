"""Descriptions of failures in Danish: every sentence that code raises, found in the code itself."""

import json
import re
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import pytest
import redis
from pydantic import ValidationError
from support.raised_texts import RaisedTexts
from support.samples import invoice as sample_invoice

import worker
from worker.cli.language import speak
from worker.cli.words import described as described_by_commands
from worker.domain.invoice import Invoice
from worker.domain.reasons import ProcessReason, failure, merged
from worker.intake.event_errors import EventRefused, broken_rules
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.learning.proposal import WANTED
from worker.store.causes import CAUSES, Cause, failure_of
from worker.web.descriptions import described, detail
from worker.web.file_descriptions import WHY_NEEDED
from worker.web.language import translations

DANISH, ENGLISH = translations("da").gettext, translations("en").gettext
ROOM = Path(str(worker.__file__)).parent
#: Sentences that are made of another place's words as a whole: these are said, or quoted, as they come.
_PASSED_ON = re.compile(r"(?:X|\W|invoiceNumber|line |invoice |has |of |event|The PDF)*")
#: A number of an invoice with no value behind it, which no reader of events makes.
_UNMADE = " : "
#: Words that no Danish sentence has: keys and elements in the spelling of files (``ubl.accounts``) are none.
_ENGLISH = re.compile(
    r"(?<![\w.`/])(the|is|of|and|not|with|which|does|has|are|an|from|than|that|its|it|must|be|was|were|cannot|none"
    r"|nothing|no|stands|there|this|names?|line|as|read|add|customer|product|draft|voucher|charge|allowance|should)"
    r"(?![\w.(:/])",
    re.IGNORECASE,
)
_CODE = RaisedTexts(ROOM, without=("sandbox",))


def _unsaid(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return what is quoted, or said half in English, each with what is shown."""
    shown = [(text, described(text, DANISH)) for text in dict.fromkeys(texts)]
    return [(text, said) for text, said in shown if said.startswith("»") or _ENGLISH.search(said)]


def test_every_description_is_danish_too() -> None:
    """A sentence that code raises has a pattern, and each phrase that code may put into it is said too."""
    raised = {text for _, text in _CODE.raised if not _PASSED_ON.fullmatch(text) and _UNMADE not in text}

    assert len(raised) > 450
    assert _unsaid(raised) == []


@pytest.mark.parametrize(
    ("room", "text"),
    [
        ("intake/formats", "line X: X of invoice X: X is no column of this file; correct the mapping."),
        ("intake/formats", "X: X is not X and VAT of X."),
        ("intake/learning", "These files are in several formats (X); take those of one format together."),
        ("intake/sources", "X: it names a file twice, or itself."),
        ("economic/mapping", "The invoice is dated X, and the period X to X is barred in e-conomic."),
        ("intake", "The address names a host that is not allowed."),
    ],
)
def test_descriptions_are_found_with_the_phrases_inside(room: str, text: str) -> None:
    """Also where another function chooses the phrase, or is handed it."""
    assert text in {raised for path, raised in _CODE.raised if room in path.as_posix()}


def test_an_english_phrase_inside_is_found() -> None:
    """A phrase that nobody has translated stands out of its Danish sentence."""
    for phrase in ("which the moon forbids", "and nobody is there"):
        assert _unsaid([f"The invoice is dated X, {phrase}."]) != []
    assert _unsaid(["The invoice is dated X, which lies in no accounting year of e-conomic."]) == []


def test_every_error_of_a_field_is_danish_too() -> None:
    """What the types of an event refuse, our own and the library's: behind the field, the invoice and the value."""
    own = _CODE.errors_of(*(ROOM / name for name in ("domain/money.py", "domain/invoice.py", "intake/event.py")))
    of_cells = _CODE.errors_of(ROOM / "intake/formats/rows.py")
    assert _unsaid(f"data.invoices[0].net: invoice 7 has 'x': {text}." for text in own) == []
    assert _unsaid(f"line 3: net of invoice 7: 'x y' {text}." for text in of_cells) == []


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("invoiceNumber", [None, "7", 0, -1, 10**12, 1.5, [], True]),
        ("invoiceDate", ["", "20-11-2026", 7, None, "2026-11-20T10:00:00Z"]),
        ("net", [1.5, 7, None, [], {}, "x", "1.234", "9" * 40, True]),
        ("currency", ["", "kroner", 7, None]),
        ("invoiceType", ["x", 7, None]),
        ("lines", [[], {}, None, "x", [7]]),
        ("customer", [[], 7, "x", {}]),
        ("exchangeRate", [7.5, "x", []]),
        ("orderNumbers", ["x", [7]]),
        ("somethingElse", ["x"]),
    ],
)
def test_what_the_library_says_of_a_field_is_danish_too(part: str, wrong: list[object]) -> None:
    """As a sender meets it: one field wrong in an invoice that is right otherwise."""
    right = json.loads(sample_invoice().content().text)
    for value in wrong:
        with pytest.raises(ValidationError) as raised:
            Invoice.model_validate_json(json.dumps(right | {part: value}), strict=True, by_alias=True, by_name=False)
        assert _unsaid(each.description for each in broken_rules(raised.value, within="data.invoices[0]")) == []


def test_why_a_field_is_needed_is_danish_too() -> None:
    """Of every field without which no invoice can be booked."""
    assert {wanted.why for wanted in WANTED.values()} == set(WHY_NEEDED)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.signs[0])
@pytest.mark.parametrize("kind", [redis.ConnectionError, redis.ResponseError])
def test_every_cause_of_a_redis_that_does_not_answer_is_danish_too(cause: Cause, kind: type[Exception]) -> None:
    """The cause stands inside the sentence."""
    text = failure_of(kind(cause.signs[0])).description
    assert text.partition(": ")[2] != ""
    assert _unsaid([text]) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"x", "a.txt: linje 1: invoiceNumber: '' har ingen kolonne"),
        ("ny fil.csv", b"invoiceNumber;net\n7;abc\n", "ny fil.csv: linje 2: net på faktura 7: 'abc' er ikke et beløb"),
        ("a.json", b'{"invoiceNumber": 7}', "a.json: [0].invoiceDate: faktura 7: mangler; tilføj det."),
        ("a.json", b"[7]", "a.json: [0]: ikke en faktura."),
        ("a.json", b'{"a"', "a.json: Ikke JSON: "),
        ("a.xml", b"<invoice><net>1</net><net>2</net></invoice>", "linje 1: /invoice/net står der to gange; skriv"),
        ("a.xml", b"<faktura/>", "a.xml: linje 1: Filens rodelement er faktura; skriv <invoicePeriod "),
        ("a.xml", b"<invoice", "a.xml: linje 1: Ikke velformet XML: "),
        ("a.xml", b"<!DOCTYPE a><invoice/>", "a.xml: linje 1: Filen har en DOCTYPE, som kan skjule"),
        ("a.xlsx", b"PK\x03\x04x", "a.xlsx: Ikke en brugbar XLSX-projektmappe ("),
        ("a.bin", b"x", "a.bin: hverken JSON, XML, UBL, CSV eller XLSX; giv en CSV-fil endelsen .csv."),
        (
            "a.xml",
            b'<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>',
            "a.xml: /cbc:DueDate mangler; tilføj det, eller sæt ubl.payment_days i mappingen.",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_said_in_danish(name: str, content: bytes, said: str) -> None:
    """The file, the place and what is wrong; what a parser says, and what the file holds, as it is."""
    with pytest.raises(EventRefused) as raised:
        list(read_file(BytesIO(content), name, HowToRead(), FileHead()))

    shown = [described(problem.description, DANISH) for problem in raised.value.problems]
    assert any(said in each for each in shown), shown
    assert not any(each.startswith("»") for each in shown)


def test_values_stand_where_they_belong() -> None:
    """Names and numbers as they are, phrases inside in Danish."""
    assert described("Customer 1004 is barred in e-conomic.", DANISH) == "Kunde 1004 er spærret i e-conomic."
    text = "The invoice is dated 2026-01-02, and accounting year 2025/2026 is closed in e-conomic."
    assert described(text, DANISH) == (
        "Fakturaen er dateret 2026-01-02, og regnskabsåret 2025/2026 er lukket i e-conomic."
    )
    assert described("Account 5710 Kasse is barred in e-conomic.", DANISH) == "Konto 5710 Kasse er spærret i e-conomic."


def test_several_sentences_are_each_said() -> None:
    """With their numbers; one among them that cannot be said is quoted by itself."""
    said = ("Invoice 7 comes without a PDF.", "Customer 5 is barred in e-conomic.", "Somebody else's words.")
    whole = merged([failure(ProcessReason.INTERNAL_ERROR, text) for text in said])

    assert described(whole.description, DANISH) == (
        "(1) Faktura 7 kommer uden PDF. (2) Kunde 5 er spærret i e-conomic. (3) »Somebody else's words.«"
    )


def test_somebody_elses_words_are_quoted_and_english_stays() -> None:
    """What no pattern fits is shown as it was found, marked; in English nothing is changed."""
    assert described("E04041: not allowed.", DANISH) == "»E04041: not allowed.«"
    for text in ("E04041: not allowed.", "Customer 1004 is barred in e-conomic.", ""):
        assert described(text, ENGLISH) == text


def test_commands_say_the_same() -> None:
    """By their own language."""
    speak("da")
    try:
        assert described_by_commands("Customer 4 is barred in e-conomic.") == "Kunde 4 er spærret i e-conomic."
    finally:
        speak("en")
    assert described_by_commands("Customer 4 is barred in e-conomic.") == "Customer 4 is barred in e-conomic."


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("booked as 100353", "bogført som 100353"),
        ("found booked as 7", "fundet bogført som 7"),
        ("customer-barred", DANISH("Customer barred")),
        ("Birthe: typed in", "Birthe: typed in"),
        ("4711", "4711"),
    ],
)
def test_details_of_a_history_are_danish_too(kept: str, said: str) -> None:
    """A reason by its heading; numbers and a person's own words as they are."""
    assert detail(kept, DANISH) == said
