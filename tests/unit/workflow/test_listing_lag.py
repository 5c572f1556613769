"""Listings that lag behind writes: what they still show is read itself before anything is concluded from it."""

from typing import Any

import httpx
import pytest
from support.harness import EXPORT, Harness
from support.samples import customer, invoice, line

from config.export_schema import Booking
from worker.domain.record import Outcome, State

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
ID = "main-100353"
#: Seconds for which listings show what was there before the booking.
LAG = 45.0


class Lagging:
    """The booking takes effect, its answer is lost, and for a while listings know nothing of it."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.until = 0.0
        self.seen: dict[str, bytes] = {}

    def __call__(self, request: httpx.Request, answer: Any) -> httpx.Response:
        path = request.url.path
        if self.harness.clock() < self.until and request.method == "GET" and path in self.seen:
            return httpx.Response(200, content=self.seen[path], request=request)
        if not self.until and request.method == "POST" and path == "/invoices/booked":
            self.until = self.harness.clock() + LAG
            for listing in ("/invoices/drafts", "/invoices/booked"):
                self.seen[listing] = answer(httpx.Request("GET", f"http://e{listing}", headers=request.headers)).content
            answer(request)
            raise httpx.ReadTimeout("no answer", request=request)
        response: httpx.Response = answer(request)
        return response


@pytest.mark.parametrize("numbers", ["opter", "economic"])
def test_a_booked_draft_that_is_listed_still_is_not_taken_for_unbooked(numbers: str) -> None:
    """Else its second booking is refused, and a dead letter sends a person to invoice by hand what is booked."""
    harness = Harness(EXPORT.model_copy(update={"booking": Booking(numbers=numbers)}))
    harness.around_http = Lagging(harness)
    harness.close_period(invoice(line(), customer=KNOWN))
    harness.until_rest()
    record = harness.record(ID)

    assert (record.state, record.outcome) == (State.EXPORTED, Outcome.BOOKED)
    assert [document.booked for document in harness.documents()] == [True]
