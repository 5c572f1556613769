"""A worker that is told to end while e-conomic is slow or not there at all: it ends, and its work goes on elsewhere."""

import os
import signal
from pathlib import Path

from support.installation import SHORT_LEASES, Installation, event
from support.samples import customer, invoice

#: Looking up any name takes for ever, as with a name server that does not answer; our Redis is reached by its number.
_NO_NAMES = """
import os, socket, time
lookup = socket.getaddrinfo
def hang(host, port, *args, **kwargs):
    if str(port) == os.environ["HANGING_PORT"]:
        time.sleep(1e6)
    return lookup(host, port, *args, **kwargs)
socket.getaddrinfo = hang
"""
_PERIOD = "main-p881"
_INVOICE = invoice(customer=customer(code="K1001", corporate_id=None))


class _HangingNames(Installation):
    """The first worker cannot look up where e-conomic is."""

    def own_environment(self, name: str) -> dict[str, str]:
        if name != "worker-1":
            return {}
        folder = self.folder / "names"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(_NO_NAMES)
        path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
        return {"PYTHONPATH": path, "HANGING_PORT": str(self.port)}


def _exported_by_another(installation: Installation) -> None:
    installation.start("worker-2", "worker", "--name", "worker-2@test")
    installation.wait_for(lambda: installation.counts() == {"exported": 1}, "another worker has exported it")
    state = next(iter(installation.sandbox("GET", "state").values()))
    assert len(state["booked"]) == 1


def _end(installation: Installation) -> None:
    installation.send_signal("worker-1", signal.SIGTERM)
    installation.wait_for(lambda: not installation.running("worker-1"), "the worker ends by itself")
    installation.kill("worker-1")


def test_a_worker_that_is_stopped_begins_no_further_call(tmp_path: Path) -> None:
    """E-conomic takes two seconds for each of twenty calls: only those under way are waited for."""
    with Installation(tmp_path, worker__soft_shutdown="0.1") as installation:
        installation.sandbox("PATCH", "switches", {"latency_ms": 2000})
        installation.start_all()
        installation.push(event(_INVOICE))
        installation.wait_for(lambda: bool(installation.sandbox("GET", "requests")["requests"]), "a first call")
        _end(installation)
        calls = len(installation.sandbox("GET", "requests")["requests"])
        results = [line["result"] for line in installation.lines("worker-1", "period_preflight")]
        installation.sandbox("PATCH", "switches", {"latency_ms": 0})
        _exported_by_another(installation)

    assert results == ["given-back"]
    assert calls < 10  # half of those that the check needs, should the signal come late


def test_a_worker_ends_though_what_it_waits_for_never_comes(tmp_path: Path) -> None:
    """A name server that does not answer holds a call for ever: the worker ends by itself all the same."""
    short = {**SHORT_LEASES, "http__deadline": "1", "worker__soft_shutdown": "0.1"}
    with _HangingNames(tmp_path, **short) as installation:
        installation.start_all()
        installation.push(event(_INVOICE))
        installation.wait_for(lambda: installation.counts() == {"received": 1}, "the period is known")
        installation.wait_for(lambda: _claimed(installation), "its check is under way")
        _end(installation)
        cut_off = installation.lines("worker-1", "worker_cut_off")

    assert len(cut_off) == 1


def _claimed(installation: Installation) -> bool:
    with installation.client() as client:
        return float(client.hget(f"opter-economic:period:{_PERIOD}", "lease_until") or 0) > 0
