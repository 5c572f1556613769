"""The users file, and what stands before the password: addresses, paths and groups."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.requests import Request

from config.sign_in_section import ROLES, SignIn
from worker.domain.access import Rights, Role, rights_of_groups
from worker.web.identity import local_path
from worker.web.proxy import client_address, network_of
from worker.web.users import LocalUsers, User, UsersFileError, changing, hasher, is_name, known_as, read_users

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def _user(name: str = "Birthe", **changes: Any) -> User:
    return User(name=name, roles={"main": Role.BOOKKEEPER}, **changes)


def test_the_file_is_its_owners_alone_and_comes_back_as_written(tmp_path: Path) -> None:
    """Replaced as a whole, so that nobody reads half of one."""
    path = tmp_path / "new" / "users.json"
    written = _user(password="hash", changed_by="carl", changed_at="2026-11-29")
    with changing(path) as users:
        users["birthe"] = written
    assert read_users(path) == {"birthe": written}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["users.json"]
    assert read_users(tmp_path / "none") == {}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "users": {}}',
        '{"version": 1, "users": {"B": {"roles": {"*": "king"}}}}',
        '{"vers',
    ],
)
def test_what_is_no_users_file_is_refused(tmp_path: Path, content: str) -> None:
    """It is never half understood, and never overwritten."""
    path = tmp_path / "users.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(UsersFileError), changing(path):
        pytest.fail("never reached")
    assert path.read_text() == content
    assert LocalUsers(path).find("B") is None


def _break_off(users: dict[str, User]) -> None:
    users.clear()
    raise KeyError


def test_a_change_that_breaks_off_changes_nothing(tmp_path: Path) -> None:
    """The file is written at the end, or not at all."""
    path = tmp_path / "users.json"
    with changing(path) as users:
        users["birthe"] = _user()
    with pytest.raises(KeyError), changing(path) as users:
        _break_off(users)
    assert set(read_users(path)) == {"birthe"}


def test_passwords_are_kept_as_argon2id() -> None:
    """With a salt of its own each, and no weaker than RFC 9106 says."""
    one, other = (hasher().hash("the same words twice") for _ in range(2))
    assert one != other
    assert one.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


class CountingHasher(PasswordHasher):
    """Counts comparisons."""

    compared = 0

    def verify(self, *given: Any) -> Any:
        self.compared += 1
        return super().verify(*given)


def test_every_try_costs_one_comparison(tmp_path: Path) -> None:
    """Right, wrong, unknown, without a password, too long: the time that it takes tells nobody who is a user."""
    counting = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    users = LocalUsers(tmp_path / "users.json", make=lambda: counting)
    with changing(tmp_path / "users.json") as written:
        written["birthe"] = _user(password=HASHER.hash("right"))
        written["carl"] = _user("Carl")
    tries = [
        ("Birthe", "right"),
        ("birthe", "wrong"),
        ("nobody", "right"),
        ("Carl", ""),
        ("Birthe", "right" + "x" * 500),
    ]
    found = [users.verify(name, password) for name, password in tries]
    assert [each.name if each else None for each in found] == ["Birthe", None, None, None, None]
    assert counting.compared == len(tries)


def test_a_password_is_the_same_however_a_keyboard_composes_it(tmp_path: Path) -> None:
    """``å`` is one letter or two to a computer."""
    with changing(tmp_path / "users.json") as written:
        written["birthe"] = _user(password=HASHER.hash("bl\u00e5b\u00e6r"))
    assert LocalUsers(tmp_path / "users.json", make=lambda: HASHER).verify("Birthe", "bla\u030ab\u00e6r")


@pytest.mark.parametrize("name", ["Birthe", "Åse Holm", "b.holm@example.dk", "O-Neil_2"])
def test_names_that_people_have(name: str) -> None:
    """Letters of any language."""
    assert is_name(name)


@pytest.mark.parametrize("name", ["", " ", "a  b", "a\nb", "a\u202eb", "<b>", "a" * 61, "a\x00", "a\u200bb"])
def test_names_that_could_deceive_a_reader_are_refused(name: str) -> None:
    """What stands in a history is what one sees."""
    assert not is_name(name)


def test_nobody_tells_names_apart_by_their_case() -> None:
    """Nor by a spelling that looks the same."""
    assert known_as("BIRTHE ") == known_as("birthe") == known_as("birth\uff45")


@pytest.mark.parametrize("path", ["/", "/periods/main-p881?state=dead&q=%C3%A6", "/invoices/main-1#x"])
def test_a_path_of_ours_stays(path: str) -> None:
    """With its query."""
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["//e.x", "/\\e.x", "\\\\e.x", "https://e.x", "e.x", "", "/a\nb", "/\tb", "/æ", "javascript:x", " /x", "/\x00"],
)
def test_a_path_that_could_lead_elsewhere_does_not(path: str) -> None:
    """Browsers take backslashes for slashes and leave control characters out."""
    assert local_path(path) == "/"


def _request(peer: str, forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "headers": headers, "client": (peer, 1)})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.7, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, rubbish", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ],
)
def test_an_address_is_the_last_before_the_trusted_proxies(peer: str, forwarded: str, address: str) -> None:
    """Whoever is no proxy of ours speaks for themselves alone."""
    assert client_address(_request(peer, forwarded), SignIn(proxy_addresses=("10.0.0.0/8",))) == address


def test_an_ipv6_customer_is_counted_as_one() -> None:
    """Else each of its addresses would have tries of its own."""
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") != network_of("2001:db8:1:3::1")
    assert network_of("192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (["none"], {}),
        (["Finance"], {"*": Role.BOOKKEEPER}),
        (["Finance", "North"], {"*": Role.BOOKKEEPER, "north": Role.BOOKKEEPER}),
        (["North", "IT"], {"north": Role.OPERATOR}),
        (["North"], {"north": Role.VIEWER}),
    ],
)
def test_whoever_is_in_several_groups_has_the_most_of_them(groups: list[str], roles: dict[str, Role]) -> None:
    """A role for all is not lessened by one for a single export."""
    mapped = SignIn(role_map=("Finance=bookkeeper", "North=viewer@north", "IT=operator@north")).roles_of_groups
    assert rights_of_groups(mapped, groups) == Rights(roles=roles)


def test_the_settings_know_the_roles() -> None:
    """They are written there a second time, as the settings know nothing of the worker."""
    assert [role.value for role in Role] == list(ROLES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"role_map": "Finance"},
        {"role_map": "Finance=king"},
        {"proxy_addresses": "proxy.example"},
        {"proxy_user_header": "X-User"},
        {"four_eyes": "250000"},
        {"four_eyes": "DKK lots"},
        {"four_eyes": "DKK nan"},
        {"four_eyes": "DKK inf"},
        {"openid_discovery": "http://id.example.dk"},
        {"openid_discovery": "https://id.example.dk"},
    ],
)
def test_settings_that_would_let_the_wrong_people_in_are_refused(wrong: dict[str, str]) -> None:
    """Before anything starts, with what is wrong."""
    with pytest.raises(ValueError, match=r"role|address|proxy|currency|begins|needs"):
        SignIn.model_validate(wrong)


def test_the_file_is_readable_to_people(tmp_path: Path) -> None:
    """One sees who has what."""
    with changing(tmp_path / "users.json") as users:
        users["birthe"] = _user()
    data = json.loads((tmp_path / "users.json").read_text())
    assert data["users"]["Birthe"]["roles"] == {"main": "bookkeeper"}
