"""A Redis as providers run it: TLS by a private authority, no CONFIG, a user with the rights of ``users.acl`` alone."""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest
import redis
from pydantic import SecretStr
from support.certificates import Certificates, certificates
from support.deployment import DEPLOY
from support.installation import Installation, event
from support.ports import free_port
from support.samples import mixed_invoices

from config.settings_sections import Redis
from worker.store.connection import connect
from worker.store.server_check import check_server

#: Debian's, which speaks TLS.
_SERVER = shutil.which("redis-server")
pytestmark = [
    pytest.mark.skipif(_SERVER is None, reason="needs a Redis that speaks TLS (Debian: redis-server)"),
    pytest.mark.xdist_group("managed redis"),
    pytest.mark.timeout(900),
]
_PASSWORD, _OURS = "marked", "opter-economic"
#: What providers keep for themselves, by other names here so that the test can still look.
_KEPT = ("CONFIG", "SHUTDOWN", "SAVE", "BGREWRITEAOF", "REPLICAOF", "DEBUG", "MONITOR")


class ManagedRedis:
    """Speaks TLS alone; its user may do what the deployment's file says, and INFO only if ``tells``."""

    def __init__(self, folder: Path, *, tells: bool = True) -> None:
        self._folder = folder
        self._tells = tells
        self.port = free_port()
        self.certificates: Certificates | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, user: str = _OURS) -> str:
        return f"rediss://{user}:{_PASSWORD}@127.0.0.1:{self.port}/0"

    @property
    def url(self) -> str:
        """For the test itself, which names the authority in the address."""
        return f"{self.address('admin')}?ssl_ca_certs={self.authority}"

    @property
    def authority(self) -> Path:
        assert self.certificates
        return self.certificates.authority

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        made = self.certificates = certificates(self._folder / "tls")
        users = (DEPLOY / "redis/users.acl").read_text(encoding="utf-8")
        users = users.replace("0" * 64, hashlib.sha256(_PASSWORD.encode()).hexdigest())
        (self._folder / "users.acl").write_text(users if self._tells else users.replace(" +info", " -info"))
        lines = [
            "port 0",
            f"tls-port {self.port}",
            "bind 127.0.0.1",
            f"tls-cert-file {made.certificate}",
            f"tls-key-file {made.key}",
            f"tls-ca-cert-file {made.authority}",
            "tls-auth-clients no",
            f"dir {self._folder}",
            f"aclfile {self._folder / 'users.acl'}",
            "appendonly yes",
            "maxmemory-policy noeviction",
            *(f"rename-command {command} kept-{command}" for command in _KEPT),
        ]
        (self._folder / "redis.conf").write_text("\n".join(lines) + "\n")
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen([str(_SERVER), str(self._folder / "redis.conf")], stdout=log, stderr=log)
        with redis.Redis.from_url(self.url) as client:
            until = time.monotonic() + 60
            while not _answers(client):
                assert time.monotonic() < until, (self._folder / "server.log").read_text()[-2000:]
                time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(60)

    def denied(self) -> list[str]:
        """Return what our user was refused."""
        with redis.Redis.from_url(self.url) as admin:
            return [f"{each['reason']} {each['object']}" for each in admin.acl_log() if each["username"] == _OURS]


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


class _Installation(Installation):
    """Its Redis is a provider's."""

    redis: ManagedRedis

    def __init__(self, folder: Path, managed: ManagedRedis, **settings: str) -> None:
        super().__init__(folder, redis__ca_file=str(folder / "servers/tls/ca.pem"), **settings)
        self.redis = managed

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"REDIS_URL": self.redis.address()}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[_Installation]:
    with _Installation(tmp_path, ManagedRedis(tmp_path / "servers")) as running:
        yield running


def test_a_period_needs_no_more_than_the_rights_of_the_file(installation: _Installation) -> None:
    """Intake, worker, sweeps and commands, over TLS: nothing is refused in the whole of it."""
    invoices = mixed_invoices(30)
    installation.start_all()
    installation.push(event(*invoices))
    installation.wait_for(lambda: installation.counts() == {"exported": 30}, "all are exported", seconds=400)
    installation.wait_for(lambda: bool(installation.lines("worker-1", "period_certificate")), "it is read back")
    for command in (["status"], ["health"], ["failed"], ["invoices", "main-p881"], ["certificate", "main-p881"]):
        installation.command(*command, expect=(0, 1, 2))
    [found] = [part for part in installation.json("health")["parts"] if part["part"] == "Redis"]

    assert installation.redis.denied() == []
    assert found["level"] == "well"
    assert "append-only file" in found["text"]


def test_what_redis_may_not_tell_is_said_and_stops_only_who_relies_on_it(tmp_path: Path) -> None:
    """INFO is forbidden: where the owner answers for persistence a period goes through; health says what is unknown."""
    settings = {"redis__require_durability": "false"}
    with _Installation(tmp_path, ManagedRedis(tmp_path / "servers", tells=False), **settings) as installation:
        invoices = mixed_invoices(6)
        installation.start_all()
        installation.push(event(*invoices))
        installation.wait_for(lambda: installation.counts() == {"exported": 6}, "all are exported", seconds=400)
        [found] = [part for part in installation.json("health")["parts"] if part["part"] == "Redis"]
        settings_of_redis = Redis(url=SecretStr(installation.redis.address()), ca_file=installation.redis.authority)
        with closing(connect(settings_of_redis)) as client:
            refused = " ".join(check_server(client))

    assert found["level"] == "well"
    assert "does not say: version, append-only file, eviction" in found["text"]
    assert "does not say whether it keeps an append-only file" in refused
    assert "REQUIRE_DURABILITY=false" in refused
