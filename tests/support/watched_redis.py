"""A primary of Redis, its replica, and a real Sentinel that promotes it."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import redis
from support.ports import free_port

from worker.local.embedded import EmbeddedServer, server_binary

_CONFIG = """
port {port}
bind 127.0.0.1
dir {folder}
requirepass {guard}
sentinel monitor opter 127.0.0.1 {primary} 1
sentinel auth-pass opter {password}
sentinel down-after-milliseconds opter 1000
sentinel failover-timeout opter 10000
"""


#: What the Sentinel asks of whoever asks it.
GUARD = "ask-me"


class WatchedRedis:
    """A primary, its replica, and a Sentinel with a password of its own; a second Sentinel is never there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        #: Whether the primary was killed.
        self.lost = False
        #: What the installation is told: the Sentinels, and the primary's name.
        self.address = ""

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        self._first, second = (enter(EmbeddedServer(self._folder / name)) for name in ("a", "b"))
        self._password = urlsplit(self._first.url).password or ""
        self.first = enter(redis.Redis.from_url(self._first.url))
        with redis.Redis.from_url(second.url) as client:
            client.config_set("requirepass", self._password)
        self.second = enter(redis.Redis(port=second.port, password=self._password))
        for client in (self.first, self.second):
            client.config_set("masterauth", self._password)
        self.second.replicaof("127.0.0.1", str(self._first.port))
        watching = self._watch()
        self.sentinel = enter(redis.Redis(port=watching, password=GUARD, decode_responses=True))
        hosts = f"127.0.0.1:{free_port()},127.0.0.1:{watching}"
        self.address = f"redis+sentinel://default:{self._password}@{hosts}/opter/0?sentinel_password={GUARD}"
        return self

    @property
    def url(self) -> str:
        """The address of whoever is the primary now."""
        return f"redis://default:{self._password}@127.0.0.1:{self.primary()}/0"

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _watch(self) -> int:
        port, folder = free_port(), self._folder / "sentinel"
        folder.mkdir(parents=True)
        text = _CONFIG.format(port=port, folder=folder, primary=self._first.port, password=self._password, guard=GUARD)
        (folder / "sentinel.conf").write_text(text)
        with (folder / "sentinel.log").open("wb") as log:
            command = [str(server_binary()), str(folder / "sentinel.conf"), "--sentinel"]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return port

    def primary(self) -> int:
        """Return the port of the primary, as Sentinel has it."""
        _, port = self.sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "opter")
        return int(port)

    def ready(self) -> bool:
        """Whether the replica has everything, and Sentinel knows it."""
        try:
            known = self.sentinel.execute_command("SENTINEL", "REPLICAS", "opter")
        except redis.ConnectionError:
            return False
        return len(known) == 1 and self.second.info("replication")["master_link_status"] == "up"

    def stop_replicating(self) -> None:
        """Have the replica stay behind from now on, as it is while the network fails before the primary does."""
        self.second.config_set("masterauth", "wrong")
        self.first.execute_command("CLIENT", "KILL", "TYPE", "replica")

    def lose_primary(self) -> None:
        """Kill it; it does not come back."""
        self.lost = True
        self._first.kill()
