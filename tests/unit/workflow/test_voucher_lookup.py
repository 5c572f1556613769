"""The voucher method after an uncertain outcome: what is looked up before anything is repeated, adopted or booked."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from support.harness import VOUCHER_EXPORT, Harness, Killed
from support.samples import line
from support.voucher_harness import (
    ATTACH,
    ID,
    POST,
    Answer,
    book_all,
    calls,
    exported,
    failing_once,
    reason,
    sample,
    settings,
    timeout_after,
    vouchers,
    writes,
)

from worker.domain.record import State


@pytest.mark.parametrize("gap", [0.0, 1800.0, 4000.0])
def test_a_posting_without_an_answer_is_settled_before_it_is_repeated(gap: float) -> None:
    """Within the hour the key prevents a second, past it a lookup does; one voucher, one file."""
    harness = Harness(VOUCHER_EXPORT)
    failing_once(harness, "/vouchers", timeout_after)
    harness.close_period(harness.pdf_fixtures.printed(sample()))
    harness.check()
    harness.deliver()
    harness.clock.advance(gap)
    harness.until_rest()
    assert len(vouchers(harness)) == 1
    assert harness.record(ID).progress.attached


def test_a_bookkeepers_words_around_the_marker_do_not_hide_it() -> None:
    """Texts are edited by people; the marker stands."""
    harness = Harness(VOUCHER_EXPORT)

    def edited(request: httpx.Request, answer: Answer) -> httpx.Response:
        answer(request)
        for voucher in harness.sandbox.agreement.vouchers.values():
            for rows in voucher["entries"].values():
                for entry in rows:
                    entry["text"] = f"OBS! {entry['text']} jf. bilag 7"
        raise Killed

    failing_once(harness, "/vouchers", edited)
    harness.close_period(harness.pdf_fixtures.printed(sample()))
    harness.check()
    with pytest.raises(Killed):
        harness.deliver()
    harness.hire()
    harness.clock.advance(4000.0)
    harness.until_rest()
    assert len(vouchers(harness)) == 1
    assert harness.record(ID).state is State.EXPORTED


def test_a_wiped_ledger_adopts_every_voucher_and_attaches_what_is_missing() -> None:
    """Redis is emptied, the event comes again: nothing twice; what lacked its PDF gets it. One scan serves them all."""
    harness = Harness(VOUCHER_EXPORT)
    sources = [harness.pdf_fixtures.printed(sample(invoice_number=n)) for n in range(100353, 100363)]
    harness.close_period(*sources)
    harness.until_rest()
    del harness.sandbox.agreement.attachments[1, "2026", 10003]
    harness.wipe()
    before = len(harness.sandbox.server_state.request_log.entries)
    harness.close_period(*sources)
    harness.until_rest()

    again = calls(harness, before)
    assert len(vouchers(harness)) == 10
    assert [call for call in again if call.startswith("POST")] == [
        "POST /journals/1/vouchers/2026-10003/attachment/file"
    ]
    # The preflight's, and one for all ten; each reads all journals but the export's own twice.
    assert [again.count(f"GET /journals/{journal}/vouchers") for journal in (1, 7)] == [2, 4]
    assert {record.progress.adopted for record in harness.records()} == {True}
    assert len(harness.sandbox.agreement.attachments) == 10


def test_a_voucher_that_differs_is_not_adopted() -> None:
    """Somebody changed the amount in the journal: 1250.00 against 1250.01."""
    harness = exported(Harness(VOUCHER_EXPORT), sample())
    [voucher] = vouchers(harness).values()
    voucher["entries"]["manualCustomerInvoices"][0]["amount"] = Decimal("1250.01")
    harness.wipe()
    exported(harness, sample())
    assert reason(harness) == "voucher-differs"
    assert len(vouchers(harness)) == 1


def _in_euro(voucher: Any) -> None:
    for entry in voucher["entries"]["manualCustomerInvoices"]:
        entry["currency"] = {"code": "EUR"}


def _anothers(voucher: Any) -> None:
    for entry in voucher["entries"]["manualCustomerInvoices"]:
        entry["customer"] = {"customerNumber": 1002}


def _without_vat(voucher: Any) -> None:
    for entry in voucher["entries"]["manualCustomerInvoices"]:
        entry["contraVatAccount"] = {"vatCode": "U0"}


@pytest.mark.parametrize("wiped", [True, False])
@pytest.mark.parametrize(("changed", "field"), [(_in_euro, "currency"), (_anothers, "customer"), (_without_vat, "vat")])
def test_a_voucher_of_the_same_amount_is_not_adopted_for_it_alone(
    changed: Callable[[Any], None], field: str, *, wiped: bool
) -> None:
    """1250 EUR for 1250 DKK, another customer's, or without the VAT: a question, and no second posting."""
    harness = exported(Harness(VOUCHER_EXPORT), sample())
    [voucher] = vouchers(harness).values()
    changed(voucher)
    if wiped:
        harness.wipe()
        exported(harness, sample())
    else:
        harness.store.reexport([ID], by="test")
        harness.until_rest()

    failure = harness.record(ID).failure
    assert failure is not None
    assert (failure.reason, failure.field) == ("voucher-differs", field)
    assert len(vouchers(harness)) == 1


def test_a_voucher_that_a_bookkeeper_dated_otherwise_is_adopted_with_a_remark() -> None:
    """A date is theirs to choose; whose and how much is not."""
    harness = exported(Harness(VOUCHER_EXPORT), sample())
    [voucher] = vouchers(harness).values()
    for entry in voucher["entries"]["manualCustomerInvoices"]:
        entry["date"] = "2026-11-21"
    harness.wipe()
    exported(harness, sample())

    record = harness.record(ID)
    assert (record.state, record.progress.adopted) == (State.EXPORTED, True)
    assert "invoiceDate: 2026-11-21 in e-conomic" in record.progress.remarks


def test_two_vouchers_with_one_marker_are_a_persons_question() -> None:
    """The program never picks one of several."""
    harness = exported(Harness(VOUCHER_EXPORT), sample())
    [(key, voucher)] = vouchers(harness).items()
    address = voucher["self"].replace("10001", "10099")
    harness.sandbox.agreement.vouchers[1, "2026", 10099] = voucher | {"voucherNumber": 10099, "self": address}
    harness.sandbox.agreement.born[address] = harness.sandbox.agreement.born[voucher["self"]]
    harness.wipe()
    exported(harness, sample())
    assert (reason(harness), key) == ("duplicate-documents", (1, "2026", 10001))


def test_a_voucher_that_a_bookkeeper_booked_meanwhile_is_taken_as_exported() -> None:
    """Its journal is gone; the marker stands on its booked entries. Its PDF, if it lacked one, is remarked."""
    harness = exported(Harness(VOUCHER_EXPORT), sample())
    book_all(harness)
    harness.wipe()
    exported(harness, sample())
    record = harness.record(ID)
    assert (record.state, record.progress.journal, record.progress.adopted) == (State.EXPORTED, None, True)
    assert record.progress.remarks == ("pdf: not attached by this program, as the voucher was booked before",)
    assert writes(harness).count(POST) == 1


def test_the_journals_entries_are_booked_when_the_export_says_so() -> None:
    """Off by default, as a bookkeeper usually reviews; on, exactly the voucher's own entries."""
    harness = exported(Harness(settings(book=True)), sample(line("100.00"), line("5.00", account="3012", rate="0.00")))
    assert writes(harness) == [POST, ATTACH, "POST /journalsapi/v15.0.0/journals/1/bookdraftentries"]
    assert vouchers(harness) == {}
    assert {row["voucherNumber"] for row in harness.sandbox.agreement.booked_entries} == {10001}
    assert harness.record(ID).progress.journal is None


def test_a_booking_without_an_answer_is_looked_into() -> None:
    """It was booked: found by its marker among the booked entries, and not booked again."""
    harness = Harness(settings(book=True))
    failing_once(harness, "/bookdraftentries", timeout_after)
    exported(harness, sample())
    assert [call for call in writes(harness) if call.endswith("bookdraftentries")] == [
        "POST /journalsapi/v15.0.0/journals/1/bookdraftentries"
    ]
    assert harness.record(ID).state is State.EXPORTED


def test_a_booking_that_is_refused_leaves_the_voucher_in_its_journal() -> None:
    """A dead letter says why; re-queued, it goes on from there."""

    def barred(request: httpx.Request, answer: Answer) -> httpx.Response:
        harness.sandbox.agreement.years["2026"]["periods"][10]["barred"] = True
        return answer(request)

    harness = Harness(settings(book=True))
    failing_once(harness, "/bookdraftentries", barred)
    exported(harness, sample())
    assert (reason(harness), len(vouchers(harness))) == ("accounting-period-barred", 1)

    harness.sandbox.agreement.years["2026"]["periods"][10]["barred"] = False
    harness.store.requeue([ID], by="kirsten")
    harness.until_rest()
    assert (harness.record(ID).state, vouchers(harness), writes(harness).count(POST)) == (State.EXPORTED, {}, 1)
