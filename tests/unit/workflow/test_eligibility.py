"""Whether an invoice is posted at all, and when: types, totals of zero, and corrections before their originals."""

from typing import Any

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.samples import customer, invoice, line

from config.export_schema import Booking, Corrections, TypeRules, Vat
from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.record import Outcome, State
from worker.economic.reasons import EconomicReason

KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
BOTH = pytest.mark.parametrize("export", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
DAY = 86_400.0
CORRECTION = "main-100900"


def sample(harness: Harness, *lines: Any, **changes: Any) -> Invoice:
    return harness.pdf_fixtures.printed(invoice(*lines, **({"customer": KNOWN} | changes)))


def correction(harness: Harness, credited: int | None = 100353, **changes: Any) -> Invoice:
    fields = {"invoice_number": 100900, "invoice_type": "correction", "credits_invoice_number": credited}
    return sample(harness, line("-200.00"), **(fields | changes))


def posted(harness: Harness) -> int:
    """Return how many documents or vouchers e-conomic holds of ours."""
    return len(harness.documents()) + len(harness.sandbox.agreement.vouchers)


def writes(harness: Harness) -> list[str]:
    return [
        f"{entry.method} {entry.path}"
        for entry in harness.sandbox.server_state.request_log.entries
        if entry.method != "GET"
    ]


def having(export: ExportConfig, **changes: Any) -> ExportConfig:
    return export.model_copy(update=changes)


def working(harness: Harness, seconds: float) -> None:
    """Let workers work for so long."""
    until = harness.clock() + seconds
    while harness.clock() < until:
        harness.deliver()
        harness.clock.advance(min(5.0, until - harness.clock()))
        harness.sweep()
    harness.deliver()


def waiting_for(harness: Harness) -> tuple[str, int]:
    record = harness.record(CORRECTION)
    assert (record.state, record.failure is None) == (State.WAITING, False)
    return (record.failure.reason if record.failure else "", record.attempts)


@BOTH
def test_an_excluded_type_ends_without_a_call(export: ExportConfig) -> None:
    """Interest stays out, whatever the agreement lacks for it; it is counted as excluded, not lost."""
    harness = Harness(having(export, types={"interest": TypeRules(export=False)}))
    interest = sample(harness, line("50.00", account="9999"), invoice_number=100354, invoice_type="interest")
    harness.close_period(sample(harness), interest)
    harness.until_rest()

    record = harness.record("main-100354")
    assert (record.state, record.outcome) == (State.EXPORTED, Outcome.EXCLUDED)
    assert posted(harness) == 1
    assert record.history[-1].event == "excluded"


def test_what_was_exported_before_its_type_was_excluded_is_adopted() -> None:
    """The store is lost after the exclusion: the invoice is in e-conomic, and counts as booked."""
    harness = Harness()
    source = sample(harness, invoice_type="manual")
    harness.close_period(source)
    harness.until_rest()
    harness.export = having(EXPORT, types={"manual": TypeRules(export=False)})
    harness.wipe()
    harness.close_period(source)
    harness.until_rest()

    assert harness.record("main-100353").outcome == Outcome.BOOKED


def test_an_invoice_type_has_its_own_numbers_and_layout() -> None:
    """Corrections are numbered by e-conomic (20001) on layout 18, and carry Opter's number in their notes."""
    harness = Harness(having(EXPORT, types={"correction": TypeRules(numbers="economic", layout=18)}))
    harness.close_period(sample(harness), correction(harness))
    harness.until_rest()

    booked = harness.sandbox.agreement.booked
    assert sorted(booked) == [20001, 100353]
    assert [booked[number]["layout"]["layoutNumber"] for number in (20001, 100353)] == [18, 17]
    assert "Fakturanr. i Opter: 100900" in booked[20001]["notes"]["textLine1"]


def test_an_invoice_type_has_its_own_journal() -> None:
    """Corrections go to journal 2, all else to journal 1."""
    harness = Harness(having(VOUCHER_EXPORT, types={"correction": TypeRules(journal=2)}))
    journals = harness.sandbox.agreement.journals
    journals[2] = {**journals[1], "journalNumber": 2, "name": "Kreditnotaer"}
    harness.close_period(sample(harness), correction(harness))
    harness.until_rest()

    assert sorted(journal for journal, _, _ in harness.sandbox.agreement.vouchers) == [1, 2]


@pytest.mark.parametrize("account", ["3012", "3040"])
@BOTH
def test_interest_without_vat_goes_through(export: ExportConfig, account: str) -> None:
    """A domestic customer's interest and fees, on accounts that never carry VAT: 50.00 net is 50.00 gross."""
    harness = Harness(export)
    harness.close_period(sample(harness, line("50.00", account=account, rate="0.00"), invoice_type="interest"))
    harness.until_rest()

    assert harness.record("main-100353").state is State.EXPORTED
    assert posted(harness) == 1


def test_interest_on_an_account_with_vat_goes_to_the_exempt_zone() -> None:
    """Account 3010 carries VAT at home; with M0 among the exempt codes, zone 4 leads to account 3310 without."""
    harness = Harness(having(EXPORT, vat=Vat(exempt_codes=("M0",))))
    harness.close_period(sample(harness, line("50.00", rate="0.00"), invoice_type="interest"))
    harness.until_rest()

    [document] = harness.documents()
    assert [str(document.vat), str(document.gross)] == ["0.00", "50.00"]


@BOTH
def test_nothing_to_book_is_settled_without_a_call(export: ExportConfig) -> None:
    """Zero-priced orders are invoiced (docs.opter.com, invoicing-004); their zero moves no account."""
    harness = Harness(having(export, booking=Booking(zero_total="skip")))
    harness.close_period(sample(harness, line("0.00")))
    harness.until_rest()

    assert harness.record("main-100353").outcome == Outcome.NOTHING_TO_BOOK
    assert writes(harness) == []


def test_a_zero_total_is_tried_by_default() -> None:
    """Whether e-conomic books it is not documented: refused by the sandbox, it is a dead letter without a draft."""
    harness = Harness()
    harness.close_period(sample(harness, line("0.00")))
    harness.until_rest()

    record = harness.record("main-100353")
    assert record.state is State.DEAD
    assert posted(harness) == 0
    assert record.failure is not None
    assert (record.failure.reason, record.failure.value) == (EconomicReason.ZERO_REFUSED, "0.00")
    assert 'booking.zero_total to "skip"' in record.failure.next_step
    assert record.failure.remote_message


@BOTH
def test_a_correction_follows_its_original(export: ExportConfig) -> None:
    """The original fails at first: the correction waits, costs no attempt, says why, and follows by itself."""
    harness = Harness(export)
    original = sample(harness, line(account="9999", vat_code="X9"))
    harness.close_period(original, correction(harness))
    harness.check()
    working(harness, 2 * DAY)

    assert waiting_for(harness) == ("original-awaited", 0)
    assert "has failed" in str(harness.record(CORRECTION).failure)
    assert posted(harness) == 0
    harness.store.mark_exported("main-100353", by="kim", why="entered by hand")
    harness.until_rest()
    assert harness.record(CORRECTION).state is State.EXPORTED
    assert posted(harness) == 1


def test_a_correction_in_front_of_its_original_waits_seconds() -> None:
    """Both are on their way, the correction first: it is checked again within seconds, not hours."""
    harness = Harness()
    harness.close_period(correction(harness, invoice_number=100001), sample(harness))
    began = harness.clock()
    harness.until_rest()

    assert [document.number for document in harness.documents()] == [100353, 100001]
    assert harness.clock() - began < 30
    assert harness.record("main-100001").progress.remarks == ()


def test_after_its_days_a_correction_is_exported_with_a_remark() -> None:
    """Held for 3 days, then booked, and the period's report says that its original was not there."""
    harness = Harness(having(EXPORT, corrections=Corrections(hold_days=3)))
    harness.close_period(sample(harness, line(account="9999")), correction(harness))
    harness.check()
    working(harness, 3 * DAY - 400)
    before = harness.record(CORRECTION).state
    working(harness, 800)

    record = harness.record(CORRECTION)
    assert (before, record.state) == (State.WAITING, State.EXPORTED)
    assert record.progress.remarks == ("creditsInvoiceNumber: exported before the invoice that it credits",)


def test_corrections_need_not_wait() -> None:
    """``before_original = "book"``: exported at once, with the same remark."""
    harness = Harness(having(EXPORT, corrections=Corrections(before_original="book")))
    harness.close_period(sample(harness, line(account="9999")), correction(harness))
    harness.until_rest()

    record = harness.record(CORRECTION)
    assert (record.state, len(record.progress.remarks)) == (State.EXPORTED, 1)


def test_an_original_older_than_this_program_is_seen_in_e_conomic() -> None:
    """The store never had it; it is booked under its number: nothing to remark."""
    harness = Harness()
    harness.close_period(sample(harness))
    harness.until_rest()
    harness.wipe()
    harness.close_period(correction(harness), event="/opter/acme/1#e2")
    harness.until_rest()

    record = harness.record(CORRECTION)
    assert (record.state, record.progress.remarks) == (State.EXPORTED, ())


@BOTH
def test_an_original_that_nobody_knows_is_remarked(export: ExportConfig) -> None:
    """Neither in the store nor visible in e-conomic: exported all the same, and said."""
    harness = Harness(export)
    harness.close_period(correction(harness, credited=4_000_000_000))
    harness.until_rest()

    record = harness.record(CORRECTION)
    assert record.state is State.EXPORTED
    assert "neither known to this program" in "".join(record.progress.remarks)


def test_a_correction_that_credits_itself_does_not_wait_for_ever() -> None:
    """A slip at the source: its own number is nobody's original."""
    harness = Harness()
    harness.close_period(correction(harness, credited=100900))
    harness.until_rest()

    assert harness.record(CORRECTION).state is State.EXPORTED


def test_a_credit_note_names_what_it_credits() -> None:
    """A correction is a draft with a negative total, headed Kreditnota, with the credited number in its notes."""
    harness = Harness()
    harness.close_period(sample(harness), correction(harness))
    harness.until_rest()

    note = harness.sandbox.agreement.booked[100900]
    assert (note["notes"]["heading"], str(note["grossAmount"])) == ("Kreditnota", "-250.00")
    assert "Krediterer faktura 100353" in note["notes"]["textLine1"]
