"""A draft that differs from the source is gone before the invoice rests, whatever e-conomic remembers of the key."""

from typing import Any

import httpx
import pytest
from support.chaos.faults import use_key
from support.harness import Harness
from support.samples import customer, invoice, line

from worker.domain.record import State

#: 3 x 0.03 VAT in Opter; e-conomic rounds 25 % of 0.30 once: 0.08.
DIFFERS = invoice(*(line("0.10", vat="0.03") for _ in range(3)), customer=customer(corporate_id=None))


def _replayed(request: httpx.Request) -> httpx.Response:
    return httpx.Response(204, headers={"X-ResultFromCache": "true"}, request=request)


@pytest.mark.parametrize("remembered", ["payload-changed", "success"])
def test_a_remembered_key_does_not_leave_the_draft_behind(remembered: str) -> None:
    """``PayloadChanged``, or a success that belongs to an earlier draft: deleted under another key."""
    harness, struck = Harness(), []

    def around(request: httpx.Request, answer: Any) -> httpx.Response:
        if request.method == "DELETE" and not struck:
            struck.append(request)
            if remembered == "success":
                return _replayed(request)
            use_key(harness, request)
        return answer(request)

    harness.around_http = around
    harness.close_period(DIFFERS)
    harness.until_rest()
    record = harness.record("main-100353")

    assert len(struck) == 1
    assert harness.documents() == []
    assert (record.state, record.failure and record.failure.reason) == (State.DEAD, "totals-mismatch")
