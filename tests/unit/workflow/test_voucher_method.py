"""The voucher method, driven through the in-process harness: what reaches e-conomic, and what a person reads."""

import json
from decimal import Decimal
from typing import Any, Literal

import httpx
import pytest
from support.harness import PERIOD, VOUCHER_EXPORT, Harness
from support.recorded_refusals import VOUCHER_IN_A_BARRED_PERIOD, under
from support.recorded_refusals import voucher as refused_voucher
from support.samples import customer, line
from support.voucher_harness import (
    ATTACH,
    ID,
    POST,
    Answer,
    calls,
    exported,
    failing_once,
    move,
    reason,
    sample,
    settings,
    timeout_after,
    vouchers,
    writes,
)

from worker.domain.reasons import failure
from worker.domain.record import Outcome, State
from worker.economic.mapping.reasons import VoucherReason
from worker.errors import Unavailable


def test_an_invoice_is_posted_compared_and_gets_its_pdf() -> None:
    """1000.00 + 25 %, and 99.99 without VAT: 1349.99 on the customer, in one open post (Opter: integration-001)."""
    harness = exported(Harness(VOUCHER_EXPORT), sample(line("1000.00"), line("99.99", account="3012", rate="0.00")))

    [(key, voucher)] = vouchers(harness).items()
    [customer_entry] = voucher["entries"]["manualCustomerInvoices"]
    assert (key, customer_entry["amount"], customer_entry["customerInvoice"]) == (
        (1, "2026", 10001),
        Decimal("1349.99"),
        100353,
    )
    assert harness.sandbox.agreement.attachments == {key: [harness.pdf_fixtures.files["file:///prints/100353.pdf"]]}
    assert writes(harness) == [POST, ATTACH]
    record = harness.record(ID)
    assert (record.outcome, record.progress.voucher, record.progress.attached) == (Outcome.VOUCHER, "2026-10001", True)


def test_a_known_customer_in_a_warm_process_costs_exactly_two_calls() -> None:
    """One to post the voucher, one to attach its PDF; the PDF is asked for once."""
    harness = exported(Harness(VOUCHER_EXPORT), sample())
    harness.close_period(harness.pdf_fixtures.printed(sample(invoice_number=100354)), event="/opter/acme/1#e2")
    harness.check()
    before, asked = len(harness.sandbox.server_state.request_log.entries), len(harness.pdf_fixtures.asked)
    harness.deliver()

    assert harness.record("main-100354").state is State.EXPORTED
    assert calls(harness, before) == [POST, "POST /journals/1/vouchers/2026-10002/attachment/file"]
    assert len(harness.pdf_fixtures.asked) - asked == 1


def test_a_new_customer_is_created_once_for_all_its_invoices() -> None:
    """Customers are shared with the invoice method's machinery."""
    new = customer(code="N-1", ledger_number=7001, corporate_id="88000005")
    harness = exported(Harness(VOUCHER_EXPORT), *(sample(customer=new, invoice_number=n) for n in (100353, 100354)))
    assert writes(harness).count("POST /customers") == 1
    assert len(vouchers(harness)) == 2


@pytest.mark.parametrize("policy", ["refuse", "post"])
@pytest.mark.parametrize(
    ("fault", "expected"), [("none", "pdf-missing"), ("gone", "pdf-missing"), ("other", "pdf-unusable")]
)
def test_a_pdf_that_cannot_be_fetched(policy: str, fault: str, expected: str) -> None:
    """Refused before anything is written, the customer included; or posted without, and reported."""
    harness = Harness(settings(missing_pdf=policy))
    source = sample(customer=customer(code="N-1", ledger_number=7001, corporate_id="88000005"))
    if fault != "none":
        source = harness.pdf_fixtures.printed(source)
        harness.pdf_fixtures.files = {} if fault == "gone" else {"file:///prints/100353.pdf": b"%PDF-1.4 another"}
    exported(harness, source, printed=False)

    record = harness.record(ID)
    if policy == "refuse":
        assert (record.state, reason(harness), writes(harness)) == (State.DEAD, expected, [])
    else:
        assert (record.state, record.progress.attached) == (State.EXPORTED, False)
        assert record.progress.remarks == (f"pdf: not attached ({expected})",)
        assert writes(harness) == ["POST /customers", POST]


def test_a_pdf_whose_host_is_down_is_waited_for_before_anything_is_posted() -> None:
    """No answer is not absence: nothing is written meanwhile, whatever the policy."""
    harness = Harness(settings(missing_pdf="post"))
    source = harness.pdf_fixtures.printed(sample())
    harness.pdf_fixtures.error = Unavailable(failure(VoucherReason.PDF_MISSING, "The PDF cannot be fetched for now."))
    harness.close_period(source)
    harness.check()
    harness.deliver()
    assert (harness.record(ID).state, writes(harness)) == (State.WAITING, [])

    harness.pdf_fixtures.error = None
    harness.until_rest()
    assert (harness.record(ID).progress.attached, writes(harness)) == (True, [POST, ATTACH])


@pytest.mark.parametrize("number", [1.5, None, 0])
def test_entries_without_numbers_are_looked_up_where_they_are_to_be_booked(number: object) -> None:
    """The answer alone lacks them: the voucher is read back, booked, and nothing is remarked."""

    def numberless(request: httpx.Request, answer: Answer) -> httpx.Response:
        found = answer(request)
        body = json.loads(found.content)
        for voucher in body if isinstance(body, list) else [body]:
            for entry in (entry for entries in voucher["entries"].values() for entry in entries):
                entry |= {"journalEntryNumber": number, "self": ""}
        return httpx.Response(found.status_code, json=body, request=request)

    harness = Harness(settings(book=True))
    failing_once(harness, "/vouchers", numberless)
    exported(harness, sample())

    record = harness.record(ID)
    assert (record.state, record.progress.remarks, record.progress.journal) == (State.EXPORTED, (), None)
    assert (len(vouchers(harness)), writes(harness).count(POST)) == (0, 1), "booked, and posted once"


def test_an_upload_that_was_cut_off_is_not_repeated() -> None:
    """It had arrived: the next execution looks it up, finds the pages, and is done."""
    harness = Harness(VOUCHER_EXPORT)
    failing_once(harness, "/attachment/file", timeout_after)
    exported(harness, sample())
    assert writes(harness) == [POST, ATTACH]
    assert [len(files) for files in harness.sandbox.agreement.attachments.values()] == [1]
    assert harness.record(ID).progress.attached


def test_an_upload_that_never_arrived_is_made_again_under_a_new_key() -> None:
    """Nothing is attached, so the same file goes once more."""

    def lost(request: httpx.Request, _: Answer) -> httpx.Response:
        raise httpx.ReadTimeout("no answer", request=request)

    harness = Harness(VOUCHER_EXPORT)
    failing_once(harness, "/attachment/file", lost)
    exported(harness, sample())
    assert [len(files) for files in harness.sandbox.agreement.attachments.values()] == [1]
    assert writes(harness) == [POST, ATTACH]


def test_already_attached_is_settled() -> None:
    """Somebody, or a late request of ours, was faster."""

    def faster(request: httpx.Request, answer: Answer) -> httpx.Response:
        harness.sandbox.agreement.attachments[1, "2026", 10001] = [b"%PDF-1.4 theirs"]
        return answer(request)

    harness = Harness(VOUCHER_EXPORT)
    failing_once(harness, "/attachment/file", faster)
    exported(harness, sample())
    assert harness.record(ID).progress.attached
    assert harness.sandbox.agreement.attachments == {(1, "2026", 10001): [b"%PDF-1.4 theirs"]}


def test_a_voucher_that_was_moved_before_its_pdf_came_is_found_by_its_marker() -> None:
    """It has another number in another journal by then; the PDF follows it there."""

    def moved(request: httpx.Request, answer: Answer) -> httpx.Response:
        move(harness, (7, "2026", 70005))
        return answer(request)

    harness = Harness(VOUCHER_EXPORT)
    failing_once(harness, "/attachment/file", moved)
    exported(harness, sample())
    progress = harness.record(ID).progress
    assert (progress.journal, progress.voucher, progress.attached) == (7, "2026-70005", True)
    assert list(harness.sandbox.agreement.attachments) == [(7, "2026", 70005)]
    assert len(vouchers(harness)) == 1


def test_a_voucher_that_reads_cannot_see_yet_gets_its_pdf_a_little_later() -> None:
    """Integrators report 404 for the first seconds; a second voucher must not come of it."""
    harness = Harness(VOUCHER_EXPORT)
    harness.sandbox.agreement.switches.voucher_lag = 5.0
    exported(harness, sample())
    assert harness.record(ID).progress.attached
    assert writes(harness).count(POST) == 1


def test_an_ignored_invoice_number_stops_the_export_at_once() -> None:
    """The server reads the other name: every following open post would lack its number too."""
    harness = Harness(VOUCHER_EXPORT)
    harness.sandbox.agreement.switches.customer_invoice_name = "customerInvoiceNumber"
    harness.close_period(*(harness.pdf_fixtures.printed(sample(invoice_number=n)) for n in (100353, 100354, 100355)))
    harness.check()
    harness.deliver()
    assert reason(harness) == "invoice-number-ignored"
    assert [record.state for record in harness.records()] == [State.DEAD, State.QUEUED, State.QUEUED]
    assert harness.store.paused()["main"].field == "voucher.invoice_number_property"


def test_with_both_names_one_of_them_is_read() -> None:
    """The way out when neither name alone is echoed: e-conomic ignores what it does not know."""
    harness = Harness(settings(invoice_number_property="both"))
    harness.sandbox.agreement.switches.customer_invoice_name = "customerInvoiceNumber"
    exported(harness, sample())
    assert harness.record(ID).state is State.EXPORTED


@pytest.mark.parametrize("words", ["production", "service"])
def test_a_period_that_e_conomic_alone_knows_to_be_barred_is_waited_for(
    words: Literal["production", "service"],
) -> None:
    """Legacy REST does not show it; the refusal does. It waits without using up attempts, and is posted then."""
    harness = Harness(VOUCHER_EXPORT.model_copy(update={"closed_period": "hold"}))
    harness.sandbox.agreement.switches.voucher_refusals = words
    november = harness.sandbox.agreement.years["2026"]["periods"][10]
    november["barred"] = True
    harness.close_period(harness.pdf_fixtures.printed(sample()))
    harness.check()
    harness.deliver()
    record = harness.record(ID)
    assert (record.state, record.attempts, reason(harness)) == (State.WAITING, 0, "accounting-period-barred")
    assert 3600 <= record.due_at - harness.clock() < 3700

    november["barred"] = False
    harness.until_rest(most=2000)
    assert (harness.record(ID).state, len(vouchers(harness))) == (State.EXPORTED, 1)


@pytest.mark.parametrize(
    ("body", "state", "why"),
    [
        (VOUCHER_IN_A_BARRED_PERIOD, State.WAITING, "accounting-period-barred"),
        (
            refused_voucher(under("Date", "E04041"), under("Date", "E04041"), index=1),
            State.WAITING,
            "accounting-period-barred",
        ),
        (refused_voucher(under("Account", "E04041", "E07150")), State.DEAD, "ledger-account-unusable"),
        (
            refused_voucher(under("Date", "E04041"), under("ContraAccount", "E07150")),
            State.DEAD,
            "ledger-account-unusable",
        ),
        (refused_voucher(under("Customer", "E04041")), State.DEAD, "refused-by-economic"),
    ],
)
def test_only_a_refused_date_is_waited_for(body: dict[str, Any], state: State, why: str) -> None:
    """The recorded words: E04041 under the date waits, under an account it does not, nor do both together."""
    harness = Harness(VOUCHER_EXPORT.model_copy(update={"closed_period": "hold"}))

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        refused = request.method == "POST" and request.url.path == "/journals/1/vouchers"
        return httpx.Response(400, json=body, request=request) if refused else answer(request)

    harness.around_http = around
    harness.close_period(harness.pdf_fixtures.printed(sample()))
    harness.check()
    harness.deliver()
    record = harness.record(ID)
    assert (record.state, reason(harness)) == (state, why)
    assert "E04041" in (record.failure.remote_message if record.failure else "")


def test_a_closed_year_is_waited_for_without_a_call_for_each_invoice() -> None:
    """A whole period may wait for one closed month: its invoices share one reading of the books."""
    harness = Harness(VOUCHER_EXPORT.model_copy(update={"closed_period": "hold"}))
    harness.sandbox.agreement.years["2026"]["closed"] = True
    harness.close_period(*(harness.pdf_fixtures.printed(sample(invoice_number=n)) for n in range(100353, 100373)))
    harness.check()
    before = len(harness.sandbox.server_state.request_log.entries)
    harness.deliver()
    assert {record.state for record in harness.records()} == {State.WAITING}
    assert len(harness.sandbox.server_state.request_log.entries) == before

    del harness.sandbox.agreement.years["2026"]["closed"]
    harness.until_rest(most=2000)
    assert len(vouchers(harness)) == 20


def test_what_the_other_method_has_posted_is_not_posted_again() -> None:
    """The exports file was changed in between: the booked invoice is found, and named."""
    harness = Harness()
    harness.close_period(sample())
    harness.until_rest()
    harness.export = VOUCHER_EXPORT
    harness.wipe()
    exported(harness, sample())
    assert reason(harness) == "posted-otherwise"
    assert vouchers(harness) == {}


def test_nothing_of_a_period_with_unpaired_codes_is_posted() -> None:
    """The period's one message names them; the others go on."""
    harness = exported(Harness(VOUCHER_EXPORT), sample(), sample(line(vat_code="M91"), invoice_number=100354))
    period = harness.store.period(PERIOD)
    assert period is not None
    assert "M91" in period.notice
    assert (harness.record(ID).state, reason(harness, "main-100354")) == (State.EXPORTED, "vat-code-unpaired")
