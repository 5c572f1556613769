"""``make walk``: the way of one invoice through the product, file by file.

One warm invoice of a known customer is exported through the real path: the Celery task's function is called in this
process, and meets a real Redis (records, leases, rate limiter) and the sandbox over HTTP. What is counted happens from
that call to its return, in its thread: every file and every function of ``config``, ``tasks`` and ``worker`` that
is entered (``sandbox`` and ``local`` left out; comprehensions belong to the function around them).
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any

from bench.invoices import of_known_customers
from support.installation import Installation, event

ROOT = Path(sys.modules[Installation.__module__].__file__ or "").parents[2]
PRODUCT = ("config", "tasks", "worker")
NOT_PRODUCT = (Path("worker/sandbox"), Path("worker/local"))
#: The first creates products, the second reads them: only then everything is known.
WARM, WALKED = ("main-100000", "main-100030", "main-100060"), "main-100090"


def main() -> None:
    """Print the files in the order of their first entry, with their functions, and the totals."""
    with TemporaryDirectory(prefix="walk-") as folder, Installation(Path(folder)) as installation:
        installation.start("intake", "intake")
        calls = _walk(installation)
    for file, names in calls.items():
        print(f"{file}\n    {', '.join(names)}")  # noqa: T201  # a program for the terminal
    functions = sum(len(names) for names in calls.values())
    print(f"files {len(calls)}, functions {functions}")  # noqa: T201  # a program for the terminal


def _walk(installation: Installation) -> dict[str, list[str]]:
    """Export some invoices, so that everything is known, then one more of the same customer under the trace."""
    os.environ.update(installation.environment)  # worker.app reads its settings from there
    from tasks import check_period, export_invoice  # noqa: PLC0415  # after the environment is set

    invoices = of_known_customers(91, first=100_000)[::30]
    installation.push(event(*invoices, event_id="walk", period=1, name="walk"))
    period = "main-p1"
    installation.wait_for(
        lambda: installation.counts(period).get("received", 0) == len(invoices), "the period is taken in"
    )
    check_period(period)
    for invoice_id in WARM:
        export_invoice(invoice_id)
    calls = _traced(lambda: export_invoice(WALKED))
    exported = installation.counts(period).get("exported", 0)
    assert exported == len(invoices), f"{exported} of {len(invoices)} invoices were exported, so nothing was measured"
    return calls


def _traced(call: Callable[[], Any]) -> dict[str, list[str]]:
    """Return the product's files in the order of their first entry, and the functions entered in each."""
    seen: dict[CodeType, None] = {}

    def note(frame: FrameType, kind: str, _: object) -> None:
        if kind == "call":
            seen.setdefault(frame.f_code)

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    calls: dict[str, list[str]] = {}
    for code in seen:
        file = _product_file(code)
        named = code.co_name == "<lambda>" or not code.co_name.startswith("<")
        if file and named:
            calls.setdefault(str(file), []).append(code.co_qualname)
    return calls


def _product_file(code: CodeType) -> Path | None:
    path = Path(code.co_filename)
    if not path.is_relative_to(ROOT):
        return None
    file = path.relative_to(ROOT)
    if file.parts[0] not in PRODUCT or any(file.is_relative_to(folder) for folder in NOT_PRODUCT):
        return None
    return file


if __name__ == "__main__":
    main()
