"""The embedded server: durable, alone on its folder, and gone with its parent."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from worker.local.embedded import EmbeddedServer, EmbeddedServerError

PARENT = """
import sys, time
from pathlib import Path
from worker.local.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


def test_keeps_every_answered_write_through_a_kill(tmp_path: Path) -> None:
    """What was answered before SIGKILL is there after the restart, on the same port."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        port = server.port
        client.set("posted", "100353")
        server.kill()
        server.start()

        assert port == server.port
        assert client.get("posted") == b"100353"


def test_runs_with_the_settings_that_a_store_needs(tmp_path: Path) -> None:
    """Every write goes to the append-only file and nothing is ever evicted."""
    with EmbeddedServer(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        settings = {**client.config_get("appendonly"), **client.config_get("maxmemory-policy")}

        assert settings == {"appendonly": "yes", "maxmemory-policy": "noeviction"}


def test_refuses_a_second_server_over_the_same_folder(tmp_path: Path) -> None:
    """Two servers over one append-only file would destroy it."""
    with EmbeddedServer(tmp_path), pytest.raises(EmbeddedServerError, match="Another embedded Redis server"):
        EmbeddedServer(tmp_path).start()


def test_says_where_to_look_when_the_port_is_taken(tmp_path: Path) -> None:
    """A fixed port that is taken is an error with the log's path, never a silent other server."""
    with EmbeddedServer(tmp_path / "a") as first, pytest.raises(EmbeddedServerError, match=r"server\.log"):
        EmbeddedServer(tmp_path / "b", port=first.port).start()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_ends_with_a_killed_parent(tmp_path: Path) -> None:
    """A parent that is killed with SIGKILL leaves no server behind."""
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # our own script
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    assert _gone(pid)


def _gone(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    return False
