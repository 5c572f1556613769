"""An SFTP server in this process: it lets ``opter`` in, and serves one folder."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh

PASSWORD = "correct-horse-battery"


class SftpServer:
    """Runs in a thread until it is closed."""

    def __init__(self, folder: Path, user_key: asyncssh.SSHKey) -> None:
        self.folder = folder
        self.user_key = user_key
        #: What fails: ``rename``.
        self.broken: set[str] = set()
        #: Called when a file is opened.
        self.on_open: Callable[[], None] = lambda: None
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._acceptor: Any = self._run(self._listen())
        self.port: int = self._acceptor.get_port()

    @property
    def public_key(self) -> str:
        """The host key as one pins it."""
        return self.host_key.export_public_key().decode().strip()

    def close(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self) -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[self.host_key],
            server_factory=lambda: _Users(self),
            sftp_factory=lambda channel: _Files(channel, self),
        )

    async def _end(self) -> None:
        self._acceptor.close()
        await self._acceptor.wait_closed()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: Any, server: SftpServer) -> None:
        super().__init__(channel, chroot=str(server.folder).encode())
        self._server = server

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        self._server.on_open()
        return super().open(path, pflags, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if "rename" in self._server.broken:
            raise asyncssh.SFTPPermissionDenied("not now")
        return super().rename(oldpath, newpath)


class _Users(asyncssh.SSHServer):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("opter", PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "opter" and key == self._server.user_key.convert_to_public()
