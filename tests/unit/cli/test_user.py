"""``user``: people of the users file, written for its owner alone, passwords never an argument."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.cli import Bench
from support.samples import export

from config.sign_in_section import SignIn
from worker.cli.main import run
from worker.domain.access import Role
from worker.domain.action_log import Act, LogFilter
from worker.web.users import LocalUsers, read_users

PASSWORD = "a horse walks into a bar"
Type = Callable[[str], None]


@pytest.fixture
def people(bench: Bench, tmp_path: Path) -> Bench:
    sign_in = SignIn(users_file=tmp_path / "users.json")
    bench.settings = bench.settings.model_copy(update={"sign_in": sign_in})
    bench.exports = {"main": export(), "north": export(name="north")}
    return bench


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Type:
    """What stands on standard input, which is no terminal."""

    def stand(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return stand


def _file(bench: Bench) -> Path:
    return bench.settings.sign_in.users_file


def test_a_person_is_added_with_a_role_and_a_password(people: Bench, types: Type) -> None:
    """For every export, or for those that are named; the file has who did it and when."""
    types(f"{PASSWORD}\n")
    assert run(["user", "add", "Birthe", "--role", "bookkeeper", "--by", "carl"], people) == 0
    types(f"{PASSWORD}\r\n")
    command = ["user", "add", "Viggo", "--role", "viewer", "--export", "main", "--export", "north", "--by", "carl"]
    assert run(command, people) == 0
    users = read_users(_file(people))
    assert users["birthe"].roles == {"*": Role.BOOKKEEPER}
    assert users["viggo"].roles == {"main": Role.VIEWER, "north": Role.VIEWER}
    assert (users["birthe"].changed_by, users["birthe"].changed_at) == ("carl", "2027-01-15T08:00:00+00:00")
    assert LocalUsers(_file(people)).verify("Birthe", PASSWORD)
    assert PASSWORD not in people.stdout.getvalue() + people.stderr.getvalue() + _file(people).read_text()


def test_what_was_done_to_users_is_logged(people: Bench, types: Type) -> None:
    """Each change with who made it; what was refused is no action."""
    for command in (
        ["add", "Kim Berg", "--role", "viewer", "--export", "main"],
        ["role", "Kim Berg", "--role", "operator"],
        ["password", "kim berg"],
        ["remove", "Kim Berg"],
        ["remove", "Kim Berg"],
    ):
        types(f"{PASSWORD}\n")
        run(["user", *command, "--by", "carl"], people)
    assert [(it.what, it.who, it.why) for it in reversed(people.memory.actions(LogFilter()))] == [
        (Act.ADD_USER, "carl", "Kim Berg: viewer of main"),
        (Act.CHANGE_ROLE, "carl", "Kim Berg: operator of every export"),
        (Act.CHANGE_PASSWORD, "carl", "Kim Berg"),
        (Act.REMOVE_USER, "carl", "Kim Berg"),
    ]


@pytest.mark.parametrize("password", ["", "short", "x" * 501, "hello birthe hello"])
def test_a_weak_password_is_refused(people: Bench, types: Type, password: str) -> None:
    """Too short, too long for any hash, or with the name in it; nothing is written."""
    types(f"{password}\n")
    assert run(["user", "add", "Birthe", "--role", "viewer"], people) == 2
    assert not _file(people).exists()


def test_a_password_is_never_an_argument(people: Bench, types: Type) -> None:
    """It would stand in the shell's history and in every list of processes."""
    types("")
    assert run(["user", "add", "Birthe", "--role", "viewer", "--password", PASSWORD], people) == 2
    assert run(["user", "password", "Birthe", PASSWORD], people) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "Bir\u202ethe", "--role", "viewer"],
        ["add", "Birthe", "--role", "king"],
        ["add", "Birthe", "--role", "viewer", "--export", "never"],
        ["role", "Birthe", "--role", "viewer"],
        ["password", "Birthe"],
        ["remove", "Birthe"],
    ],
)
def test_what_cannot_be_done_is_refused_before_a_password_is_asked_for(
    people: Bench, types: Type, arguments: list[str]
) -> None:
    """A deceptive name, no such role, export or person; nothing is written."""
    types(f"{PASSWORD}\n")
    assert run(["user", *arguments], people) == 2
    assert not _file(people).exists() or read_users(_file(people)) == {}


def test_a_role_and_a_password_are_changed(people: Bench, types: Type) -> None:
    """A role beside the others for an export that is named, in place of all for every; the rest stays."""
    types(f"{PASSWORD}\n")
    run(["user", "add", "Birthe", "--role", "bookkeeper"], people)
    before = read_users(_file(people))["birthe"]
    run(["user", "role", "birthe", "--role", "viewer", "--export", "north"], people)
    changed = read_users(_file(people))["birthe"]
    assert changed.roles == {"*": Role.BOOKKEEPER, "north": Role.VIEWER}
    assert changed.password == before.password
    run(["user", "role", "Birthe", "--role", "operator"], people)
    assert read_users(_file(people))["birthe"].roles == {"*": Role.OPERATOR}
    types("another few words\n")
    assert run(["user", "password", "BIRTHE"], people) == 0
    assert LocalUsers(_file(people)).verify("Birthe", "another few words")
    assert run(["user", "add", "birthe", "--role", "viewer"], people) == 2


def test_people_are_listed_and_removed(people: Bench, types: Type) -> None:
    """Without their hashes."""
    types(f"{PASSWORD}\n")
    run(["user", "add", "Birthe", "--role", "bookkeeper"], people)
    run(["user", "add", "Carl", "--role", "operator", "--no-password"], people)
    people.stdout.truncate(0)
    people.stdout.seek(0)
    assert run(["user", "list", "--json"], people) == 0
    listed = json.loads(people.stdout.getvalue())
    assert [(each["name"], each["password"]) for each in listed] == [("Birthe", True), ("Carl", False)]
    assert "argon2" not in people.stdout.getvalue()
    assert run(["user", "list"], people) == 0
    assert "operator of every export" in people.stdout.getvalue()
    assert run(["user", "remove", "birthe"], people) == 0
    assert set(read_users(_file(people))) == {"carl"}


def test_a_file_that_is_none_is_not_overwritten(people: Bench, types: Type) -> None:
    """It may be another program's; the message says which setting names it."""
    types(f"{PASSWORD}\n")
    _file(people).write_text("[]")
    _file(people).chmod(0o600)
    assert run(["user", "add", "Birthe", "--role", "viewer"], people) == 2
    assert _file(people).read_text() == "[]"
    assert "SIGN_IN__USERS_FILE" in people.stderr.getvalue()
