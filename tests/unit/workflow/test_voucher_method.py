"""The voucher method, driven through the in-process works: what reaches e-conomic, and what a person is told."""

from decimal import Decimal

import httpx
import pytest
from support.harness import PERIOD, VOUCHER_EXPORT, Works
from support.samples import customer, line
from support.voucher_harness import (
    ATTACH,
    ID,
    POST,
    Answer,
    calls,
    exported,
    move,
    one,
    reason,
    settings,
    silence_after,
    struck,
    vouchers,
    writes,
)

from worker.domain.reasons import failure
from worker.domain.record import Outcome, State
from worker.economic.mapping.reasons import VoucherReason
from worker.errors import Unavailable


def test_an_invoice_is_posted_compared_and_gets_its_pdf() -> None:
    """1000.00 + 25 %, and 99.99 without VAT: 1349.99 on the customer, in one open post (Opter: integration-001)."""
    works = exported(Works(VOUCHER_EXPORT), one(line("1000.00"), line("99.99", account="3012", rate="0.00")))

    [(key, voucher)] = vouchers(works).items()
    [customer_entry] = voucher["entries"]["manualCustomerInvoices"]
    assert (key, customer_entry["amount"], customer_entry["customerInvoice"]) == (
        (1, "2026", 10001),
        Decimal("1349.99"),
        100353,
    )
    assert works.sandbox.agreement.attachments == {key: [works.shelf.files["file:///prints/100353.pdf"]]}
    assert writes(works) == [POST, ATTACH]
    record = works.record(ID)
    assert (record.outcome, record.progress.voucher, record.progress.attached) == (Outcome.VOUCHER, "2026-10001", True)


def test_a_known_customer_in_a_warm_process_costs_exactly_two_calls() -> None:
    """One to post the voucher, one to attach its PDF; the PDF is asked for once."""
    works = exported(Works(VOUCHER_EXPORT), one())
    works.close_period(works.shelf.printed(one(invoice_number=100354)), event="/opter/acme/1#e2")
    works.check()
    before, asked = len(works.sandbox.world.journal.entries), len(works.shelf.asked)
    works.deliver()

    assert works.record("main-100354").state is State.EXPORTED
    assert calls(works, before) == [POST, "POST /journals/1/vouchers/2026-10002/attachment/file"]
    assert len(works.shelf.asked) - asked == 1


def test_a_new_customer_is_created_once_for_all_its_invoices() -> None:
    """Customers are shared with the invoice method's machinery."""
    new = customer(code="N-1", ledger_number=7001, corporate_id="88000001")
    works = exported(Works(VOUCHER_EXPORT), *(one(customer=new, invoice_number=n) for n in (100353, 100354)))
    assert writes(works).count("POST /customers") == 1
    assert len(vouchers(works)) == 2


@pytest.mark.parametrize("policy", ["refuse", "post"])
@pytest.mark.parametrize(
    ("trouble", "expected"), [("none", "pdf-missing"), ("gone", "pdf-missing"), ("other", "pdf-unusable")]
)
def test_a_pdf_that_cannot_be_had(policy: str, trouble: str, expected: str) -> None:
    """Refused before anything is written, the customer included; or posted without, and reported."""
    works = Works(settings(missing_pdf=policy))
    source = one(customer=customer(code="N-1", ledger_number=7001, corporate_id="88000001"))
    if trouble != "none":
        source = works.shelf.printed(source)
        works.shelf.files = {} if trouble == "gone" else {"file:///prints/100353.pdf": b"%PDF-1.4 another"}
    exported(works, source, printed=False)

    record = works.record(ID)
    if policy == "refuse":
        assert (record.state, reason(works), writes(works)) == (State.DEAD, expected, [])
    else:
        assert (record.state, record.progress.attached) == (State.EXPORTED, False)
        assert record.progress.remarks == (f"pdf: not attached ({expected})",)
        assert writes(works) == ["POST /customers", POST]


def test_a_pdf_whose_host_is_down_is_waited_for_before_anything_is_posted() -> None:
    """No answer is not absence: nothing is written meanwhile, whatever the policy."""
    works = Works(settings(missing_pdf="post"))
    source = works.shelf.printed(one())
    works.shelf.trouble = Unavailable(failure(VoucherReason.PDF_MISSING, "The PDF cannot be had for now."))
    works.close_period(source)
    works.check()
    works.deliver()
    assert (works.record(ID).state, writes(works)) == (State.WAITING, [])

    works.shelf.trouble = None
    works.until_rest()
    assert (works.record(ID).progress.attached, writes(works)) == (True, [POST, ATTACH])


def test_an_upload_that_was_cut_off_is_not_repeated() -> None:
    """It had arrived: the next execution looks, finds the pages, and settles it."""
    works = Works(VOUCHER_EXPORT)
    struck(works, "/attachment/file", silence_after)
    exported(works, one())
    assert writes(works) == [POST, ATTACH]
    assert [len(files) for files in works.sandbox.agreement.attachments.values()] == [1]
    assert works.record(ID).progress.attached


def test_an_upload_that_never_arrived_is_made_again_under_a_new_key() -> None:
    """Nothing is attached, so the same file goes once more."""

    def lost(request: httpx.Request, _: Answer) -> httpx.Response:
        raise httpx.ReadTimeout("silence", request=request)

    works = Works(VOUCHER_EXPORT)
    struck(works, "/attachment/file", lost)
    exported(works, one())
    assert [len(files) for files in works.sandbox.agreement.attachments.values()] == [1]
    assert writes(works) == [POST, ATTACH]


def test_already_attached_is_settled() -> None:
    """Somebody, or a late request of ours, was faster."""

    def faster(request: httpx.Request, answer: Answer) -> httpx.Response:
        works.sandbox.agreement.attachments[1, "2026", 10001] = [b"%PDF-1.4 theirs"]
        return answer(request)

    works = Works(VOUCHER_EXPORT)
    struck(works, "/attachment/file", faster)
    exported(works, one())
    assert works.record(ID).progress.attached
    assert works.sandbox.agreement.attachments == {(1, "2026", 10001): [b"%PDF-1.4 theirs"]}


def test_a_voucher_that_was_moved_before_its_pdf_came_is_found_by_its_marker() -> None:
    """It has another number in another journal by then; the PDF follows it there."""

    def moved(request: httpx.Request, answer: Answer) -> httpx.Response:
        move(works, (7, "2026", 70005))
        return answer(request)

    works = Works(VOUCHER_EXPORT)
    struck(works, "/attachment/file", moved)
    exported(works, one())
    progress = works.record(ID).progress
    assert (progress.journal, progress.voucher, progress.attached) == (7, "2026-70005", True)
    assert list(works.sandbox.agreement.attachments) == [(7, "2026", 70005)]
    assert len(vouchers(works)) == 1


def test_a_voucher_that_reads_cannot_see_yet_gets_its_pdf_a_little_later() -> None:
    """Integrators report 404 for the first seconds; a second voucher must not come of it."""
    works = Works(VOUCHER_EXPORT)
    works.sandbox.agreement.switches.voucher_lag = 5.0
    exported(works, one())
    assert works.record(ID).progress.attached
    assert writes(works).count(POST) == 1


def test_an_ignored_invoice_number_stops_the_export_at_once() -> None:
    """The server reads the other name: every following open post would lack its number too."""
    works = Works(VOUCHER_EXPORT)
    works.sandbox.agreement.switches.customer_invoice_name = "customerInvoiceNumber"
    works.close_period(*(works.shelf.printed(one(invoice_number=n)) for n in (100353, 100354, 100355)))
    works.check()
    works.deliver()
    assert reason(works) == "invoice-number-ignored"
    assert [record.state for record in works.records()] == [State.DEAD, State.QUEUED, State.QUEUED]
    assert works.ledger.paused()["main"].field == "voucher.invoice_number_property"


def test_with_both_names_one_of_them_is_read() -> None:
    """The way out when neither name alone is echoed: e-conomic ignores what it does not know."""
    works = Works(settings(invoice_number_property="both"))
    works.sandbox.agreement.switches.customer_invoice_name = "customerInvoiceNumber"
    exported(works, one())
    assert works.record(ID).state is State.EXPORTED


def test_a_period_that_e_conomic_alone_knows_to_be_barred_is_waited_for() -> None:
    """Legacy REST does not show it; the refusal does. It waits without using up attempts, and is posted then."""
    works = Works(VOUCHER_EXPORT.model_copy(update={"closed_period": "hold"}))
    november = works.sandbox.agreement.years["2026"]["periods"][10]
    november["barred"] = True
    works.close_period(works.shelf.printed(one()))
    works.check()
    works.deliver()
    record = works.record(ID)
    assert (record.state, record.attempts, reason(works)) == (State.WAITING, 0, "accounting-period-barred")
    assert 3600 <= record.due_at - works.clock() < 3700

    november["barred"] = False
    works.until_rest(most=2000)
    assert (works.record(ID).state, len(vouchers(works))) == (State.EXPORTED, 1)


def test_a_closed_year_is_waited_for_without_a_call_for_each_invoice() -> None:
    """A whole period may wait for one closed month: its invoices share one reading of the books."""
    works = Works(VOUCHER_EXPORT.model_copy(update={"closed_period": "hold"}))
    works.sandbox.agreement.years["2026"]["closed"] = True
    works.close_period(*(works.shelf.printed(one(invoice_number=n)) for n in range(100353, 100373)))
    works.check()
    before = len(works.sandbox.world.journal.entries)
    works.deliver()
    assert {record.state for record in works.records()} == {State.WAITING}
    assert len(works.sandbox.world.journal.entries) == before

    del works.sandbox.agreement.years["2026"]["closed"]
    works.until_rest(most=2000)
    assert len(vouchers(works)) == 20


def test_what_the_other_method_has_posted_is_not_posted_again() -> None:
    """The exports file was changed in between: the booked invoice is found, and named."""
    works = Works()
    works.close_period(one())
    works.until_rest()
    works.export = VOUCHER_EXPORT
    works.wipe()
    exported(works, one())
    assert reason(works) == "posted-otherwise"
    assert vouchers(works) == {}


def test_nothing_of_a_period_with_unpaired_codes_is_posted() -> None:
    """The period's one message names them; the others go on."""
    works = exported(Works(VOUCHER_EXPORT), one(), one(line(vat_code="M91"), invoice_number=100354))
    period = works.ledger.period(PERIOD)
    assert period is not None
    assert "M91" in period.notice
    assert (works.record(ID).state, reason(works, "main-100354")) == (State.EXPORTED, "vat-code-unpaired")
