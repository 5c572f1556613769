"""An installation whose secrets are marked, on the deployment's own Redis, with Flower beside it."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import redis
from support.deployed_redis import ADMIN, OPTER, DeployedRedis
from support.installation import PATIENCE, SHORT_LEASES, Installation
from support.ports import free_port
from support.secrecy.marks import SECRET

_SANDBOX = Path(__file__).parent / "sandbox.py"


class MarkedInstallation(Installation):
    """Processes run with least rights in Redis; the test watches as its administrator."""

    app_secret = f"{SECRET}-app-secret"
    #: Flower's user and password.
    watcher = ("watcher", f"{SECRET}-flower")

    def __init__(self, folder: Path) -> None:
        self.flower_port = free_port()
        super().__init__(folder, exports=None, flower__port=str(self.flower_port), log__level="debug", **SHORT_LEASES)
        self.server = DeployedRedis(folder / "redis", password=f"{SECRET}-redis")
        self.redis = self.server

    @staticmethod
    def grant(export: str) -> str:
        return f"{SECRET}-grant-{export}"

    @property
    def environment(self) -> dict[str, str]:
        # With a password Flower opens its API, too; without a password it keeps it closed.
        return super().environment | {"FLOWER_BASIC_AUTH": ":".join(self.watcher)}

    def start_sandbox(self) -> None:
        self.run("sandbox", sys.executable, "-P", str(_SANDBOX), str(self.port), "APP_SECRET", "GRANT_MAIN")

    def set(self, **settings: str) -> None:
        """Change settings for the processes that start from now on."""
        self._settings |= settings

    def push(self, event: Mapping[str, Any] | bytes) -> None:
        with self.server.client(OPTER) as client:
            client.lpush("opter:period-closed", event if isinstance(event, bytes) else json.dumps(event))

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        with self.server.client(ADMIN) as client:
            yield client

    def flower(self, path: str) -> httpx.Response:
        """Ask Flower with its password."""
        return httpx.get(f"http://127.0.0.1:{self.flower_port}{path}", auth=self.watcher, timeout=PATIENCE)

    def command_lines(self) -> dict[str, str]:
        """Return what ``ps`` shows anybody of each process."""
        return {
            f"command line of {name}": Path(f"/proc/{process.pid}/cmdline").read_text()
            for name, process in self._processes.items()
            if process.poll() is None
        }
