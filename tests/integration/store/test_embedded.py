"""The embedded server: durable, alone on its folder, and gone with its parent."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from config.settings import embedded_address
from worker.local.embedded import EmbeddedServer, EmbeddedServerError

PARENT = """
import sys, time
from pathlib import Path
from worker.local.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
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
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_no_other_account_gets_in(tmp_path: Path) -> None:
    """Without the password nothing is answered, and all that holds it, or records, is its owner's alone."""
    with EmbeddedServer(tmp_path / "data") as server:
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.flushall()
        with redis.Redis.from_url(server.url) as client:
            client.set("posted", "100353")
        paths = [server.data_dir, *server.data_dir.rglob("*")]
        open_to_others = [path for path in paths if path.stat().st_mode & 0o077]
        command = Path(f"/proc/{server.pid}/cmdline").read_text() if sys.platform == "linux" else ""

    assert open_to_others == []
    assert server.url.split("@")[0].split(":")[-1] not in command


def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    """Its folder and files were readable by every account."""
    (tmp_path / "appendonlydir").mkdir(mode=0o755)
    (tmp_path / "server.log").write_text("older")
    (tmp_path / "server.log").chmod(0o644)

    with EmbeddedServer(tmp_path):
        modes = [path.stat().st_mode & 0o077 for path in (tmp_path, *tmp_path.rglob("*"))]

    assert set(modes) == {0}


def test_commands_find_its_address_in_its_folder(tmp_path: Path) -> None:
    """By the file that it leaves, if that is this account's own and shut to others."""
    with EmbeddedServer(tmp_path) as server:
        assert embedded_address(tmp_path) == server.url
    (tmp_path / "redis-url").chmod(0o644)

    assert embedded_address(tmp_path) == ""
    assert embedded_address(tmp_path / "elsewhere") == ""
