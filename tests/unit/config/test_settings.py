from pathlib import Path

import pytest
from pydantic import ValidationError

from config.docs_tables import settings_table
from config.errors import ConfigurationErrors
from config.settings import load_settings, names_redis, service_variables, variable


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in settings_table():
        monkeypatch.delenv(row.variable, raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


def _errors(secrets: Path) -> dict[str, str]:
    with pytest.raises(ConfigurationErrors) as caught:
        load_settings(secrets=secrets)
    return {error.key: error.problem for error in caught.value.errors}


def test_the_defaults_are_those_of_the_promises(tmp_path: Path) -> None:
    """Without any setting, recovery happens within 30 s and a call never outlives its lease."""
    settings = load_settings(secrets=tmp_path)

    assert (
        settings.store.lease_seconds,
        settings.http.deadline,
        settings.store.max_crashes,
    ) == (20.0, 15.0, 3)
    assert settings.intake.queue == "opter:period-closed"


def test_settings_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A double underscore leads into a section, and commas separate the items of a list."""
    monkeypatch.setenv("OPTER_ECONOMIC_WORKER__CONCURRENCY", "7")
    monkeypatch.setenv("OPTER_ECONOMIC_INTAKE__ALLOWED_FOLDERS", "/a, /b")

    settings = load_settings(secrets=tmp_path)

    assert settings.worker.concurrency == 7
    assert settings.intake.allowed_folders == (Path("/a"), Path("/b"))


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"plain": "redis://plain/0"}, "redis://plain/0"),
        ({"plain": "redis://plain/0", "file": "redis://file/0\n"}, "redis://file/0"),
        ({"plain": "redis://plain/0", "file": "redis://file/0", "own": "redis://own/0"}, "redis://own/0"),
    ],
)
def test_the_nearer_source_of_the_redis_address_wins(
    sources: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own variable beats the secret file, which beats the plain REDIS_URL."""
    if "plain" in sources:
        monkeypatch.setenv("REDIS_URL", sources["plain"])
    if "own" in sources:
        monkeypatch.setenv("OPTER_ECONOMIC_REDIS__URL", sources["own"])
    if "file" in sources:
        (tmp_path / "opter_economic_redis__url").write_text(sources["file"])

    assert load_settings(secrets=tmp_path).redis.url.get_secret_value() == expected


def test_every_error_is_reported_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt name, a bad number and a bad choice come together, each under its variable with its value."""
    monkeypatch.setenv("OPTER_ECONOMIC_STORE__LEASE_SECOND", "30")
    monkeypatch.setenv("OPTER_ECONOMIC_WORKER__CONCURRENCY", "many")
    monkeypatch.setenv("OPTER_ECONOMIC_LOG__LEVEL", "loud")

    errors = _errors(tmp_path)

    assert set(errors) == {
        "OPTER_ECONOMIC_STORE__LEASE_SECOND",
        "OPTER_ECONOMIC_WORKER__CONCURRENCY",
        "OPTER_ECONOMIC_LOG__LEVEL",
    }
    assert "'many'" in errors["OPTER_ECONOMIC_WORKER__CONCURRENCY"]


def test_an_unknown_setting_is_reported_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nearest known one, not a second time as an unknown key of its section."""
    monkeypatch.setenv("OPTER_ECONOMIC_STORE__LEASE_SECOND", "30")

    with pytest.raises(ConfigurationErrors) as caught:
        load_settings(secrets=tmp_path)

    assert [error.next_step for error in caught.value.errors] == ['Did you mean "OPTER_ECONOMIC_STORE__LEASE_SECONDS"?']


def test_an_error_never_shows_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Redis address holds a password, so its value stays out of the report."""
    monkeypatch.setenv("REDIS_URL", "http://:PASSWORD@host")

    with pytest.raises(ConfigurationErrors) as caught:
        load_settings(secrets=tmp_path)

    assert "PASSWORD" not in str(caught.value)
    assert "redis://" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        (variable("http", "deadline"), "25", "OPTER_ECONOMIC_STORE__LEASE_SECONDS"),
        (variable("intake", "fetch_deadline"), "30", "OPTER_ECONOMIC_INTAKE__HEARTBEAT"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    name: str, value: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call must end before its lease, and a fetch before its consumer counts as dead."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationErrors, match=other):
        load_settings(secrets=tmp_path)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    """What is handed down is frozen, sections too."""
    settings = load_settings(secrets=tmp_path)

    with pytest.raises(ValidationError):
        settings.environment = "test"
    with pytest.raises(ValidationError):
        settings.redis.prefix = "x:"


def test_a_printed_setting_hides_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``repr`` of the settings may reach a log."""
    monkeypatch.setenv("REDIS_URL", "redis://:PASSWORD@host/0")

    assert "PASSWORD" not in repr(load_settings(secrets=tmp_path))


def test_every_setting_says_what_it_is_for() -> None:
    """The table of the settings is made from these rows, so none is without a meaning."""
    rows = settings_table()

    assert [row.variable for row in rows if not row.meaning] == []
    assert "OPTER_ECONOMIC_REDIS__URL" in {row.variable for row in rows}


EXAMPLE = Path(__file__).parents[3] / "deploy" / "env.example"


def test_the_published_environment_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stranger copies holds known settings only, and every variable that the sample exports file names."""
    lines = EXAMPLE.read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    settings = load_settings(secrets=tmp_path)

    assert settings.intake.allowed_hosts == ("files.example.dk",)
    assert {"ECONOMIC_APP_SECRET_TOKEN", "ECONOMIC_GRANT_TOKEN_MAIN"} <= set(variables)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPTER_ECONOMIC_WEB_PORT", "tcp://10.0.0.7:8470"),
        ("OPTER_ECONOMIC_PORT", "udp://10.0.0.7:53"),
        ("OPTER_ECONOMIC_WEB_SERVICE_HOST", "10.0.0.7"),
        ("OPTER_ECONOMIC_WORKER_SERVICE_PORT", "9464"),
        ("OPTER_ECONOMIC_WORKER_SERVICE_PORT_METRICS", "9464"),
        ("OPTER_ECONOMIC_WEB_PORT_8470_TCP", "tcp://10.0.0.7:8470"),
        ("OPTER_ECONOMIC_WEB_PORT_8470_TCP_PROTO", "tcp"),
        ("OPTER_ECONOMIC_WEB_PORT_8470_TCP_ADDR", "10.0.0.7"),
    ],
)
def test_what_kubernetes_adds_for_a_service_is_no_mistake(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``kubectl expose`` adds such variables to every container that is started later."""
    monkeypatch.setenv(name, value)

    load_settings(secrets=tmp_path)

    assert service_variables({name: value}) == [name]


@pytest.mark.parametrize("name", ["OPTER_ECONOMIC_WEB_PORT", "OPTER_ECONOMIC_WEB__PROT", "OPTER_ECONOMIC_SERVICE"])
def test_a_misspelt_setting_is_still_one(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what has a service's shape is passed over."""
    monkeypatch.setenv(name, "8470")

    assert name in _errors(tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "redis://:se/cret@127.0.0.1:6379/0",
        "redis://opter:1/2@127.0.0.1:6379/0",
        "redis://:a#secret@127.0.0.1/0",
        "redis://:a?secret@127.0.0.1/0",
        "redis://:a[secret@127.0.0.1/0",
        "redis://127.0.0.1/secret",
    ],
)
def test_an_address_that_a_password_breaks_is_refused_unquoted(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver would take a part of the password for the port, and say so aloud."""
    monkeypatch.setenv("REDIS_URL", address)

    problem = _errors(tmp_path)["OPTER_ECONOMIC_REDIS__URL"]

    assert "cret" not in problem
    assert "1/2" not in problem


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("http://:cret@host", "amqp://"),
        ("amqp://opter:1/cret@host/v", "%2F"),
        ("amqp:///vhost", "no host"),
        ("redis://host/cret", "number of the database"),
    ],
)
def test_an_address_of_a_broker_that_cannot_be_read_is_refused_unquoted(
    address: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address holds a password."""
    monkeypatch.setenv("OPTER_ECONOMIC_BROKER__URL", address)

    found = _errors(tmp_path)["OPTER_ECONOMIC_BROKER__URL"]

    assert problem in found
    assert "cret" not in found


@pytest.mark.parametrize("address", ["amqp://user:secret@mq:5672/opter", "amqps://mq", "redis://broker/1", ""])
def test_a_broker_is_redis_or_rabbitmq_or_none_of_its_own(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual host is a name, a database a number."""
    monkeypatch.setenv("OPTER_ECONOMIC_BROKER__URL", address)

    assert load_settings(secrets=tmp_path).broker.url.get_secret_value() == address


def test_the_redis_of_up_is_found_and_counts_as_none_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that `up` starts its own again, and every other command reaches it, password included."""
    monkeypatch.setenv("OPTER_ECONOMIC_DATA_FOLDER", str(tmp_path))
    file = tmp_path / "redis-url"
    file.touch(mode=0o600)
    file.write_text("redis://:p@127.0.0.1:7001/0")

    found = load_settings(secrets=tmp_path / "none")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
    configured = load_settings(secrets=tmp_path / "none")

    assert (found.redis.url.get_secret_value(), names_redis(found)) == ("redis://:p@127.0.0.1:7001/0", False)
    assert (configured.redis.url.get_secret_value(), names_redis(configured)) == ("redis://elsewhere/0", True)
