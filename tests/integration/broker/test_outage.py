"""What a worker says of a Redis that refuses it: why, once, however often it connects again, and the end of it."""

from pathlib import Path

from support.installation import Installation


def test_a_refusal_is_said_once_and_its_end(tmp_path: Path) -> None:
    """The right to read the queues is taken away and given back: one line each, cause and next step in the first."""
    with Installation(tmp_path) as installation, installation.client() as client:
        installation.start("worker", "worker")
        installation.wait_for(lambda: "ready." in installation.log("worker"), "the worker is ready")
        client.execute_command("ACL", "SETUSER", "default", "-brpop")
        installation.wait_for(lambda: len(installation.lines("worker", "store_unavailable")) > 0, "it is said")
        connected = client.info("stats")["total_connections_received"]
        # Each time it connects, it makes several connections.
        installation.wait_for(
            lambda: client.info("stats")["total_connections_received"] > connected + 8, "it has connected again"
        )
        client.execute_command("ACL", "SETUSER", "default", "+brpop")
        installation.wait_for(lambda: len(installation.lines("worker", "store_available")) > 0, "its end is said")
        [why], [_] = (installation.lines("worker", event) for event in ("store_unavailable", "store_available"))
        log = installation.log("worker")

    assert "forbids its user a command" in why["why"]
    assert "users.acl" in why["next_step"]
    assert not [text for text in ("broker lost", "Frequent restarts", "Traceback", "Deprecation") if text in log]
