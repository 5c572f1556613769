"""A whole installation as an operator runs it: real Redis, sandbox, intake and workers, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, Self

import httpx
import redis
from support.ports import free_port

from config.settings_sections import Redis
from worker.domain.invoice import Invoice
from worker.local.embedded import EmbeddedServer
from worker.store.connection import StorePolicy
from worker.store.redis_store import RedisStore

_EXPORT = """
[exports.{name}]
{token}
app_secret_token_env = "APP_SECRET"
api_url = "{url}"
openapi_url = "{url}"
{settings}
[exports.{name}.customers]
group = 21
layout = 17
"""

#: Seconds that anything may take on a busy machine; it only keeps a broken test from hanging.
PATIENCE = 120.0
#: All is plain HTTP on this machine, and tests call often: to load the authorities would take 30 ms of CPU each time.
_NO_TLS = False
#: Settings under which what a killed worker held goes on after seconds; the defaults take longer.
SHORT_LEASES = {"store__lease_seconds": "6", "store__lost_after": "3", "http__deadline": "4"}


class Server(AbstractContextManager["Server", None], Protocol):
    """What an installation asks of its Redis."""

    @property
    def url(self) -> str: ...


class Installation:
    """Starts, kills and asks; closes everything at the end."""

    app_secret = "sandbox-app"

    def __init__(self, folder: Path, *, exports: Mapping[str, str] | None = None, **settings: str) -> None:
        """``exports`` maps names to further lines of their entries; ``settings`` are ``OPTER_ECONOMIC_`` variables."""
        self.folder = folder
        self.redis: Server = EmbeddedServer(folder / "redis", port=free_port())
        self._exports = exports or {"main": ""}
        self._settings = settings
        #: What the commands are told, where it is not this installation's own.
        self.redis_url = ""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.redis.__enter__()
        entries = (
            _EXPORT.format(name=name, token=_token(name, more), url=self.url, settings=_quiet(more))
            for name, more in self._exports.items()
        )
        (self.folder / "exports.toml").write_text("".join(entries))
        self.start_sandbox()
        self.wait_for(self._healthy, "the sandbox answers")
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self.kill(name, signal.SIGKILL)
        self.redis.__exit__(None, None, None)

    @property
    def environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("OPTER_ECONOMIC_")}
        tokens = {f"GRANT_{name.upper()}": self.grant(name) for name in self._exports}
        return (
            clean
            | tokens
            | {
                "APP_SECRET": self.app_secret,
                "REDIS_URL": self.redis_url or self.redis.url,
                "OPTER_ECONOMIC_EXPORTS_FILE": str(self.folder / "exports.toml"),
                "OPTER_ECONOMIC_ENVIRONMENT": "test",
                # Tests count calls and messages; the one about the daily check of agreements switches it on.
                "OPTER_ECONOMIC_AGREEMENTS__CHECK_HOURS": "0",
                # The embedded Redis has every write on disk before it answers.
                "OPTER_ECONOMIC_STORE__RESTART_WITHIN": "300",
                **{f"OPTER_ECONOMIC_{key.upper()}": value for key, value in self._settings.items()},
            }
        )

    @staticmethod
    def grant(export: str) -> str:
        return "sandbox-grant" if export == "main" else f"sandbox-grant-{export}"

    def start(self, name: str, *arguments: str) -> None:
        """Start one of our commands under a name of the test's choice; its output goes to ``<name>.log``."""
        self.run(name, sys.executable, "-P", "-m", "worker", *arguments)

    def start_sandbox(self) -> None:
        also = [argument for name in self._exports if name != "main" for argument in ("--also", name)]
        self.start("sandbox", "sandbox", "--port", str(self.port), *also)

    def run(self, name: str, *command: str) -> None:
        """Start any program in the environment of the installation."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                env=self.environment | self.own_environment(name),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def own_environment(self, name: str) -> dict[str, str]:
        """Return the further settings of one service."""
        del name
        return {}

    def start_all(self, *, workers: int = 1) -> None:
        self.start("intake", "intake")
        for number in range(1, workers + 1):
            self.start(f"worker-{number}", "worker", "--name", f"worker-{number}@test")

    def send_signal(self, name: str, number: signal.Signals) -> None:
        self._processes[name].send_signal(number)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal and wait for the end."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        process.wait(PATIENCE)

    def running(self, name: str) -> bool:
        return name in self._processes and self._processes[name].poll() is None

    def pid(self, name: str) -> int:
        """Return the process id of a running service."""
        return self._processes[name].pid

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def lines(self, name: str, event: str) -> list[dict[str, Any]]:
        """Return the whole lines that a service has logged of an event; a line follows the save that it tells of."""
        texts = [text for text in self.log(name).split("\n")[:-1] if f'"{event}"' in text and text.startswith("{")]
        return [line for line in map(json.loads, texts) if line["event"] == event]

    def command(self, *arguments: str, expect: Sequence[int] = (0, 1)) -> str:
        """Run one of our commands to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "worker", *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode in expect, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.command(*arguments, "--json"))

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        with redis.Redis.from_url(self.redis.url) as client:
            yield client

    def push(self, event: Mapping[str, Any] | bytes) -> None:
        """What Opter's side does: one LPUSH."""
        with self.client() as client:
            client.lpush("opter:period-closed", event if isinstance(event, bytes) else json.dumps(event))

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's control path."""
        answer = httpx.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=PATIENCE, verify=_NO_TLS)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def counts(self, period: str = "main-p881") -> dict[str, int]:
        """Return how many invoices of a period are in which state, from the store; empty while it is unknown."""
        with self.client() as client:
            record = RedisStore(client, prefix=Redis().prefix, policy=StorePolicy()).period(period)
        return {state.value: count for state, count in record.counts.items() if count} if record else {}

    def wait_for(self, condition: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
        """Wait until it holds; the bound only keeps a broken test from hanging."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"did not happen in {seconds:g} s: {what}\n{self._logs()}")
            time.sleep(0.1)

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/_sandbox/health", timeout=10, verify=_NO_TLS).is_success
        except httpx.TransportError:
            return False

    def _logs(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log")))


def _token(name: str, entry: str) -> str:
    """Return where the export's token is: in a variable, unless the further lines name its file."""
    return "" if "grant_token_file" in entry else f'grant_token_env = "GRANT_{name.upper()}"'


def _quiet(entry: str) -> str:
    """Return an export's further lines; tests count calls and mend causes by hand, those of self-clearing name it."""
    return entry if "self_clearing" in entry else f'self_clearing = "off"\n{entry}'


def event(
    *invoices: Invoice, event_id: str = "e1", export: str = "main", period: int = 881, name: str = "2026-47A"
) -> dict[str, Any]:
    """Return the event of a closed period, its control totals from the invoices."""
    totals: dict[str, list[Any]] = {}
    for invoice in invoices:
        sums = totals.setdefault(invoice.currency, [0, 0, 0])
        totals[invoice.currency] = [
            have + more for have, more in zip(sums, (invoice.net, invoice.vat, invoice.gross), strict=True)
        ]
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/opter/acme/1",
        "type": "opter.invoice-period.closed.v1",
        "time": "2026-11-20T15:04:05Z",
        "datacontenttype": "application/json",
        "data": {
            "export": export,
            "trigger": "period-closed",
            "period": {"id": period, "name": name, "region": None, "closedAt": "2026-11-20T15:04:05Z"},
            "invoiceCount": len(invoices),
            "controlTotals": [
                {"currency": currency, "net": str(net), "vat": str(vat), "gross": str(gross)}
                for currency, (net, vat, gross) in totals.items()
            ],
            "invoices": [json.loads(invoice.content().text) for invoice in invoices],
        },
    }
