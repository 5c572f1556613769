"""Vouchers posted many at a time, through the in-process harness: what reaches e-conomic, and what a person reads."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from support.bulk_harness import (
    EXPORT,
    FIRST,
    bar,
    bulks,
    installed,
    invoices,
    owed,
    reference_of,
    to_be_refused,
    wanted,
)
from support.harness import Harness
from support.samples import line
from support.voucher_harness import POST, Answer, reason, sample, settings, vouchers, writes

from worker.domain.invoice import Invoice
from worker.domain.record import State
from worker.sandbox.resources.voucher_schema import entries_of

BULK = "POST /journalsapi/v15.0.0/draft-entries/bulk"


def posted(harness: Harness, *every: Invoice) -> Harness:
    harness.close_period(*every)
    harness.until_rest(most=1000)
    return harness


def states(harness: Harness) -> Counter[State]:
    return Counter(record.state for record in harness.records())


def test_a_period_is_posted_by_few_calls() -> None:
    """Two invoices by the first call of a process, as a trial; the other 58 by the second one: 2 of 60 = 0.033."""
    every = invoices(60)
    harness = posted(installed(), *every)

    assert writes(harness) == [BULK, BULK]
    assert wanted(*every) == owed(harness)
    assert states(harness) == {State.EXPORTED: 60}
    record = harness.record("main-100354")
    assert (record.progress.voucher, record.progress.journal, record.progress.adopted) == ("2026-100354", 1, False)


def test_without_the_setting_each_is_posted_by_itself() -> None:
    """It is off by default."""
    harness = posted(installed(settings(missing_pdf="post")), *invoices(4))

    assert writes(harness) == [POST] * 4


def test_one_with_a_pdf_goes_by_itself() -> None:
    """Its PDF is attached to it; the others share a call."""
    harness = installed()
    *others, last = invoices(5)
    posted(harness, *others, harness.pdf_fixtures.printed(last))

    sent = Counter(call.rpartition("/")[2] for call in writes(harness))
    assert sent == {"vouchers": 1, "file": 1, "bulk": 2}
    assert states(harness) == {State.EXPORTED: 5}


@pytest.mark.parametrize("poisoned", [2, 7, 39])
def test_a_poisoned_one_is_found_and_the_others_are_posted(poisoned: int) -> None:
    """Its account was barred after the check: it becomes a dead letter with its own reason, alone."""
    harness = installed()
    every = invoices(40)
    every[poisoned] = to_be_refused(every[poisoned])
    harness.close_period(*every)
    harness.check()
    bar(harness)
    harness.until_rest()

    there = [each for n, each in enumerate(every) if n != poisoned]
    assert wanted(*there) == owed(harness)
    assert states(harness) == {State.EXPORTED: 39, State.DEAD: 1}
    assert reason(harness, f"main-{FIRST + poisoned}") == "ledger-account-unusable"
    # A trial of two; then 38 > 19 > 10 > 5 > 3 > 2 > 1, and those that stand alone by themselves.
    sent = Counter(writes(harness))
    assert 4 <= sent[BULK] <= 14
    assert 1 <= sent[POST] <= 3


def test_a_number_that_another_voucher_has_is_no_obstacle() -> None:
    """The bulk is refused; that invoice is then posted by itself, numbered by e-conomic."""
    every = invoices(10)
    harness = installed()
    enter_by_hand(harness, FIRST + 4)
    posted(harness, *every)

    assert wanted(*every).items() <= owed(harness).items()
    assert harness.record(f"main-{FIRST + 4}").progress.voucher == "2026-10001"
    assert states(harness) == {State.EXPORTED: 10}


def test_a_series_that_does_not_hold_the_numbers() -> None:
    """Then e-conomic numbers what has a single entry; what has several goes by itself, so that it stays one voucher."""
    every = invoices(12)
    harness = posted(Harness(EXPORT), *every)

    together = [entry for call in bulks(harness) for entry in call]
    several = {f"main-{each.invoice_number}" for each in every if len(each.lines) > 1}
    assert together
    assert not any("voucherNumber" in entry or reference_of(entry) in several for entry in together)
    assert wanted(*every) == owed(harness)
    assert states(harness) == {State.EXPORTED: 12}


def test_everything_refused_ends_one_by_one() -> None:
    """A closed period after the check is the fault of all: the calls for many are given up after some."""
    harness = installed()
    harness.close_period(*invoices(120))
    harness.check()
    for period in harness.sandbox.agreement.years["2026"]["periods"]:
        period["barred"] = True
    harness.until_rest()

    assert states(harness) == {State.DEAD: 120}
    assert owed(harness) == {}
    assert Counter(writes(harness))[BULK] <= 30


def test_an_answer_that_is_lost_is_no_second_posting() -> None:
    """They stand there: each is found by its mark."""
    harness = installed()
    every = invoices(12)
    _at_call(harness, 2, _timeout_after)
    posted(harness, *every)

    assert wanted(*every) == owed(harness)
    assert writes(harness) == [BULK, BULK]
    assert states(harness) == {State.EXPORTED: 12}


def test_a_call_that_may_be_on_its_way_is_waited_for() -> None:
    """A call for many cannot be repeated under its key: nothing is posted anew before it has aged, 55 minutes."""
    harness = installed()
    every = invoices(12)
    _at_call(harness, 2, _timeout_before)
    harness.close_period(*every)
    harness.check()
    harness.deliver()
    began = harness.clock()
    while harness.clock() < began + 3200:
        harness.clock.advance(60)
        harness.sweep()
        harness.deliver()
    assert states(harness) == {State.EXPORTED: 2, State.WAITING: 10}

    harness.until_rest()
    assert wanted(*every) == owed(harness)
    assert states(harness) == {State.EXPORTED: 12}


def test_a_call_that_arrives_50_minutes_late_doubles_nothing() -> None:
    """Its client gave it up long ago; what it posts is found."""
    harness = installed()
    every = invoices(12)
    late: list[Callable[[], object]] = []

    def lose(request: httpx.Request, answer: Answer) -> httpx.Response:
        late.append(partial(answer, request))
        raise httpx.ReadTimeout("no answer", request=request)

    _at_call(harness, 2, lose)
    harness.close_period(*every)
    harness.check()
    for minute in range(80):
        if minute == 50:
            late.pop()()
        harness.deliver()
        harness.clock.advance(60)
        harness.sweep()

    assert wanted(*every) == owed(harness)
    assert states(harness) == {State.EXPORTED: 12}


@pytest.mark.parametrize("minutes", [2, 20, 50])
def test_a_worker_that_stands_still_before_its_call(minutes: int) -> None:
    """Its leases run out, another takes over and finds nothing; then the first one wakes up, and its call goes out."""
    harness = installed()
    every = invoices(12)

    def freeze(request: httpx.Request, answer: Answer) -> httpx.Response:
        harness.hire()
        for _ in range(minutes):
            harness.clock.advance(60)
            harness.sweep()
            harness.deliver()
        return answer(request)

    _at_call(harness, 2, freeze)
    posted(harness, *every)

    assert wanted(*every) == owed(harness)
    assert states(harness) == {State.EXPORTED: 12}
    assert harness.reported == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_that_is_put_off(status: int) -> None:
    """A 429 did nothing, so they go on at once when their time has come; a 503 may have, so they are looked up."""
    harness = installed()
    every = invoices(12)
    _at_call(harness, 2, lambda request, _: httpx.Response(status, json={}, request=request))
    posted(harness, *every)

    assert wanted(*every) == owed(harness)
    assert states(harness) == {State.EXPORTED: 12}


def test_what_is_read_late_is_found_later() -> None:
    """Reads lag some seconds behind a posting: nothing is posted twice, and later calls are large."""
    harness = installed()
    harness.sandbox.agreement.switches.voucher_lag = 4.0
    every = invoices(8)
    posted(harness, *every)

    assert wanted(*every) == owed(harness)
    assert states(harness) == {State.EXPORTED: 8}


def test_a_first_call_that_comes_out_otherwise_stops_the_export() -> None:
    """What e-conomic makes of these entries is not measured: two vouchers show it, not two hundred."""
    harness = installed()
    harness.around_http = partial(_other_amounts, harness)
    harness.close_period(*invoices(30))
    harness.check()
    harness.deliver()

    assert list(harness.store.paused()) == ["main"]
    assert len(vouchers(harness)) <= 2
    assert reason(harness) == "voucher-differs"


def test_a_body_of_another_shape() -> None:
    """An object that holds the entries, where the exports file says so; with the wrong one each is posted alone."""
    named, wrong = installed(settings(bulk=250, missing_pdf="post", bulk_body="items")), installed()
    for harness in (named, wrong):
        harness.sandbox.agreement.switches.bulk_body = "items"
        posted(harness, *invoices(6))
        assert wanted(*invoices(6)) == owed(harness)
    assert writes(named) == [BULK, BULK]
    assert POST in writes(wrong)


def test_no_call_holds_more_than_500_entries() -> None:
    """e-conomic's limit: 240 invoices of three entries each are 720."""
    every = [
        sample(line("100.00"), line("20.00", account="3012", rate="0.00"), invoice_number=FIRST + n) for n in range(242)
    ]
    harness = posted(installed(settings(bulk=500, missing_pdf="post")), *every)

    assert [len(call) for call in bulks(harness)] == [6, 498, 222]
    assert wanted(*every) == owed(harness)


def enter_by_hand(harness: Harness, number: int) -> None:
    """A bookkeeper enters a voucher of this number."""
    entry = {"amount": 10, "date": "2026-11-20", "customer": {"customerNumber": 1001}, "text": "By hand"}
    body = {
        "accountingYear": {"year": "2026"},
        "voucherNumber": number,
        "entries": {"manualCustomerInvoices": [entry | {"contraAccount": {"accountNumber": 3010}}]},
    }
    tokens = {"X-AppSecretToken": "sandbox-app", "X-AgreementGrantToken": "sandbox-grant", "Idempotency-Key": "by-hand"}
    request = httpx.Request("POST", "http://sandbox.test/journals/1/vouchers", json=body, headers=tokens)
    assert harness.sandbox.answer(request).status_code == HTTPStatus.CREATED


def _at_call(harness: Harness, number: int, strike: Any) -> None:
    """Strike at the so-manieth bulk."""
    seen: list[str] = []

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        if not request.url.path.endswith("/bulk"):
            return answer(request)
        seen.append(request.url.path)
        answered: httpx.Response = strike(request, answer) if len(seen) == number else answer(request)
        return answered

    harness.around_http = around


def _timeout_after(request: httpx.Request, answer: Answer) -> httpx.Response:
    answer(request)
    raise httpx.ReadTimeout("no answer", request=request)


def _timeout_before(request: httpx.Request, _: Answer) -> httpx.Response:
    raise httpx.ReadTimeout("no answer", request=request)


def _other_amounts(harness: Harness, request: httpx.Request, answer: Answer) -> httpx.Response:
    answered = answer(request)
    if request.url.path.endswith("/bulk"):
        for voucher in harness.sandbox.agreement.vouchers.values():
            for _, entry in entries_of(voucher):
                entry["amount"] *= 2
    return answered
