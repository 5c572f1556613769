"""The settings: one frozen model, built once from environment and secret files, then handed down."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NestedSecretsSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from config.errors import ConfigurationError, ConfigurationErrors, from_validation, suggestion
from config.notify_section import Notify
from config.settings_sections import (
    Agreements,
    Archive,
    Broker,
    Certificates,
    Flower,
    Http,
    Intake,
    Log,
    Metrics,
    Redis,
    Retry,
    Section,
    SelfClearing,
    Store,
    Web,
    Worker,
    about,
)
from config.sign_in_section import SignIn
from config.tracing_section import Tracing

PREFIX = "OPTER_ECONOMIC_"
DELIMITER = "__"
SECRETS = Path("/run/secrets")

#: What Kubernetes and Docker links add to the environment of a container for a service called like ours
#: (Kubernetes docs, "Service: environment variables"): by their names, or, for ``..._PORT``, by their value.
_SERVICE_NAME = re.compile(r".+_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+", re.IGNORECASE)


#: Hosts of a Redis that no other machine uses, as far as its address says.
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
#: Seconds by which the largest upload (9 MB) outlasts other calls, with a margin.
_UPLOAD = 10.0
#: Seconds to give back, at the very end of a worker, what was still under way.
GIVE_BACK = 3.0
#: Seconds that a worker needs besides, to close what is open.
_CLOSE = 2.0


class Settings(BaseSettings):
    """Everything that an installation can set, besides its exports file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        secrets_nested_delimiter=DELIMITER,
        secrets_dir_missing="ok",
        # Lists are written with commas; the sections split them.
        enable_decoding=False,
        frozen=True,
        # The secrets folder holds other programs' secrets too; misspelt variables are found by `_unknown`.
        extra="ignore",
    )

    environment: Annotated[
        str,
        about(
            "Name of this installation, part of every idempotency key: a copy must have another",
            pattern=r"^[A-Za-z0-9-]{1,20}$",
        ),
    ] = "production"
    exports_file: Annotated[Path, about("The exports file (TOML)")] = Path("exports.toml")
    data_folder: Annotated[
        Path, about("Folder of the Redis that `up` starts, if no other is named; commands find its address there")
    ] = Path(".opter-economic/data")
    redis: Redis = Redis()
    broker: Broker = Broker()
    intake: Intake = Intake()
    store: Store = Store()
    certificates: Certificates = Certificates()
    agreements: Agreements = Agreements()
    archive: Archive = Archive()
    self_clearing: SelfClearing = SelfClearing()
    retry: Retry = Retry()
    http: Http = Http()
    worker: Worker = Worker()
    log: Log = Log()
    flower: Flower = Flower()
    metrics: Metrics = Metrics()
    tracing: Tracing = Tracing()
    web: Web = Web()
    sign_in: SignIn = SignIn()
    notify: Notify = Notify()

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        if self.http.deadline >= self.store.lease_seconds:
            raise ValueError(
                f"{variable('http', 'deadline')} ({self.http.deadline:g} s) must be below "
                f"{variable('store', 'lease_seconds')} ({self.store.lease_seconds:g} s): "
                "a call that outlives its lease could be repeated by another worker"
            )
        if self.intake.fetch_deadline >= self.intake.heartbeat:
            raise ValueError(
                f"{variable('intake', 'fetch_deadline')} ({self.intake.fetch_deadline:g} s) must be below "
                f"{variable('intake', 'heartbeat')} ({self.intake.heartbeat:g} s): "
                "a consumer that is fetching would count as dead"
            )
        return self

    @property
    def archive_url(self) -> str:
        """Address of the archive's database; empty: none is named, and on several machines a file would be several."""
        named = self.archive.url.get_secret_value()
        alone = urlsplit(self.redis.url.get_secret_value()).hostname in _THIS_MACHINE
        return named or (f"sqlite:///{self.archive_file}" if alone else "")

    @property
    def archive_file(self) -> Path:
        """Where the archive of an installation on one machine is."""
        return self.data_folder / "archive.sqlite"

    @property
    def archive_checkpoints(self) -> Path:
        """File of the archive's checkpoints."""
        return self.archive.checkpoints or self.data_folder / "archive-checkpoints.jsonl"

    @property
    def cut_off_after(self) -> float:
        """Seconds after the signal to end at which every call of a worker has had its time."""
        return self.worker.soft_shutdown + self.http.deadline + _UPLOAD

    @property
    def grace_period(self) -> float:
        """Seconds within which a worker has ended that was told to, whatever e-conomic does."""
        return self.cut_off_after + GIVE_BACK + _CLOSE

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic-settings passes all five by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic-settings passes all five by name
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then secret files, then what ``load_settings`` gives."""
        return env_settings, NestedSecretsSettingsSource(file_secret_settings), init_settings


def load_settings(*, secrets: Path = SECRETS) -> Settings:
    """Read environment variables and secret files (named like the variables, any case).

    Raises ``ConfigurationErrors`` with everything that is wrong.
    """
    unknown = _unknown(os.environ)
    try:
        settings = Settings(_secrets_dir=secrets, **_redis_url(os.environ, secrets))
    except ValidationError as error:
        reported = {error.key.upper() for error in unknown}
        invalid = from_validation(error, Settings, _place)
        raise ConfigurationErrors(unknown + [error for error in invalid if error.key not in reported]) from None
    if unknown:
        raise ConfigurationErrors(unknown)
    address = "" if names_redis(settings) else embedded_address(settings.data_folder)
    if not address:
        return settings
    return settings.model_copy(update={"redis": settings.redis.model_copy(update={"url": SecretStr(address)})})


#: What the Redis of ``up`` leaves in its folder: its address with the password.
ADDRESS_FILE = "redis-url"


def names_redis(settings: Settings) -> bool:
    """Tell whether a Redis is configured; the one that ``up`` starts is none."""
    if "redis" not in settings.model_fields_set or "url" not in settings.redis.model_fields_set:
        return False
    return settings.redis.url.get_secret_value() != embedded_address(settings.data_folder)


def embedded_address(folder: Path) -> str:
    """Return the address of the Redis that ``up`` started over this folder; empty when there is none.

    Only a file of this account's own counts: in a folder of somebody else, it could lead to a Redis of theirs.
    """
    path = folder / ADDRESS_FILE
    try:
        status = path.stat()
        own = status.st_uid == os.getuid() and not status.st_mode & 0o077
        return path.read_text(encoding="ascii").strip() if own else ""
    except (OSError, ValueError):
        return ""


def variable(*path: str) -> str:
    """Return the environment variable of a setting: ``variable("redis", "url")`` is ``OPTER_ECONOMIC_REDIS__URL``."""
    return PREFIX + DELIMITER.join(path).upper()


def variables() -> list[tuple[str, ...]]:
    """Return the paths of all settings, in the model's order."""
    paths: list[tuple[str, ...]] = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, Section):
            paths += [(name, inner) for inner in section.model_fields]
        else:
            paths.append((name,))
    return paths


def _redis_url(environ: Mapping[str, str], secrets: Path) -> dict[str, Any]:
    file = secrets / "redis_url"
    url = environ.get("REDIS_URL") or (file.read_text().strip() if file.is_file() else "")
    return {"redis": {"url": url}} if url else {}


def service_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the variables below our prefix that were made for a service and are no settings of ours: ignored."""
    return sorted(name for name, value in environ.items() if _is_of_a_service(name.upper(), value))


def _is_of_a_service(upper: str, value: str) -> bool:
    # ``OPTER_ECONOMIC_WEB_PORT=8470`` is a misspelt setting, ``...=tcp://10.0.0.7:8470`` a service's address.
    if not upper.startswith(PREFIX) or DELIMITER in upper:
        return False
    address = upper.endswith("_PORT") and _SERVICE_ADDRESS.fullmatch(value.strip())
    return bool(address or _SERVICE_NAME.fullmatch(upper))


def _unknown(environ: Mapping[str, str]) -> list[ConfigurationError]:
    known, problem = [variable(*path) for path in variables()], "is not a known setting."
    return [
        ConfigurationError(file="environment", entry="", key=name, problem=problem, next_step=suggestion(upper, known))
        for name, upper in ((name, name.upper()) for name in sorted(environ))
        if upper.startswith(PREFIX) and upper not in known and not _is_of_a_service(upper, environ[name])
    ]


def _place(loc: tuple[int | str, ...]) -> tuple[str, str, str]:
    path = tuple(str(part) for part in loc if isinstance(part, str))
    return "environment", "", variable(*path) if path else ""
