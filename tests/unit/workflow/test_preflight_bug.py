"""An exception that nobody expected while a period is checked."""

from typing import Any

import httpx
import pytest
from support.harness import PERIOD, Harness
from support.samples import customer, invoice, line

from worker.domain.record import State

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")


def test_a_bug_in_a_periods_check_is_told_and_holds_nothing_for_good() -> None:
    """The period says what keeps its invoices, rather than nothing at all; once fixed, it goes on."""
    harness = Harness()
    harness.around_http = _buggy
    harness.close_period(invoice(line(), customer=KNOWN))
    with pytest.raises(ZeroDivisionError):
        harness.check()
    period = harness.store.period(PERIOD)

    assert period is not None
    assert period.notice == "Not checked yet. The program failed with ZeroDivisionError."
    harness.around_http = lambda request, answer: answer(request)
    harness.clock.advance(10.0)
    harness.until_rest()
    assert harness.record("main-100353").state is State.EXPORTED


def _buggy(request: httpx.Request, answer: Any) -> httpx.Response:
    raise ZeroDivisionError(f"{request.method} {answer}")
