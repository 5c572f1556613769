"""``demo``: what a stranger sees first."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

INVOICES = (
    "226 of 240 exported",
    "product-group-missing",
    "customer-ambiguous",
    "totals-mismatch",
    "$ opter-economic requeue --period 2026-47A",
    "240 of 240 exported",
    "✓ every invoice is booked, exactly once",
    "✓ every amount equals the source to the øre",
    "✓ nothing was sent that the real e-conomic would ignore or refuse",
    "$ opter-economic reconcile 2026-47A",
    "240 equal",
    "All booked.",
)
VOUCHERS = (
    "220 of 240 exported",
    "ledger-account-missing",
    "customer-ambiguous",
    "pdf-missing",
    "voucher-rounding",
    "$ opter-economic requeue --period 2026-47A",
    "240 of 240 exported",
    "✓ every invoice is one voucher in journal 1",
    "✓ one open post each: Opter's gross amount, number and due date",
    "✓ revenue and VAT equal the source to the øre, by account and VAT code",
    "✓ clearing account 5990 ends at zero with every voucher",
    "✓ every printed invoice is attached, once and unchanged",
    "✓ nothing was sent that the real e-conomic would ignore or refuse",
    "$ opter-economic reconcile 2026-47A",
    "240 equal",
    "240 vouchers in journal 1, to be booked.",
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("options", "expected"),
    [((), INVOICES), (("--method", "voucher", "--source", "xml"), VOUCHERS)],
    ids=["invoices", "vouchers from a watched folder"],
)
def test_the_demo_proves_itself(tmp_path: Path, options: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Exit code 0: all exported, once, to the øre, without findings; the failures and their fix are shown on the way.

    The address of a real installation in the environment is not used: nothing listens there.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-m", "worker", "demo", "--folder", str(tmp_path), *options],
        env=os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0", "OPTER_ECONOMIC_EXPORTS_FILE": "/nowhere.toml"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert [text for text in expected if text not in done.stdout] == []
    assert zipfile.is_zipfile(tmp_path / "certificate.xlsx")
