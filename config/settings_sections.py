"""The sections of the settings; the table in deploy/docs/settings.md is made from their descriptions."""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from config.addresses import broker_address, redis_address

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]
Prefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,60}$")]


def about(meaning: str, *example: Any, **rules: Any) -> Any:
    """Return what a setting or key is for, as the documents show it, with an example for a key of the exports file."""
    return Field(description=meaning, examples=list(example) or None, **rules)


def _items(value: Any) -> Any:
    return tuple(item.strip() for item in value.split(",") if item.strip()) if isinstance(value, str) else value


def _absolute(folder: Path) -> Path:
    if not folder.is_absolute() or ".." in folder.parts:
        raise ValueError("a folder is written as an absolute path without ..")
    return folder


def _optional_web_address(value: str) -> str:
    parts = urlsplit(value)
    if value and not (parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment):
        raise ValueError("the address begins with https:// (or http://), and ends with the host or a path")
    return value.rstrip("/")


#: A tuple of texts, in the environment separated by commas.
Names = Annotated[tuple[str, ...], BeforeValidator(_items)]
#: A tuple of absolute folders, in the environment separated by commas.
Folders = Annotated[tuple[Annotated[Path, AfterValidator(_absolute)], ...], BeforeValidator(_items)]
#: One absolute path.
Folder = Annotated[Path, AfterValidator(_absolute)]


class Section(BaseModel):
    """A part of the settings, or a table of the exports file: frozen; an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Redis(Section):
    """The one Redis that holds store and event queue, and Celery's queues unless a broker of their own is named."""

    url: Annotated[
        SecretStr,
        AfterValidator(redis_address),
        about(
            "Address of Redis or Valkey, with user and password if any, or of its Sentinels "
            "(redis+sentinel://user:password@host1:26379,host2:26379/primary/0); REDIS_URL is read too"
        ),
    ] = SecretStr("redis://127.0.0.1:6379/0")
    prefix: Annotated[Prefix, about("Prefix of every key except the event queue")] = "opter-economic:"
    require_durability: Annotated[
        bool, about("Refuse to run unless Redis keeps an append-only file and never evicts")
    ] = True
    socket_timeout: Annotated[
        # Intake and kombu wait up to a second for a message inside one command.
        Seconds, about("Seconds to wait for an answer of Redis", ge=2)
    ] = 5.0
    connect_timeout: Annotated[Seconds, about("Seconds to wait for a connection to Redis")] = 3.0
    ca_file: Annotated[
        Path | None,
        about("File (PEM) of the authority that signed Redis' certificate, for rediss://; none: the system's"),
    ] = None


class Broker(Section):
    """What carries Celery's messages. They are hints, so it need keep nothing: what it loses is sent again."""

    url: Annotated[
        SecretStr,
        AfterValidator(broker_address),
        about(
            "Address of a broker of its own: a Redis, or RabbitMQ (amqp://user:password@host:5672/vhost; amqps:// is "
            "TLS) with a virtual host for this installation alone; none: the Redis of the store"
        ),
    ] = SecretStr("")
    ca_file: Annotated[
        Path | None, about("File (PEM) of the authority that signed the certificate of that broker; none: the system's")
    ] = None


class Intake(Section):
    """The consumer of the event queue, and what events may point at."""

    queue: Annotated[Prefix, about("Redis list on which Opter's side puts events, without any prefix")] = (
        "opter:period-closed"
    )
    consumer: Annotated[
        str, about("Name of this consumer, unique among those running; empty: host name and process number")
    ] = ""
    max_event_bytes: Annotated[Count, about("Largest event accepted")] = 32 * 1024 * 1024
    max_invoices_file_bytes: Annotated[Count, about("Largest file that an event may refer to")] = 256 * 1024 * 1024
    allowed_folders: Annotated[
        Folders, about("Folders that file:// addresses in events may point into; none: no files")
    ] = ()
    allowed_hosts: Annotated[
        Names, about("Hosts (host or host:port) that https addresses may name, exactly; none: no https")
    ] = ()
    allow_http: Annotated[bool, about("Accept http:// besides https:// for allowed hosts")] = False
    allow_private_hosts: Annotated[
        bool, about("Let allowed hosts resolve to private, loopback or link-local addresses")
    ] = False
    fetch_timeout: Annotated[Seconds, about("Seconds without a byte before a fetch is given up")] = 5.0
    fetch_deadline: Annotated[Seconds, about("Seconds that a whole fetch may take")] = 20.0
    fetch_attempts: Annotated[
        Count, about("Fetches of an unreachable address before its event becomes a dead letter")
    ] = 10
    heartbeat: Annotated[Seconds, about("Seconds of silence after which a consumer's events are taken over")] = 30.0
    readers: Annotated[
        Count,
        about(
            "Events read side by side: one of an export, two from a file host or folder, one that holds its invoices"
        ),
    ] = 6


class Store(Section):
    """Leases and sweeps: how fast a stuck invoice is picked up again."""

    lease_seconds: Annotated[Seconds, about("Seconds that a worker holds an invoice without renewing its lease")] = 20.0
    lost_after: Annotated[Seconds, about("Seconds after which a message of an idle queue counts as lost")] = 15.0
    max_crashes: Annotated[Count, about("Killed executions in a row before an invoice becomes a dead letter")] = 3
    restart_within: Annotated[
        float,
        about(
            "Seconds after its last sign of life within which a restart of Redis has lost nothing (with `appendfsync "
            "always`: 300); 0: after every restart each create waits for two lookups, for an hour",
            ge=0,
            allow_inf_nan=False,
        ),
    ] = 0.0
    sweep_interval: Annotated[Seconds, about("Seconds between two sweeps over the store")] = 1.0


class Certificates(Section):
    """When what stands in e-conomic is read back by itself; `reconcile` does it on demand."""

    after_export: Annotated[
        bool, about("Read every period back as soon as none of its invoices is on its way any more")
    ] = True
    nightly: Annotated[bool, about("Read the periods of the last days back every night")] = False
    nightly_hour: Annotated[int, about("Hour, UTC, from which on that is done", ge=0, le=23)] = 2
    nightly_days: Annotated[Count, about("Days for which a period is read back every night after it came in")] = 35


class Agreements(Section):
    """When the agreements themselves are checked; `export check` does it on demand."""

    check_hours: Annotated[
        float, about("Hours after which each export's agreement is checked again by itself; 0: never", ge=0, le=720)
    ] = 24.0


class Archive(Section):
    """Where completed periods go, and for how long they are kept."""

    after_days: Annotated[
        float,
        about(
            "Days after a period's equal certificate after which it moves from Redis into the archive; 0: never",
            ge=0,
            allow_inf_nan=False,
        ),
    ] = 90.0
    url: Annotated[
        SecretStr,
        about(
            "Address of the archive's database, the same for all processes: `postgresql://user:password@host/name`; "
            "none: the file `archive.sqlite` in the data folder where Redis is on the same machine, else no archive"
        ),
    ] = SecretStr("")
    checkpoints: Annotated[
        Path | None,
        about(
            "File to which the archive's checkpoints are added; none: `archive-checkpoints.jsonl` in the data folder"
        ),
    ] = None
    keep_years: Annotated[
        Count, about("Accounting years, besides the running one, for which the archive keeps its texts")
    ] = 5
    year_ends: Annotated[int, about("Last month of an accounting year; 12: it is the calendar year", ge=1, le=12)] = 12


class SelfClearing(Section):
    """How often e-conomic is asked whether the cause of failed invoices is gone; see `self_clearing` of an export."""

    first_pause: Annotated[
        Seconds, about("Seconds after which a cause is asked about again for the first time; they double")
    ] = 30.0
    longest_pause: Annotated[Seconds, about("Upper bound of the seconds between two questions about a cause")] = 900.0


class Retry(Section):
    """Exponential backoff with full jitter."""

    base: Annotated[Seconds, about("Upper bound of the first wait, in seconds; it doubles")] = 1.0
    cap: Annotated[Seconds, about("Upper bound of every wait, in seconds")] = 900.0
    max_attempts: Annotated[Count, about("Attempts before an invoice becomes a dead letter")] = 40


class Http(Section):
    """Bounds of every call to e-conomic, in seconds."""

    connect_timeout: Annotated[Seconds, about("Seconds to connect to e-conomic")] = 3.0
    read_timeout: Annotated[Seconds, about("Seconds without a byte from e-conomic")] = 10.0
    write_timeout: Annotated[Seconds, about("Seconds to hand e-conomic a part of a request")] = 10.0
    pool_timeout: Annotated[Seconds, about("Seconds to wait for a free connection")] = 2.0
    deadline: Annotated[Seconds, about("Seconds that a whole call may take; shorter than the lease")] = 15.0
    master_data_age: Annotated[
        Seconds, about("Seconds after which product groups, terms and the like are read again")
    ] = 300.0
    key_memory_minutes: Annotated[
        Annotated[float, Field(gt=0, lt=60)],
        about("Minutes for which e-conomic is trusted to remember an idempotency key; it promises 60"),
    ] = 55.0
    clock_gap: Annotated[
        Seconds, about("Seconds that Redis' and e-conomic's clock may differ; beyond, nothing is sent until they agree")
    ] = 60.0
    listing_lag_minutes: Annotated[
        Annotated[float, Field(ge=1, le=60)],
        about("Minutes that e-conomic's listings may lag behind writes, where no shorter lag was measured"),
    ] = 10.0


class Worker(Section):
    """The Celery worker."""

    concurrency: Annotated[
        int,
        about(
            "Calls to e-conomic that one export has under way at the same time, per process; others have as many each",
            ge=1,
            le=200,
        ),
    ] = 10
    soft_shutdown: Annotated[
        Seconds,
        about("Seconds that exports under way get when stopped; then they are handed on before their next call"),
    ] = 20.0


class Log(Section):
    """What is written, and how."""

    level: Annotated[Literal["debug", "info", "warning", "error"], about("Least level that is written")] = "info"
    format: Annotated[Literal["json", "console"], about("JSON lines for machines, console for people")] = "json"


class Flower(Section):
    """The monitoring page; its figures are a view, those of the store are the truth."""

    host: Annotated[str, about("Address that Flower listens on", min_length=1)] = "127.0.0.1"
    port: Annotated[Port, about("Port that Flower listens on")] = 5555
    max_tasks: Annotated[Count, about("Tasks that Flower remembers, at some 5 kB each; older ones are forgotten")] = (
        10000
    )
    allowed_hosts: Annotated[Names, about("Host names under which browsers may ask for Flower")] = (
        "127.0.0.1",
        "localhost",
        "::1",
    )
    redis_url: Annotated[
        SecretStr,
        AfterValidator(broker_address),
        about("Address of the broker for Flower alone, with a user of less rights; none: that of the others"),
    ] = SecretStr("")


class Web(Section):
    """The page for bookkeeper and operator."""

    host: Annotated[str, about("Address that the page listens on", min_length=1)] = "127.0.0.1"
    port: Annotated[Port, about("Port that the page listens on")] = 8470
    allowed_hosts: Annotated[
        Names, about("Host names under which browsers may ask for the page; `*.example.dk` for all below it")
    ] = ("127.0.0.1", "localhost")
    behind_tls: Annotated[
        bool, about("A proxy before the page speaks TLS: cookies then go over https alone, and browsers insist on it")
    ] = False
    public_url: Annotated[
        str,
        AfterValidator(_optional_web_address),
        about(
            "Address of the page as its readers reach it, for links from elsewhere (Flower, messages); none: no links",
            "https://economic.example.dk",
        ),
    ] = ""
    flower_url: Annotated[
        str, about("Address of Flower in the page's links; none: where Flower listens", "https://flower.example.dk")
    ] = ""
    session_hours: Annotated[float, about("Hours after which a person signs in again", gt=0, le=168)] = 12.0
    idle_minutes: Annotated[
        float, about("Minutes without asking for a page after which a person signs in again", gt=0, le=10080)
    ] = 120.0
    link_minutes: Annotated[float, about("Minutes for which a sign-in link can be used", gt=0, le=1440)] = 60.0
    replay_seconds: Annotated[
        Seconds, about("Seconds that the time of a signed `POST /events` may differ from ours", le=3600)
    ] = 300.0
    requests_per_minute: Annotated[
        Count, about("Signed requests (`/events`) a minute that each export may make of one page process")
    ] = 600

    @property
    def idle_seconds(self) -> int:
        """Return how long a session lasts without a page being asked for."""
        return max(1, min(int(self.idle_minutes * 60), self.longest_seconds))

    @property
    def longest_seconds(self) -> int:
        """Return how long a session lasts in any case."""
        return max(1, int(self.session_hours * 3600))


class Metrics(Section):
    """Figures for Prometheus, and whether a process is alive and ready."""

    host: Annotated[str, about("Address that a process serves its figures on", min_length=1)] = "127.0.0.1"
    port: Annotated[
        int, about("Port of `/metrics`, `/healthz` and `/readyz` of worker and intake; 0: none", ge=0, le=65535)
    ] = 0
    token: Annotated[
        SecretStr, about("Token that Prometheus shows to read `/metrics`; the page serves it with a token only")
    ] = SecretStr("")
