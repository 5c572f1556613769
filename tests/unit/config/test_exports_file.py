import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import ConfigurationErrors
from config.exports import ExportConfig
from config.exports_file import load_exports, read_start_text

EXAMPLE = Path(__file__).parents[3] / "deploy" / "exports.example.toml"
ENV = {"APP": "app-4711", "GRANT": "grant-4711", "OTHER": "grant-4712"}
HEAD = '[defaults]\napp_secret_token_env = "APP"\n[defaults.customers]\ngroup = 1\nlayout = 19\n'
MAIN = '[exports.main]\ngrant_token_env = "GRANT"\n'

Load = Callable[[str], Mapping[str, ExportConfig]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def _load(text: str) -> Mapping[str, ExportConfig]:
        file = tmp_path / "exports.toml"
        file.write_text(text, encoding="utf-8")
        return load_exports(file, env=ENV, secrets=tmp_path)

    return _load


def _errors(load: Load, text: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationErrors) as caught:
        load(text)
    return sorted((error.entry, error.key) for error in caught.value.errors)


def test_the_published_example_loads(tmp_path: Path) -> None:
    """The sample that a stranger copies is right: two exports, one of each method."""
    (tmp_path / "economic_grant_token_sweden").write_text("grant-se-1\n")
    env = {"ECONOMIC_APP_SECRET_TOKEN": "app-1", "ECONOMIC_GRANT_TOKEN_MAIN": "grant-1"}

    exports = load_exports(EXAMPLE, env=env, secrets=tmp_path)

    assert {name: export.method for name, export in exports.items()} == {"main": "invoice", "sweden": "voucher"}
    assert exports["sweden"].journal == 2
    assert exports["sweden"].customers.currency == "SEK"
    assert exports["sweden"].customers.group == 1
    assert exports["sweden"].grant_token.get_secret_value() == "grant-se-1"


def test_defaults_lie_under_every_export(load: Load) -> None:
    """An export's own key wins over the defaults, table by table, and its own token source replaces theirs."""
    exports = load(HEAD + MAIN + 'app_secret_token_env = "OTHER"\n[exports.main.customers]\nlayout = 21\n')

    assert (exports["main"].customers.group, exports["main"].customers.layout) == (1, 21)
    assert exports["main"].app_secret_token.get_secret_value() == "grant-4712"


def test_an_invoice_type_may_differ_from_its_export(load: Load) -> None:
    """What a type says replaces what the export says; what it leaves out stays."""
    types = "interest = {export = false}\ncorrection = {numbers = 'economic', layout = 7}\n"
    main = load(HEAD + MAIN + "[exports.main.types]\n" + types)["main"]
    correction = main.for_type("correction")

    assert (correction.booking.numbers, correction.invoice_layout, correction.customers.layout) == ("economic", 7, 19)
    assert (main.booking.numbers, main.invoice_layout) == ("opter", 19)
    assert main.for_type("manual") is main
    assert [main.rules_of(name).export for name in ("interest", "correction", "manual")] == [False, True, True]


def test_a_journal_may_differ_by_invoice_type(load: Load) -> None:
    """Corrections go to journal 4, all else to Opter's default."""
    main = load(HEAD + MAIN + VOUCHER.format("") + "[exports.main.types.correction]\njournal = 4\n")["main"]

    assert [main.for_type(name).journal for name in ("invoice", "correction")] == [1, 4]


def test_two_exports_may_share_an_agreement(load: Load) -> None:
    """Opter allows several exports, and they may go to the same books."""
    exports = load(HEAD + MAIN + 'agreement = 7\n[exports.second]\ngrant_token_env = "GRANT"\nagreement = 7\n')

    assert list(exports) == ["main", "second"]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("bulk = 250", "is 250: needs missing_pdf"),
        ('bulk = 250\nmissing_pdf = "post"\nbook = true', "is 250: needs missing_pdf"),
        ('bulk = 501\nmissing_pdf = "post"', "is 501"),
    ],
)
def test_calls_for_many_are_for_vouchers_that_stay_without_pdf(lines: str, problem: str, load: Load) -> None:
    """What needs a call of its own for each invoice gains nothing by them, and is told so."""
    head = HEAD + MAIN + VOUCHER.format("") + "[exports.main.voucher]\n"
    assert load(head + 'bulk = 250\nmissing_pdf = "post"\n')["main"].voucher.bulk == 250

    with pytest.raises(ConfigurationErrors, match=rf"exports\.main: voucher\.bulk: {problem}"):
        load(head + lines)


VOUCHER = 'start_text = """\nexportMethod=voucher\n{}"""\n[exports.main.codes.tax_rates]\nM25 = "U25"\n'


@pytest.mark.parametrize(("line", "journal"), [("", 1), ("journalNumber=3\n", 3), ("  journalNumber = 3 \n\n", 3)])
def test_start_text_is_taken_as_opter_writes_it(line: str, journal: int, load: Load) -> None:
    """Opter's text block works as it is; the journal is 1 by default."""
    export = load(HEAD + MAIN + VOUCHER.format(line))["main"]

    assert (export.method, export.journal) == ("voucher", journal)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("exportMethod=vouchers", "'vouchers'; it is invoice or voucher"),
        ("journalNumber=2", "without exportMethod=voucher"),
        ("exportMethod=invoice\njournalNumber=2", "without exportMethod=voucher"),
        ("exportMethod=voucher\njournalNumber=0", "'0'; it is a number from 1 on"),
        ("exportMethod=voucher\njournalNumber=Daily", "'Daily'; it is a number"),
        ("exportMethode=voucher", 'Did you mean "exportMethod"?'),
        ("voucher", "not of the form key=value"),
        ("exportMethod=voucher\nexportMethod=invoice", "there twice"),
    ],
)
def test_start_text_that_means_nothing_is_refused(text: str, problem: str) -> None:
    """A silently ignored line would send the books somewhere else."""
    _, problems = read_start_text(text)

    assert [problem in message for message in problems] == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("", "exports")]),
        ("[export.main]\n", [("", "export"), ("", "exports")]),
        (HEAD + MAIN + "metod = 1\n", [("exports.main", "metod")]),
        (HEAD + MAIN + "[exports.main.customers]\ngroup = 'x'\nlayot = 1\n",
         [("exports.main", "customers.group"), ("exports.main", "customers.layot")]),
        (HEAD + "[exports.Main]\ngrant_token_env = 'GRANT'\n", [("exports.Main", "")]),
        (HEAD + "[exports.main]\n", [("exports.main", "grant_token")]),
        (HEAD + "[exports.main]\ngrant_token_env = 'NONE'\n", [("exports.main", "grant_token")]),
        (HEAD + "[exports.main]\ngrant_token_file = 'none'\n", [("exports.main", "grant_token")]),
        (HEAD + MAIN + "grant_token_file = 'x'\n", [("exports.main", "grant_token")]),
        (HEAD + MAIN + "journal = 2\n", [("exports.main", "journal")]),
        (HEAD + MAIN + "method = 'voucher'\n", [("exports.main", "codes.tax_rates")]),
        (HEAD + MAIN + "[exports.main.types]\ncorrection = {journal = 2}\nintrest = {export = false}\n",
         [("exports.main", "types.correction.journal"), ("exports.main", "types.intrest")]),
        (HEAD + MAIN + VOUCHER.format("") + "[exports.main.types.manual]\nlayout = 2\nnumbers = 'opter'\nexprt = 1\n",
         [("exports.main", "types.manual.exprt"), ("exports.main", "types.manual.layout"),
          ("exports.main", "types.manual.numbers")]),
        (HEAD + MAIN + "method = 'invoice'\n" + VOUCHER.format(""), [("exports.main", "method")]),
        (HEAD + MAIN + "api_url = 'http://restapi.e-conomic.com'\n", [("exports.main", "api_url")]),
        (HEAD + MAIN + "agreement = 1\n[exports.b]\ngrant_token_env = 'GRANT'\nagreement = 2\n",
         [("exports.b", "agreement")]),
        (HEAD + MAIN + "agreement = 1\n[exports.b]\ngrant_token_env = 'OTHER'\nagreement = 1\nlimits = {share = 0.5}\n",
         [("exports.b", "limits")]),
        (HEAD + "[exports.main]\nmetod = 1\n[exports.b]\njournal = 'x'\n",
         [("exports.b", "grant_token"), ("exports.b", "journal"), ("exports.b", "journal"),
          ("exports.main", "grant_token"), ("exports.main", "metod")]),
        ("exports = 1\ndefaults = 2\n", [("", "defaults"), ("", "exports"), ("", "exports")]),
    ],
)  # fmt: skip
def test_every_error_is_reported_at_once(text: str, expected: list[tuple[str, str]], load: Load) -> None:
    """All errors of the file come together, each with entry and key."""
    assert _errors(load, text) == expected


def test_a_token_in_the_file_is_refused_and_not_repeated(load: Load) -> None:
    """The file may be under version control; the report may be in a log."""
    with pytest.raises(ConfigurationErrors) as caught:
        load(HEAD + "[exports.main]\ngrant_token = 'SECRET-4711'\n")

    assert "SECRET-4711" not in str(caught.value)
    assert "grant_token_env or grant_token_file" in str(caught.value)


@pytest.mark.parametrize("source", ["grant_token_env", "grant_token_file"])
def test_a_token_in_the_place_of_a_name_is_not_repeated_either(source: str, load: Load) -> None:
    """The likeliest slip of all: the token where the name of its variable or file belongs."""
    token = "kAp4711YQ2ZbN9dWx0sVtR8eLm5uHg3cJf6iOo1T"
    with pytest.raises(ConfigurationErrors) as caught:
        load(HEAD + f"[exports.main]\n{source} = '{token}'\n")

    assert token not in str(caught.value)
    assert "seems to hold the token itself" in str(caught.value)


@pytest.mark.parametrize(
    "token", ["changeme", "CHANGE-ME", "<token>", "your-token-here", "xxxx", "", " ", "a b", "replace-with-it"]
)
def test_a_token_that_is_none_is_refused(token: str, tmp_path: Path) -> None:
    """A placeholder that reaches e-conomic would only come back as a 401."""
    file = tmp_path / "exports.toml"
    file.write_text(HEAD + MAIN)

    with pytest.raises(ConfigurationErrors) as caught:
        load_exports(file, env={"APP": "app-4711", "GRANT": token}, secrets=tmp_path)

    assert [error.key for error in caught.value.errors] == ["grant_token"]


def test_a_misspelt_key_gets_a_suggestion(load: Load) -> None:
    """The nearest known key is named."""
    with pytest.raises(ConfigurationErrors, match='Did you mean "tolerance"'):
        load(HEAD + MAIN + "[exports.main.booking]\ntolerence = '0.01'\n")


def test_a_strange_key_is_answered_with_the_keys_of_the_file(load: Load) -> None:
    """As they are spelled there: tokens by their source, no name, and the Start text."""
    with pytest.raises(ConfigurationErrors) as caught:
        load(HEAD + MAIN + "zzzz = 1\n")

    [error] = caught.value.errors
    known = error.next_step.removeprefix("Known here: ").rstrip(".").split(", ")
    assert {"grant_token_env", "grant_token_file", "app_secret_token_env", "start_text", "method"} <= set(known)
    assert not {"name", "grant_token", "app_secret_token"} & set(known)


@pytest.mark.parametrize("content", [b"[exports", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_one_error(content: bytes, tmp_path: Path) -> None:
    """A parser's complaint becomes an error with the file's name."""
    file = tmp_path / "exports.toml"
    file.write_bytes(content)

    with pytest.raises(ConfigurationErrors, match=r"exports\.toml"):
        load_exports(file, env=ENV, secrets=tmp_path)


def test_a_missing_file_is_one_error(tmp_path: Path) -> None:
    """The way out is named: the example to copy."""
    with pytest.raises(ConfigurationErrors, match=r"deploy/exports\.example\.toml"):
        load_exports(tmp_path / "none.toml", env=ENV, secrets=tmp_path)


STRAY = (
    "journal = 2\nmethod = 'voucher'\ncodes = 3\nname = 'x'\n[[exports]]\nstart_text = 7\ngrant_token = ['x']\n"
    "grant_token_env = 3\n[exports.b]\nexports = []\nlimits = {share = nan}"
)
LINES = st.sampled_from((HEAD + MAIN + STRAY).splitlines())


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.one_of(LINES, st.text(max_size=12)), max_size=12))
def test_any_file_loads_or_is_refused_with_errors(lines: list[str], tmp_path: Path) -> None:
    """Whatever the file holds, the start ends in exports or in a list of errors, never in a traceback."""
    file = tmp_path / "exports.toml"
    file.write_text("\n".join(lines), encoding="utf-8", errors="replace")

    outcome: Any
    try:
        outcome = load_exports(file, env=ENV, secrets=tmp_path)
    except ConfigurationErrors as caught:
        outcome = caught.errors

    assert outcome


def test_the_file_that_the_readme_begins_with_can_be_loaded(tmp_path: Path) -> None:
    """Saved as it stands there, with its two variables; nothing is booked by it."""
    readme = (EXAMPLE.parents[1] / "README.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    file = tmp_path / "exports.toml"
    file.write_text(shown)

    [only] = load_exports(
        file,
        env=dict.fromkeys(
            ("ECONOMIC_APP_SECRET_TOKEN", "ECONOMIC_GRANT_TOKEN_MAIN"), "demo-tokens-of-twenty-characters"
        ),
        secrets=tmp_path,
    ).values()

    assert (only.name, only.method, only.booking.book) == ("main", "invoice", False)
