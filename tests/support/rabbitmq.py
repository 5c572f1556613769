"""A real RabbitMQ of our own: Debian's package as a node of its own, with its own folders and ports."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import amqp
import pytest
from support.ports import free_port

#: The server itself; what is on the PATH changes to the account of the package.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
#: Seconds for a start; Erlang loads some thousand files.
_PATIENCE = 180.0
USER, PASSWORD, VHOST = "opter", "Marked-Password-7", "opter"
_CONFIG = f"""
listeners.tcp = none
{{listener}} = 127.0.0.1:{{port}}
default_user = {USER}
default_pass = {PASSWORD}
default_vhost = {VHOST}
disk_free_limit.absolute = 1MB
"""
#: Skips a test with the reason; only for want of the package, which `.ci/run` installs.
needs_rabbitmq = pytest.mark.skipif(not _SERVER.exists(), reason="needs RabbitMQ (Debian: rabbitmq-server)")


class RabbitMqServer:
    """One node with its data in one folder; kill it, wipe it, start it again on the same port."""

    def __init__(self, folder: Path, *, tls: str = "") -> None:
        """``tls``: the configuration's lines that name certificate and key; with them, TLS alone is spoken."""
        self._folder = folder
        self._tls = tls
        self.port = free_port()
        self._epmd_port, self._distribution_port = free_port(), free_port()
        self._epmd: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp{'s' if self._tls else ''}://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{VHOST}"

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        listener = "listeners.ssl.default" if self._tls else "listeners.tcp.default"
        text = _CONFIG.format(listener=listener, port=self.port) + self._tls
        text = text if self._tls else text.replace("listeners.tcp = none\n", "")
        (self._folder / "rabbitmq.conf").write_text(text)
        epmd = shutil.which("epmd") or "epmd"
        self._epmd = subprocess.Popen([epmd, "-port", str(self._epmd_port), "-address", "127.0.0.1"])
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        if self._epmd:
            self._epmd.kill()
            self._epmd.wait()

    def start(self) -> None:
        """Start it and wait until it lets us in."""
        with (self._folder / "output.log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(_SERVER)], env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            assert time.monotonic() < until, (self._folder / "output.log").read_text()[-3000:]
            assert self._server.poll() is None, (self._folder / "output.log").read_text()[-3000:]
            time.sleep(0.2)

    def kill(self) -> None:
        """End it with everything that it has started, as a crash of its machine would."""
        server, self._server = self._server, None
        if server:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    def wipe(self) -> None:
        """Kill it and start it again with nothing: no queue, no message."""
        self.kill()
        shutil.rmtree(self._folder / "data", ignore_errors=True)
        self.start()

    def publish(self, queue: str, body: bytes, *, content_type: str = "application/json", **headers: object) -> None:
        """Put one message into a queue, as any program with the password could."""
        with self._connection() as connection, connection.channel() as channel:
            message = amqp.Message(body, content_type=content_type, application_headers=headers)
            channel.basic_publish(message, exchange="", routing_key=queue)

    def purge(self, queue: str) -> None:
        """Throw away what waits in a queue, if it exists."""
        with self._connection() as connection, suppress(amqp.exceptions.NotFound):
            connection.channel().queue_purge(queue)

    def delete(self, queue: str) -> None:
        """Delete a queue with all that is in it, if it exists."""
        with self._connection() as connection, suppress(amqp.exceptions.NotFound):
            connection.channel().queue_delete(queue)

    def messages(self, queue: str) -> tuple[int, int]:
        """Return how many messages of a queue are ready, and how many are delivered and not acknowledged."""
        columns = ("list_queues", "--no-table-headers", "name", "messages_ready", "messages_unacknowledged")
        lines = (line.split("\t") for line in self.control("-q", "-p", VHOST, *columns).splitlines())
        return next(((int(ready), int(taken)) for name, ready, taken in lines if name == queue), (0, 0))

    def control(self, *arguments: str) -> str:
        """Run ``rabbitmqctl`` against this node and return what it printed."""
        command = [str(_SERVER.with_name("rabbitmqctl")), *arguments]
        done = subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=True, timeout=120)
        return done.stdout

    def _environment(self) -> dict[str, str]:
        folder = self._folder
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": "opter@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            # Other programs of the tests have the cores, too.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        }

    def _answers(self) -> bool:
        if self._tls:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return True
            return False
        try:
            with self._connection():
                return True
        except (OSError, amqp.exceptions.AMQPError):
            return False

    def _connection(self) -> amqp.Connection:
        where = f"127.0.0.1:{self.port}"
        return amqp.Connection(where, userid=USER, password=PASSWORD, virtual_host=VHOST, connect_timeout=5)
