"""A real server with the deployment's own redis.conf and users.acl: what our user may do, and what it may not do."""

import hashlib
import subprocess
import time
from pathlib import Path
from typing import Self

import redis
from support.deployment import DEPLOY
from support.ports import free_port
from support.redis_monitor import RedisMonitor

from worker.local.embedded import server_binary

OURS, OPTER, ADMIN = "opter-economic", "opter", "admin"


class DeployedRedis:
    """Every user of the file has the same password; without a user nothing is allowed."""

    def __init__(self, folder: Path, *, password: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Our own user's address."""
        return self.address(OURS)

    def address(self, user: str) -> str:
        return f"redis://{user}:{self._password}@127.0.0.1:{self.port}/0"

    def client(self, user: str) -> redis.Redis:
        return redis.Redis.from_url(self.address(user))

    def monitor(self) -> RedisMonitor:
        """Listen to every command from now on."""
        return RedisMonitor(self.port, user=ADMIN, password=self._password)

    def denied(self) -> list[tuple[str, str, str]]:
        """Return what our user was refused so far: (context, object, whether command or key)."""
        with self.client(ADMIN) as admin:
            log = [entry for entry in admin.acl_log() if entry["username"] == OURS]
        return [(str(entry["context"]), str(entry["object"]), str(entry["reason"])) for entry in log]

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        users = (DEPLOY / "redis/users.acl").read_text(encoding="utf-8")
        digest = hashlib.sha256(self._password.encode()).hexdigest()
        (self.folder / "users.acl").write_text(users.replace("0" * 64, digest), encoding="utf-8")
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log)
        self._await()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(60)

    def _command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "aclfile": str(self.folder / "users.acl"),
        }
        command = [str(server_binary()), str(DEPLOY / "redis/redis.conf")]
        return command + [part for name, value in options.items() for part in (f"--{name}", value)]

    def _await(self) -> None:
        assert self._process
        with self.client(ADMIN) as client:
            for _ in range(1200):
                try:
                    client.ping()
                except redis.ConnectionError:
                    assert self._process.poll() is None, "the server refused the deployment's files"
                    time.sleep(0.05)
                else:
                    return
        raise AssertionError("the server did not come up")
