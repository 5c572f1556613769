"""The first process of a container: a signal to end is heeded from its first moment on."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.deployment import DEPLOY
from support.installation import Installation, free_port

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="coreutils and the kernel of the image"),
    pytest.mark.xdist_group("first process"),  # one installation for all of them
]

#: What the image starts its command with.
_HELD = json.loads((DEPLOY / "Dockerfile").read_text().partition("\nENTRYPOINT ")[2].partition("\n")[0])[:-1]
#: The kernel drops a signal that process 1 does not handle, unless it is held; so it does for a signal that is ignored.
_AS_FIRST = ("env", "--ignore-signal=TERM", *_HELD, sys.executable, "-P", "-m", "worker")
_TERM = 1 << (signal.SIGTERM - 1)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    ports = {"flower__port": str(free_port()), "web__port": str(free_port())}
    with Installation(tmp_path_factory.mktemp("first"), **ports) as running:
        yield running


@pytest.mark.parametrize("moment", ["at once", "while it loads"])
@pytest.mark.parametrize("command", ["intake", "watch", "worker", "web", "flower"])
def test_a_signal_in_the_first_second_ends_it(installation: Installation, command: str, moment: str) -> None:
    """Whatever it is loading or waiting for: it ends within the grace period, and in order."""
    with subprocess.Popen(
        (*_AS_FIRST, command), env=installation.environment, cwd=installation.folder, stderr=subprocess.PIPE
    ) as process:
        installation.wait_for(lambda: _is_python(process.pid), "Python runs")
        if moment != "at once":
            installation.wait_for(lambda: _handles_term(process.pid), "it handles the signal")
        process.send_signal(signal.SIGTERM)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()

    assert process.returncode == 0, said
    assert b"Traceback" not in said


def _is_python(pid: int) -> bool:
    return Path(f"/proc/{pid}/exe").resolve() == Path(sys.executable).resolve()


def _handles_term(pid: int) -> bool:
    caught = re.findall(r"^SigCgt:\s+(\S+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return bool(int(caught[0], 16) & _TERM)
