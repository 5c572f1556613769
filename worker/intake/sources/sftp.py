"""The pick-up from an SFTP server: complete files come into the watched folder, and are moved aside there afterwards.

A file is safe here before its server hears of it. Killed in between, the next look finds the same content again, knows
it, and only moves it: the event that the watcher makes of it follows from the content anyway.
"""

import asyncio
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh
import structlog

from config.exports import ExportConfig
from config.sftp_address import SftpAddress, sftp_address
from worker.forward.folder import DONE, OWN, Folder, is_candidate, sync, write
from worker.forward.names import portable, shortened

log = structlog.get_logger()

_BLOCK = 1 << 18
#: Seconds to connect, to sign in, and between signs of life of the connection; three that fail end it.
_CONNECT, _LOGIN, _ALIVE = 15.0, 20.0, 15.0
#: Receipts and files are compared by this.
_PART = "sftp.part"


class SftpFault(Exception):
    """The server cannot be used now; the text says why and what to do, never a secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    size: int
    modified: int


class SftpPickup:
    """Picks up for one export. Its exports file entry has an address, a host key, and a key or password."""

    def __init__(
        self, export: ExportConfig, *, secrets: Path, monotonic: Callable[[], float], port: int | None = None
    ) -> None:
        """``secrets``: where files with relative names lie. ``port``: another one than the address names."""
        source = export.source
        if source.sftp is None or source.folder is None or source.sftp_host_key is None:
            raise ValueError(f"export {export.name} has no SFTP server")
        self.export = export.name
        self._source = source
        self._host_key = source.sftp_host_key
        self._address: SftpAddress = sftp_address(source.sftp)
        self._port = port or self._address.port
        self._folder = source.folder
        self._secrets = secrets
        self._monotonic = monotonic
        self._since: dict[str, tuple[_Seen, float]] = {}
        #: File -> the mark beside it, which Windows may have written in another case.
        self._marks: dict[str, str] = {}

    def turn(self) -> int:
        """Look at the server; return how many files came. Raises ``SftpFault``; what is there stays there then."""
        try:
            Folder(self._folder).prepare()
            return asyncio.run(self._turn())
        except asyncssh.HostKeyNotVerifiable:
            text = f"{self._where} shows another host key than source.sftp_host_key: it is another server, or its key"
            raise SftpFault(f"{text} was renewed. Ask its operator before you change it here.") from None
        except asyncssh.PermissionDenied:
            raise SftpFault(f"{self._where} does not let {self._address.user} in: check key or password.") from None
        except (asyncssh.Error, TimeoutError) as error:
            reason = getattr(error, "reason", "") or type(error).__name__
            raise SftpFault(f"{self._where}: {reason}.") from None
        except OSError as error:
            raise SftpFault(f"{error.filename or self._where}: {error.strerror or type(error).__name__}.") from None

    @property
    def _where(self) -> str:
        return f"The SFTP server {self._address.host}:{self._port}"

    async def _turn(self) -> int:
        came = 0
        async with (
            asyncssh.connect(self._address.host, self._port, options=self._options()) as connection,
            connection.start_sftp_client() as server,
        ):
            for name in await self._complete(server):
                came += await self._pick_up(server, name)
        return came

    def _options(self) -> asyncssh.SSHClientConnectionOptions:
        key_file, password_file = self._source.sftp_key_file, self._source.sftp_password_file
        try:
            trusted = asyncssh.import_public_key(self._host_key)
            keys = [asyncssh.read_private_key(str(self._secrets / key_file))] if key_file else []
            password = (self._secrets / password_file).read_text(encoding="utf-8").strip() if password_file else None
        except (asyncssh.KeyImportError, UnicodeDecodeError) as error:
            what = "source.sftp_host_key, or the file of sftp_key_file or sftp_password_file, cannot be read"
            raise SftpFault(f"{what} ({type(error).__name__}).") from None
        # Nothing of this machine's own SSH set-up counts: no agent, no known hosts, no configuration file.
        return asyncssh.SSHClientConnectionOptions(
            username=self._address.user,
            known_hosts=([trusted], [], []),
            client_keys=keys,
            password=password,
            agent_path=None,
            config=None,
            connect_timeout=_CONNECT,
            login_timeout=_LOGIN,
            keepalive_interval=_ALIVE,
        )

    async def _complete(self, server: asyncssh.SFTPClient) -> list[str]:
        """Return the names of complete files, by the rules of a watched folder."""
        marks: dict[str, str] = {}
        found: dict[str, tuple[_Seen, float]] = {}
        now = self._monotonic()
        async for entry in server.scandir(self._address.folder):
            name = str(entry.filename)
            marks[name.casefold()] = name
            if "/" in name or not is_candidate(name) or not _is_file(entry.attrs):
                continue
            seen = _seen(entry.attrs)
            before = self._since.get(name)
            found[name] = before if before and before[0] == seen else (seen, now)
        self._since = found
        self._marks = {name: marks[mark] for name in found if (mark := f"{name}.done".casefold()) in marks}
        if self._source.complete == "done-file":
            return sorted(self._marks)
        return sorted(name for name, (_, since) in found.items() if now - since >= self._source.stable_seconds)

    async def _pick_up(self, server: asyncssh.SFTPClient, name: str) -> int:
        part = self._folder / OWN / _PART
        digest = await self._download(server, name, part)
        if digest is None:
            return 0
        came = 0
        if not (self._folder / OWN / f"{digest}.receipt").exists() and not self._waits(digest, part.stat().st_size):
            self._place(part, portable(name), digest)
            came = 1
        part.unlink(missing_ok=True)
        await self._move_aside(server, name, digest)
        self._since.pop(name, None)
        log.info("file_picked_up", export=self.export, known=not came)
        return came

    async def _download(self, server: asyncssh.SFTPClient, name: str, part: Path) -> str | None:
        """Fetch a file; return its SHA-256, None when it changed meanwhile."""
        remote, hashed, size = f"{self._address.folder}/{name}", hashlib.sha256(), 0
        before = _seen(await server.lstat(remote))
        async with server.open(remote, "rb") as source:
            with part.open("wb") as target:
                while content := cast("bytes", await source.read(_BLOCK)):
                    target.write(content)
                    hashed.update(content)
                    size += len(content)
                target.flush()
                os.fsync(target.fileno())
        unchanged = before == _seen(await server.lstat(remote)) and size == before.size
        return hashed.hexdigest() if unchanged else None

    def _waits(self, digest: str, size: int) -> bool:
        """Whether the same content lies in the watched folder already: it was placed, and the server never heard."""
        folder = Folder(self._folder)
        same = (path.name for path in self._folder.iterdir() if path.is_file() and path.stat().st_size == size)
        return any(is_candidate(name) and folder.digest(name) == digest for name in same)

    def _place(self, part: Path, name: str, digest: str) -> None:
        target = self._folder / name
        if target.exists() or not is_candidate(name):
            target = self._folder / f"{digest[:8]}-{shortened(name)}"
        part.replace(target)
        sync(self._folder)
        if self._source.complete == "done-file":
            write(target.with_name(f"{target.name}.done"), b"")

    async def _move_aside(self, server: asyncssh.SFTPClient, name: str, digest: str) -> None:
        """Move a file to ``done`` on its server; nothing there is written over."""
        folder = self._address.folder
        await server.makedirs(f"{folder}/{DONE}", exist_ok=True)
        target, number = f"{folder}/{DONE}/{name}", 0
        while await server.lexists(target):
            number += 1
            target = f"{folder}/{DONE}/{digest[:8]}-{number}-{name}"
        await server.rename(f"{folder}/{name}", target)
        mark = self._marks.get(name)
        if mark and await server.lexists(f"{folder}/{mark}"):
            await server.rename(f"{folder}/{mark}", f"{target}.done")


def _is_file(attributes: asyncssh.SFTPAttrs) -> bool:
    if attributes.permissions is not None and stat.S_IFMT(attributes.permissions):
        return stat.S_ISREG(attributes.permissions)
    return attributes.type == asyncssh.FILEXFER_TYPE_REGULAR


def _seen(attributes: asyncssh.SFTPAttrs) -> _Seen:
    return _Seen(size=attributes.size or 0, modified=attributes.mtime or 0)
