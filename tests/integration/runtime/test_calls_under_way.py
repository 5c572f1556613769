"""Calls that a worker has under way: never more than the setting says, while the store is written beside them."""

from pathlib import Path
from typing import Any

from support.installation import Installation, event
from support.samples import customer, invoice, line

CALLS, INVOICES = 4, 60
#: Seconds that e-conomic takes for a call.
LATENCY = 0.15


def test_bookkeeping_takes_no_call_slot(tmp_path: Path) -> None:
    """Six executions share four calls: the fifth call begins when the first has ended, and more than four are at work.

    The sandbox notes a call when it comes, and answers it 0.15 s later: with four at a time, any call comes at least
    that much after the fourth before it.
    """
    with Installation(tmp_path, worker__concurrency=str(CALLS)) as installation:
        installation.sandbox("PATCH", "switches", {"latency_ms": 1000 * LATENCY})
        installation.start_all()
        installation.push(event(*map(_of_known_customer, range(INVOICES))))
        at_work = list[int]()

        def done() -> bool:
            counts = installation.counts()
            at_work.append(counts.get("exporting", 0))
            return counts == {"exported": INVOICES}

        installation.wait_for(done, "all are exported")
        calls: list[dict[str, Any]] = installation.sandbox("GET", "requests")["requests"]
        state = next(iter(installation.sandbox("GET", "state").values()))

    came = [call["at"] for call in calls]
    assert min(later - earlier for earlier, later in zip(came, came[CALLS:], strict=False)) >= LATENCY - 0.001
    assert max(at_work) == CALLS + CALLS // 2
    assert len(state["booked"]) == INVOICES


def _of_known_customer(n: int) -> Any:
    return invoice(
        line(f"{100 + n}.50"),
        invoice_number=500_001 + n,
        customer=customer(code=f"C-{n % 20}", ledger_number=1001 + n % 20, corporate_id=None),
    )
