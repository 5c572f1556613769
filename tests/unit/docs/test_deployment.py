"""Deployment files name what exists: processes, variables, secrets, keys."""

import configparser
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from support.deployment import DEPLOY, ROOT, SETUPS, documents, relative

from config.docs_tables import settings_table
from config.names import broker_prefix, dead_key, export_queue, processing_key
from config.settings import Settings

#: What an installation runs, beside Redis.
PROCESSES = {"watch", "intake", "worker", "web", "flower"}
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("[!k]*.yaml"))
PODS = DEPLOY / "kubernetes" / "processes.yaml"
SCALING = DEPLOY / "kubernetes" / "scaling"
#: Versions of Kubernetes whose published schemas the files are held against: the oldest that is supported, the newest.
VERSIONS = ("1.33", "1.37")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = documents(DEPLOY / "compose.yaml")[0]


def _containers(path: Path) -> list[dict[str, Any]]:
    templates = [each["spec"]["template"] for each in documents(path) if "template" in each.get("spec", ())]
    return [container for template in templates for container in template["spec"]["containers"]]


def _unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(strict=True, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys are distinguished by case
    parsed.read_string(path.read_text(encoding="utf-8"))
    return parsed


@pytest.mark.parametrize("path", SETUPS, ids=relative)
def test_every_variable_exists(path: Path) -> None:
    """A variable that a deployment file sets or mentions is one that the settings know."""
    known = {row.variable for row in settings_table()}
    named = set(re.findall(r"OPTER_ECONOMIC_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))

    assert set() == named - known


def test_compose_runs_every_process() -> None:
    """Intake, worker and Flower run from the one image, each by its own command."""
    ours = {
        name: service["command"]
        for name, service in COMPOSE["services"].items()
        if service["image"] == "opter-economic"
    }

    assert {name: [name] for name in PROCESSES} == ours


def test_kubernetes_runs_every_process() -> None:
    """Intake, worker and Flower run from the one image, each by its own command."""
    containers = [container for path in KUBERNETES for container in _containers(path)]
    ours = {each["name"]: each["args"] for each in containers if each["image"] == "opter-economic"}

    assert {name: [name] for name in PROCESSES} == ours


def test_systemd_runs_every_process() -> None:
    """There is a unit for intake, worker and Flower, each starting its own command."""
    started = {_unit(path)["Service"]["ExecStart"].split()[1] for path in UNITS}

    assert started == PROCESSES


def test_a_worker_is_given_time_to_finish() -> None:
    """Whoever stops a worker waits until the worker has ended, whatever e-conomic does."""
    workers = [each for each in documents(PODS) if each["metadata"]["name"] == "opter-economic-worker"]
    periods = (
        int(COMPOSE["services"]["worker"]["stop_grace_period"].removesuffix("s")),
        workers[0]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        int(_unit(DEPLOY / "systemd" / "opter-economic-worker@.service")["Service"]["TimeoutStopSec"]),
    )

    assert min(periods) >= Settings().grace_period


def test_flower_gets_no_token_of_economic() -> None:
    """Its container has a Redis user of its own, and neither the exports file nor any other secret; so has its unit."""
    service = COMPOSE["services"]["flower"]
    [pod] = [
        each["spec"]["template"]["spec"]
        for each in documents(PODS)
        if each["metadata"]["name"] == "opter-economic-flower"
    ]
    [volume] = [volume for volume in pod["volumes"] if volume["name"] == "secrets"]
    others = {_unit(path)["Service"]["EnvironmentFile"] for path in UNITS if "flower" not in path.name}
    unit = _unit(DEPLOY / "systemd" / "opter-economic-flower.service")["Service"]

    assert service["secrets"] == [{"source": "flower_redis_url", "target": "opter_economic_flower__redis_url"}]
    assert service["configs"] == []
    assert volume["secret"]["secretName"] == "opter-economic-flower"
    assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == {"secrets", "tmp"}
    assert "env" not in pod["containers"][0]
    assert unit["EnvironmentFile"] not in others
    assert (unit["DynamicUser"], unit.get("User")) == ("yes", None)


def test_compose_declares_what_it_uses() -> None:
    """Every secret and config that a service takes is declared, and none is declared for nothing."""
    for kind in ("secrets", "configs"):
        taken = {
            mount if isinstance(mount, str) else mount["source"]
            for service in COMPOSE["services"].values()
            for mount in service.get(kind, ())
        }

        assert set(COMPOSE[kind]) == taken


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", KUBERNETES, ids=relative)
def test_kubernetes_knows_every_key(path: Path, version: str) -> None:
    """Every document is valid by Kubernetes' published schema, without a key that it would ignore."""
    for document in documents(path):
        kubernetes_validate.validate(document, version, strict=True)


def test_kustomize_applies_every_file() -> None:
    """A file that nobody names would never be applied; the autoscaler is a component of its own, to be chosen."""
    [base], [component] = (documents(folder / "kustomization.yaml") for folder in (PODS.parent, SCALING))
    files = {path.name for path in SCALING.glob("*.yaml")} - {"kustomization.yaml"}

    assert sorted(base["resources"]) == [path.name for path in KUBERNETES]
    assert set(component["resources"]) == files


def test_workers_grow_by_what_prometheus_records() -> None:
    """The autoscaler asks for the recorded figure that promtool tests, and alone says how many workers run."""
    [scaled] = documents(SCALING / "workers.yaml")
    [worker] = [each for each in documents(PODS) if each["metadata"]["name"] == "opter-economic-worker"]
    [trigger] = scaled["spec"]["triggers"]
    rules = documents(DEPLOY / "monitoring" / "alerts.yml")[0]["groups"][0]["rules"]
    [component] = documents(SCALING / "kustomization.yaml")
    [patch] = component["patches"]

    assert trigger["metadata"]["query"] in {rule.get("record") for rule in rules}
    assert scaled["spec"]["scaleTargetRef"]["name"] == patch["target"]["name"] == worker["metadata"]["name"]
    assert scaled["spec"]["minReplicaCount"] == worker["spec"]["replicas"]
    assert json.loads(patch["patch"]) == [{"op": "remove", "path": "/spec/replicas"}]


def test_a_drained_node_and_the_network_know_the_pods() -> None:
    """Budgets and policies select pods that exist, and only Redis, its users and Prometheus reach another pod."""
    labels = [
        each["spec"]["template"]["metadata"]["labels"]
        for path in KUBERNETES
        for each in documents(path)
        if "template" in each["spec"]
    ]
    budgets = documents(PODS.parent / "disruptions.yaml")
    policies = {each["metadata"]["name"]: each["spec"] for each in documents(PODS.parent / "network.yaml")}
    outside = policies["opter-economic-outside"]["podSelector"]["matchExpressions"]

    assert all(budget["spec"]["selector"]["matchLabels"] in labels for budget in budgets)
    assert policies["opter-economic-redis"]["podSelector"]["matchLabels"] in labels
    assert {label["part"] for label in labels} - {"redis", "flower"} == set(outside[1]["values"])
    assert policies["opter-economic"]["policyTypes"] == ["Ingress", "Egress"]
    assert policies["opter-economic"]["podSelector"]["matchLabels"].items() <= labels[0].items()


@pytest.mark.parametrize("name", ["bookkeeping", "operations"])
def test_a_dashboard_shows_what_grafana_is_given(name: str) -> None:
    """Each panel has a place of its own, says what it means, and asks the one source of data that is provisioned."""
    grafana = DEPLOY / "monitoring" / "grafana"
    [source] = documents(grafana / "provisioning" / "datasources" / "prometheus.yml")[0]["datasources"]
    panels = json.loads((grafana / "dashboards" / f"{name}.json").read_text(encoding="utf-8"))["panels"]
    places = [panel["gridPos"] for panel in panels]
    squares = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} == {source["uid"]}
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24
    assert all(panel["title"] and panel["description"] for panel in panels)


def test_kubernetes_adds_no_variables_for_services() -> None:
    """Its variables for a service called like ours would look like settings."""
    pods = [
        each["spec"]["template"]["spec"]
        for path in KUBERNETES
        for each in documents(path)
        if "template" in each.get("spec", ())
    ]

    assert [pod["enableServiceLinks"] for pod in pods] == [False] * len(pods)


@pytest.mark.parametrize("process", ["intake", "worker"])
def test_files_of_events_are_mounted_where_they_are_read(process: str) -> None:
    """The intake reads invoices by reference, the worker their PDFs: both from the allowed folder."""
    service = COMPOSE["services"][process]
    [container] = [each for each in _containers(PODS) if each["name"] == process]
    folder = service["environment"]["OPTER_ECONOMIC_INTAKE__ALLOWED_FOLDERS"]

    assert any(volume.split(":")[-2:] == [folder, "ro"] for volume in service["volumes"])
    assert {"name": "OPTER_ECONOMIC_INTAKE__ALLOWED_FOLDERS", "value": folder} in container["env"]
    assert any(mount["mountPath"] == folder and mount["readOnly"] for mount in container["volumeMounts"])


@pytest.mark.parametrize("path", [DEPLOY / "compose.yaml", *KUBERNETES], ids=relative)
def test_nothing_runs_with_rights_it_does_not_need(path: Path) -> None:
    """Every container has a read-only root and no capabilities."""
    if path == DEPLOY / "compose.yaml":
        found = [(service["read_only"], service["cap_drop"]) for service in COMPOSE["services"].values()]
    else:
        contexts = [container["securityContext"] for container in _containers(path)]
        found = [(context["readOnlyRootFilesystem"], context["capabilities"]["drop"]) for context in contexts]

    assert [(True, ["ALL"])] * len(found) == found


def test_the_image_starts_our_command_from_verified_wheels() -> None:
    """The image's entry point is the script that the package installs, and every wheel was checked by its hash.

    The signals to end are held until it handles them, see tests/integration/cli/test_first_process.py.
    """
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]

    assert re.findall(r"^ENTRYPOINT (.+)$", dockerfile, re.MULTILINE) == [
        json.dumps(["env", "--block-signal=TERM,INT", *scripts])
    ]
    assert "pip wheel --no-cache-dir --require-hashes -r requirements.lock" in dockerfile
    installs = re.findall(r"pip (?:--python \S+ )?(?:wheel|install) .+", dockerfile)
    assert len(installs) == 4
    assert all("--no-index" in line or "--require-hashes" in line for line in installs)


def test_the_build_sees_what_the_image_copies() -> None:
    """What the Dockerfile copies from the repository is let through by .dockerignore, and nothing else."""
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    copied = {name for line in lines for name in line.split()}
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    assert copied == let_through
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_redis_is_set_up_as_the_store_needs_it() -> None:
    """The append-only file is on, written through, and nothing is evicted."""
    lines = (DEPLOY / "redis" / "redis.conf").read_text(encoding="utf-8").splitlines()

    assert {"appendonly yes", "appendfsync always", "maxmemory-policy noeviction"} <= set(lines)


def test_redis_users_reach_the_keys_that_the_code_names() -> None:
    """Our user reaches store, broker and event queue; Opter's side the event queue alone; nobody comes in unnamed."""
    settings = Settings.model_fields
    prefix, queue = settings["redis"].default.prefix, settings["intake"].default.queue
    users = {
        line.split()[1]: re.findall(r" ~(\S+)", line) for line in (DEPLOY / "redis/users.acl").read_text().splitlines()
    }

    assert users == {
        "default": [],
        "opter-economic": [f"{prefix}*", queue, f"{queue}:*"],
        "opter": [queue],
        "flower": [f"{broker_prefix(prefix)}*"],
        "admin": [],
    }
    assert broker_prefix(prefix).startswith(prefix)
    assert all(key.startswith(f"{queue}:") for key in (processing_key(queue, "x"), dead_key(queue)))
    assert not export_queue("main").startswith(prefix)


def test_no_password_stands_in_a_file() -> None:
    """The users' file holds hashes that no password has, so that nobody comes in before they are replaced."""
    text = (DEPLOY / "redis/users.acl").read_text(encoding="utf-8")

    assert set(re.findall(r" [#>]\S+", text)) == {" #" + "0" * 64}
