"""The address of an SFTP server in the exports file, and what must stand beside it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from config.export_schema import Source

_PORT = 22
_HOST_KEY = re.compile(r"(ssh|ecdsa|sk-ssh|sk-ecdsa|rsa)[a-z0-9@.-]* AAAA[A-Za-z0-9+/]+={0,2}( .*)?")
_FTP = (
    "is FTP, which is not spoken: password and invoices go in the clear, nothing proves whose server it is, and a "
    "broken transfer looks like a whole file. Opter writes to SFTP and folders too: use sftp://, or a watched folder"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SftpAddress:
    """Where files are picked up."""

    host: str
    port: int
    user: str
    folder: str


def sftp_address(text: str) -> SftpAddress:
    """Return the address in ``sftp://user@host:port/folder``. Raises ``ValueError`` with what to write instead."""
    parts = urlsplit(text)
    if parts.scheme in {"ftp", "ftps", "ftpes"}:
        raise ValueError(_FTP)
    if parts.password is not None:
        raise ValueError("holds a password; put it into the file that sftp_password_file names")
    if parts.scheme != "sftp" or not parts.hostname or not parts.username or parts.query or parts.fragment:
        raise ValueError("is written as sftp://user@host/folder, or sftp://user@host:port/folder")
    folder = unquote(parts.path).rstrip("/") or "."
    return SftpAddress(host=parts.hostname, port=parts.port or _PORT, user=unquote(parts.username), folder=folder)


def sftp_problems(source: Source) -> Iterator[tuple[str, str, str]]:
    """Yield (key, problem, next step) for what an address needs beside it, and for what stands there without one."""
    beside = {"sftp_host_key": source.sftp_host_key, "sftp_key_file": source.sftp_key_file}
    beside["sftp_password_file"] = source.sftp_password_file
    if source.sftp is None:
        for key in (key for key, value in beside.items() if value is not None):
            yield f"source.{key}", "is set without source.sftp.", "Add source.sftp, or take it out."
        return
    try:
        sftp_address(source.sftp)
    except ValueError as error:
        yield "source.sftp", f"{error}.", "Correct the address."
    if source.folder is None:
        yield "source.folder", "is missing: what is picked up goes there.", "Name a folder of this export's own."
    if source.sftp_host_key is None:
        next_step = "Ask the server's operator for its host key; `ssh-keyscan HOST` shows what to compare."
        yield "source.sftp_host_key", "is missing: without it any server could stand in.", next_step
    elif not _HOST_KEY.fullmatch(source.sftp_host_key):
        yield "source.sftp_host_key", "is no public host key.", "Write type and key: ssh-ed25519 AAAA…"
    if (source.sftp_key_file is None) == (source.sftp_password_file is None):
        yield "source.sftp_key_file", "or source.sftp_password_file is needed, one of them.", "Name one file."
