"""Who sees what: secrets nowhere, customers' data in the store and before the bookkeeper, ids everywhere else."""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus

import httpx
import pytest
from support.secrecy.installation import MarkedInstallation
from support.secrecy.marks import CUSTOMER, SECRET, holding
from support.secrecy.scenario import Evidence, play

from config.names import ARCHIVE_TASK, EXPORT_TASK, PREFLIGHT_TASK, RECONCILE_TASK

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("secrecy")]  # one installation for all of them


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarkedInstallation]:
    with MarkedInstallation(tmp_path_factory.mktemp("secrecy")) as installation:
        yield installation


@pytest.fixture(scope="module")
def evidence(place: MarkedInstallation) -> Evidence:
    """What is left of four periods with dead letters, retries, 401, internal errors, refused events and kills."""
    return play(place)


def test_the_marks_would_be_found(evidence: Evidence) -> None:
    """The search is worth something: the store holds the customers, and they are found in base64, too."""
    assert len(holding(CUSTOMER, evidence.store_keys)) > 30
    assert len(holding(CUSTOMER, {"base64": "eyJuYW1lIjogIlpxeHYzIFZvZ25tYW5kIn0="})) == 1
    assert len(evidence.broker_commands) > 100


def test_no_secret_is_anywhere(evidence: Evidence) -> None:
    """Neither token nor password: not in Redis, Flower, logs, command lines or what commands print."""
    everything = {
        **evidence.broker_commands,
        **evidence.other_commands,
        **evidence.broker_keys,
        **evidence.store_keys,
        **evidence.flower,
        **evidence.logs,
        **evidence.command_lines,
        **evidence.overviews,
        **evidence.closeups,
    }

    assert holding(SECRET, everything) == []


def test_the_broker_sees_no_customer(evidence: Evidence) -> None:
    """Queues, what waits for acknowledgement, task events and remote control carry ids."""
    assert holding(CUSTOMER, evidence.broker_commands) == []
    assert holding(CUSTOMER, evidence.broker_keys) == []


def test_flower_sees_no_customer(evidence: Evidence) -> None:
    """Not on a page, not through its API, not in its metrics."""
    assert holding(CUSTOMER, evidence.flower) == []


def test_no_log_names_a_customer(evidence: Evidence) -> None:
    """At the most talkative level, in both forms, through every fault of the scenario."""
    assert holding(CUSTOMER, evidence.logs) == []


def test_overviews_name_no_customer(evidence: Evidence) -> None:
    """What is watched on a wall or sent to a monitoring system holds numbers and reasons."""
    assert holding(CUSTOMER, evidence.overviews) == []


def test_the_bookkeeper_sees_whom_it_is_about(evidence: Evidence) -> None:
    """A dead letter is of no use without the values that matter."""
    assert len(holding(CUSTOMER, {"show": evidence.closeups["failed show main-510002"]})) == 1


def test_the_scenario_ran_to_its_end(place: MarkedInstallation, evidence: Evidence) -> None:
    """Every kind of failure happened, or the searches above prove nothing."""
    reasons = {reason for period in (881, 883) for reason in place.json("status", f"main-p{period}")["failed"]}
    log = evidence.logs["worker-1.log"] + evidence.logs["worker-2.log"]

    assert {"product-group-missing", "customer-ambiguous", "customer-contradiction", "internal-error"} <= reasons
    assert [
        word for word in ("internal_error", "waiting", "tokens-refused", "export_not_to_economic") if word not in log
    ] == []


def test_flower_leads_to_status_and_back(evidence: Evidence) -> None:
    """Both tasks by name, besides those that come by themselves; each id begins with its only argument."""
    tasks = json.loads(evidence.flower["Flower /api/tasks?limit=1000"])

    assert {task["name"] for task in tasks.values()} - {RECONCILE_TASK, ARCHIVE_TASK} == {EXPORT_TASK, PREFLIGHT_TASK}
    assert [key for key in tasks if not re.fullmatch(r"main-p?\d+\.[0-9a-f]{8}", key)] == []
    assert {key: task["args"] for key, task in tasks.items()} == {key: f"('{key[:-9]}',)" for key in tasks}
    # Of a message that a killed worker took, Flower knows only that it was sent.
    assert (
        {"worker-1@test"} <= {task.get("worker") for task in tasks.values()} <= {"worker-1@test", "worker-2@test", None}
    )
    assert [task for task in tasks.values() if task["state"] == "SUCCESS" and not task["runtime"]] == []


def test_flower_shows_workers_and_queues(evidence: Evidence) -> None:
    """The worker that lives, and the queues of the export, empty in the end."""
    workers = json.loads(evidence.flower["Flower /api/workers?refresh=1"])
    queues = json.loads(evidence.flower["Flower /api/queues/length"])["active_queues"]

    assert "worker-2@test" in workers
    assert {"export.main", "preflight.main"} <= {queue["name"] for queue in queues}
    assert {queue["messages"] for queue in queues} == {0}


def test_flower_changes_nothing_even_with_its_password(place: MarkedInstallation, evidence: Evidence) -> None:
    """Re-queueing is our commands' business: Flower stops no worker and sends no task."""
    del evidence  # asked for so that Flower has run
    for path in ("worker/shutdown/worker-2@test", f"task/send-task/{EXPORT_TASK}", "task/revoke/main-1.ab12cd34"):
        answer = httpx.post(
            f"http://127.0.0.1:{place.flower_port}/api/{path}", auth=place.watcher, json={"args": []}, timeout=60
        )
        assert answer.status_code == HTTPStatus.FORBIDDEN


def test_our_rights_in_redis_suffice(evidence: Evidence) -> None:
    """Intake, workers, commands and Flower did all this as a user with least rights, and were refused nothing."""
    assert evidence.denied == []
