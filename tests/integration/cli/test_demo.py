"""``demo``: what a stranger sees first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(180)
def test_the_demo_proves_itself(tmp_path: Path) -> None:
    """Exit code 0: all booked, once, to the øre, without findings; the failures and their fix are shown on the way.

    The address of a real installation in the environment is not used: nothing listens there.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-m", "worker", "demo", "--folder", str(tmp_path)],
        env=os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0", "OPTER_ECONOMIC_EXPORTS_FILE": "/nowhere.toml"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    for said in (
        "226 of 240 exported",
        "product-group-missing",
        "customer-ambiguous",
        "totals-mismatch",
        "$ opter-economic requeue --period 2026-47A",
        "240 of 240 exported",
        "✓ every invoice is booked, exactly once",
        "✓ every amount equals the source to the øre",
        "✓ nothing was sent that the real e-conomic would ignore or refuse",
        "All booked.",
    ):
        assert said in done.stdout
