"""The check of a period whose reads fail now and then: each try goes on where the one before stood."""

import random
from collections import Counter
from collections.abc import Callable

import httpx
import pytest
from support.harness import PERIOD, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line
from support.voucher_harness import sample

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.record import State

Answer = Callable[[httpx.Request], httpx.Response]


def _invoices(count: int, *, first: int = 100_001) -> list[Invoice]:
    known = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
    return [invoice(line(), customer=known, invoice_number=first + 3 * n) for n in range(count)]


class _Reads:
    """What the check asks e-conomic for, and which of it fails."""

    def __init__(self, harness: Harness, fails: Callable[[str], bool]) -> None:
        self.answered: Counter[str] = Counter()
        self.asked = 0
        self._fails = fails
        harness.around_http = self

    def __call__(self, request: httpx.Request, answer: Answer) -> httpx.Response:
        self.asked += 1
        if self._fails(str(request.url)):
            return httpx.Response(503, json={"message": "Service unavailable"})
        self.answered[str(request.url)] += 1
        return answer(request)


def _check_until_done(harness: Harness, *, most: int = 200) -> int:
    """Return the tries that it took."""
    for tries in range(1, most + 1):
        if harness.check().result == "checked":
            return tries
        harness.clock.advance(1.0)
        while not harness.store.periods_due():
            harness.clock.advance(1.0)
    raise AssertionError(f"not checked after {most} tries")


@pytest.mark.parametrize("export", [None, VOUCHER_EXPORT], ids=["invoice", "voucher"])
@pytest.mark.parametrize("seed", range(3))
def test_what_was_read_is_not_read_again(export: ExportConfig | None, seed: int) -> None:
    """Every third read fails: each of the reads is answered as often as in a check without faults, and no more."""
    seen = []
    for share in (0.0, 1 / 3):
        harness = Harness(export) if export else Harness()
        chance = random.Random(seed)
        reads = _Reads(harness, lambda _, share=share, chance=chance: chance.random() < share)
        invoices = _invoices(12) if export is None else [sample(invoice_number=100_001 + n) for n in range(12)]
        harness.close_period(*map(harness.pdf_fixtures.printed, invoices))
        _check_until_done(harness)
        seen.append(reads.answered)
        assert {record.state for record in harness.records()} == {State.QUEUED}

    assert seen[0] == seen[1]


def test_what_is_older_than_its_freshness_is_read_again() -> None:
    """A lookup that found nothing a minute ago is no proof of absence now."""
    harness = Harness()
    failing = ["/invoices/booked"]
    reads = _Reads(harness, lambda url: any(path in url for path in failing))
    harness.close_period(*_invoices(2))
    assert harness.check().result == "deferred"
    drafts = [url for url in reads.answered if "/invoices/drafts" in url]
    harness.clock.advance(61.0)
    failing.clear()

    assert harness.check().result == "checked"
    assert [reads.answered[url] for url in drafts] == [2] * len(drafts)


def test_another_invoice_makes_it_another_check() -> None:
    """What was added, replaced or re-queued between two tries is asked for with all others."""
    harness = Harness()
    failing = ["/invoices/booked"]
    reads = _Reads(harness, lambda url: any(path in url for path in failing))
    harness.close_period(*_invoices(2))
    assert harness.check().result == "deferred"
    before = sum(count for url, count in reads.answered.items() if "/invoices/drafts" in url)
    harness.close_period(*_invoices(3), event="/opter/acme/1#e2")
    failing.clear()
    harness.clock.advance(2.0)

    assert harness.check().result == "checked"
    assert sum(count for url, count in reads.answered.items() if "/invoices/drafts" in url) > before
    assert {record.state for record in harness.records()} == {State.QUEUED}


def test_tries_come_soon_while_something_new_is_read_and_seldom_in_an_outage() -> None:
    """A second after a failure; ten where nothing is answered at all."""
    harness = Harness()
    _Reads(harness, lambda _: True)
    harness.close_period(*_invoices(2))
    waits = []
    for _ in range(6):
        assert harness.check().result == "deferred"
        began = harness.clock()
        while not harness.store.periods_due():
            harness.clock.advance(0.5)
        waits.append(harness.clock() - began)

    assert waits[:4] == sorted(waits[:4])
    assert (waits[0] <= 1.0, waits[-1] >= 10.0) == (True, True)
    assert PERIOD in {period for period, _ in harness.store.periods_due()}
