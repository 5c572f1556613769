"""The address of an SFTP server: what it must look like, and what must stand beside it."""

from pathlib import Path
from typing import Any

import pytest

from config.export_schema import Source
from config.sftp_address import sftp_address, sftp_problems

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJHz0h0W0a9Q1c9b1x2r8v8m8H6k4mZ3q5m2m1m7yYQf"
WHOLE: dict[str, Any] = {
    "folder": Path("/var/lib/opter"),
    "sftp": "sftp://opter@files.example.dk/out",
    "sftp_host_key": KEY,
    "sftp_key_file": "key",
}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sftp://opter@h/out", ("h", 22, "opter", "/out")),
        ("sftp://opter@h:2222/a/b/", ("h", 2222, "opter", "/a/b")),
        ("sftp://my%40name@h", ("h", 22, "my@name", ".")),
    ],
)
def test_an_address_names_host_user_and_folder(text: str, parts: tuple[str, int, str, str]) -> None:
    """Without a folder it is the one that one is put into."""
    found = sftp_address(text)

    assert (found.host, found.port, found.user, found.folder) == parts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ftp://opter@h/out", "in the clear"),
        ("ftps://opter@h/out", "use sftp://"),
        ("sftp://opter:word@h/out", "sftp_password_file"),
        ("sftp://h/out", "user@host"),
        ("https://opter@h/out", "user@host"),
        ("sftp://opter@h:x/out", "Port"),
    ],
)
def test_what_is_no_address_says_what_to_write(text: str, says: str) -> None:
    """FTP with the reason; a password never stands in an address."""
    with pytest.raises(ValueError, match=says) as caught:
        sftp_address(text)
    assert "word@" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({}, []),
        ({"folder": None}, ["source.folder"]),
        ({"sftp_host_key": None}, ["source.sftp_host_key"]),
        ({"sftp_host_key": "SHA256:abc"}, ["source.sftp_host_key"]),
        ({"sftp_key_file": None}, ["source.sftp_key_file"]),
        ({"sftp_password_file": "p"}, ["source.sftp_key_file"]),
        ({"sftp": "ftp://h", "folder": None}, ["source.sftp", "source.folder"]),
        ({"sftp": None}, ["source.sftp_host_key", "source.sftp_key_file"]),
    ],
)
def test_everything_missing_beside_it_is_named(change: dict[str, Any], keys: list[str]) -> None:
    """A folder here, the host key, and one of key and password; none of them without an address."""
    assert [key for key, *_ in sftp_problems(Source(**WHOLE | change))] == keys
