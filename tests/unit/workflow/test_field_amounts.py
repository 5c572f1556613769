"""Invoices as they occur: zeros and negatives, odd credit notes, rates, dates, accounts, numbers that are taken."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.harness import EXPORT, VOUCHER_EXPORT, Harness
from support.invoice_harness import KNOWN, exported
from support.samples import customer, invoice, line

from config.export_schema import Corrections
from config.exports import ExportConfig
from worker.domain.identity import invoice_id_of
from worker.domain.invoice import Invoice
from worker.domain.invoice_period import NewInvoice
from worker.domain.record import State
from worker.sandbox import dump

BOTH = pytest.mark.parametrize("base", [EXPORT, VOUCHER_EXPORT], ids=["invoice", "voucher"])
DAY = 86_400


def sample(harness: Harness, *lines: Any, **changes: Any) -> Invoice:
    return harness.pdf_fixtures.printed(invoice(*lines, **({"customer": KNOWN} | changes)))


def correction(harness: Harness, number: int, credited: int | None, *lines: Any, **changes: Any) -> Invoice:
    fields = {"invoice_number": number, "invoice_type": "correction", "credits_invoice_number": credited}
    return sample(harness, *(lines or (line("-100.00"),)), **(fields | changes))


def outcomes(harness: Harness) -> dict[int, str]:
    """Return the reason of each dead letter, or the state, by invoice number."""
    return {
        record.invoice_number: record.failure.reason if record.failure else record.state.value
        for record in harness.records()
    }


@pytest.mark.parametrize(
    ("lines", "net", "vat"),
    [
        # 100.00 - 150.00 = -50.00, of which 25 % are -12.50: a discount larger than what it is on
        (("100.00", "-150.00"), "-50.00", "-12.50"),
        # -0.01 + 0.03 = 0.02, of which 25 % are 0.005, rounded 0.01
        (("-0.01", "0.03"), "0.02", "0.01"),
        # -100.00 + 10.00 = -90.00, of which 25 % are -22.50: a credit note with a positive line
        (("-100.00", "10.00"), "-90.00", "-22.50"),
        # 0.01, of which 25 % are 0.0025, rounded 0.00
        (("0.01",), "0.01", "0.00"),
        # 0.00 beside 10.00 = 10.00, of which 25 % are 2.50: a line that costs nothing
        (("0.00", "10.00"), "10.00", "2.50"),
    ],
)
@BOTH
def test_signs_and_small_amounts_are_booked_as_they_are(
    base: ExportConfig, lines: tuple[str, ...], net: str, vat: str
) -> None:
    """To the øre, by either method, as invoice or credit note by the sign of the whole."""
    harness = Harness(base)
    source = sample(harness, *(line(amount) for amount in lines), vat=vat, gross=Decimal(net) + Decimal(vat))
    source = source.model_copy(update={"lines": _with_vat(source, Decimal(vat))})
    exported(harness, source)

    assert (str(source.net), outcomes(harness)) == (net, {100353: "exported"})
    if base is EXPORT:
        (document,) = harness.documents()
        assert (str(document.net), str(document.vat)) == (net, vat)


def _with_vat(source: Invoice, vat: Decimal) -> tuple[Any, ...]:
    """Return the lines, the last one with what is left of the invoice's VAT, as a source that rounds the sum has it."""
    *before, last = source.lines
    left = vat - sum((each.vat for each in before), Decimal("0.00"))
    return (*before, last.model_copy(update={"vat": left}))


@pytest.mark.parametrize("lines", [("0.00",), ("100.00", "-100.00")])
def test_a_total_of_zero_names_its_setting(lines: tuple[str, ...]) -> None:
    """By nothing or by a discount: refused by e-conomic, no draft is left, and the next step is booking.zero_total."""
    harness = Harness()
    exported(harness, sample(harness, *map(line, lines)), sample(harness, invoice_number=100354))

    assert outcomes(harness) == {100353: "zero-total-refused", 100354: "exported"}
    assert "booking.zero_total" in (harness.record("main-100353").failure or pytest.fail("no failure")).next_step
    assert harness.sandbox.agreement.drafts == {}


@BOTH
@pytest.mark.parametrize("length", [1, 2, 3])
def test_corrections_in_a_circle_are_exported_when_their_days_are_over(base: ExportConfig, length: int) -> None:
    """One that credits itself goes at once; two or three that credit each other wait as any other, and then go."""
    harness = Harness(base.model_copy(update={"corrections": Corrections(hold_days=1)}))
    numbers = [100900 + at for at in range(length)]
    circle = zip(numbers, [*numbers[1:], numbers[0]], strict=True)
    harness.close_period(*(correction(harness, number, credited) for number, credited in circle))
    harness.check()
    for _ in range(3):
        harness.deliver()
        harness.sweep()
    waiting = {100900: "exported"} if length == 1 else dict.fromkeys(numbers, "original-awaited")
    assert outcomes(harness) == waiting
    harness.clock.advance(DAY)
    harness.until_rest()

    assert outcomes(harness) == dict.fromkeys(numbers, "exported")
    remarked = ["creditsInvoiceNumber: exported before the invoice that it credits"] * (length > 1)
    assert list(harness.record("main-100900").progress.remarks) == remarked


@BOTH
@pytest.mark.parametrize("days", [0, 1, 19, 400])
def test_a_credit_note_due_before_its_own_date(base: ExportConfig, days: int) -> None:
    """Due on its original's date: booked with a remark that names both dates, never refused nor dated back."""
    harness = Harness(base)
    due = date(2026, 11, 20) - timedelta(days=days)
    exported(harness, correction(harness, 100900, None, due_date=due))

    record = harness.record("main-100900")
    assert record.state is State.EXPORTED
    assert any(f"Due date is {due}" in remark for remark in record.progress.remarks) is (days > 0)


@pytest.mark.parametrize("numbers", ["opter", "economic"])
@pytest.mark.parametrize("method", ["invoice", "voucher"])
def test_a_credit_note_of_the_same_number_in_a_series_of_its_own(method: str, numbers: str) -> None:
    """Invoice 300331 and credit note 300331 in one period: two invoices, neither is taken for the other.

    Where e-conomic books under Opter's number, the second one's number is taken, and says so.
    """
    base = EXPORT if method == "invoice" else VOUCHER_EXPORT
    changes = {"invoice_series": "by-type", "booking": base.booking.model_copy(update={"numbers": numbers})}
    harness = Harness(base.model_copy(update=changes))
    both = (
        sample(harness, invoice_number=300331),
        correction(harness, 300331, 300331),
    )
    harness.close_period()
    harness.store.register("main-p881", "/opter/acme/1#e2", [by_type(each) for each in both])
    harness.until_rest()

    states = {record.id: record.failure.reason if record.failure else record.state for record in harness.records()}
    refused = method == "invoice" and numbers == "opter"
    assert states == {
        "main-invoice-300331": State.EXPORTED,
        "main-correction-300331": "number-taken" if refused else State.EXPORTED,
    }
    assert len(harness.documents()) + len(harness.sandbox.agreement.vouchers) == 2 - refused


def by_type(source: Invoice) -> NewInvoice:
    """Register an invoice under the id that the intake gives it where each type has a series of its own."""
    return NewInvoice(
        id=invoice_id_of("main", None, source.invoice_number, series=source.invoice_type),
        export="main",
        invoice_number=source.invoice_number,
        invoice_type=source.invoice_type,
        region=None,
        content=source.content().text,
        content_hash=source.content().sha256,
    )


@pytest.mark.parametrize(
    ("lines", "rate"),
    [
        (("333.33", "0.01"), "745.678912"),
        (("0.01",), "745.999999"),
        (("99.99", "99.99", "99.99"), "746.005000"),
        (("1234567.89",), "738.123456"),
    ],
)
def test_a_credit_note_in_another_currency_cancels_its_invoice_in_the_base_currency_too(
    lines: tuple[str, ...], rate: str
) -> None:
    """The same rate gives the same base amount with its sign turned, however it rounds: nothing is left over."""
    harness = Harness()
    german = customer(
        ledger_number=None, name="Kurs GmbH", corporate_id="DE136695976", vat_number="DE136695976", country="DE"
    )
    fields: dict[str, Any] = {"currency": "EUR", "exchange_rate": rate, "customer": german}
    exported(
        harness,
        sample(harness, *(line(amount, rate="0.00") for amount in lines), **fields),
        correction(harness, 100900, 100353, *(line(f"-{amount}", rate="0.00") for amount in lines), **fields),
    )

    booked = harness.sandbox.agreement.booked
    assert outcomes(harness) == {100353: "exported", 100900: "exported"}
    for amount in ("grossAmount", "grossAmountInBaseCurrency"):
        assert booked[100353][amount] + booked[100900][amount] == 0
        assert booked[100353][amount] > 0


@BOTH
def test_dates_outside_the_open_books_are_named_and_no_date_is_moved(base: ExportConfig) -> None:
    """Closed year, closed period, barred period (seen only when e-conomic refuses it), no year; the rest goes on."""
    harness = Harness(base)
    days = {1: date(2024, 12, 30), 2: date(2025, 3, 10), 3: date(2026, 1, 15), 4: date(2028, 1, 15)}
    days |= {5: date(2026, 11, 30), 6: date(2026, 2, 1)}
    exported(
        harness,
        *(
            sample(harness, invoice_number=number, invoice_date=day, due_date=day + timedelta(days=30))
            for number, day in days.items()
        ),
    )

    assert outcomes(harness) == {
        1: "accounting-year-closed",
        2: "accounting-period-closed",
        3: "accounting-period-barred",
        4: "accounting-year-missing",
        5: "exported",
        6: "exported",
    }
    named = {record.invoice_number: record.failure.value for record in harness.records() if record.failure}
    assert named == {number: days[number].isoformat() for number in (1, 2, 3, 4)}
    assert harness.sandbox.agreement.drafts == {}


@pytest.mark.parametrize(
    ("group", "account"),
    [
        ("Fragt & Told/EU 100 % +", "Fragt & Told/EU 100 % +"),
        ("Fragt & Told/EU 100 % +", "fragt & told/eu 100 % +"),
        ("Fragt & Told/EU 100 % +", "  Fragt & Told/EU 100 % + "),
        ("Ø" * 30, "Ø" * 30),
        ("Færge [Bornholm] $2*", "Færge [Bornholm] $2*"),
        ("a.b?c#d:e<f>", "a.b?c#d:e<f>"),
    ],
)
def test_a_sales_account_with_signs_finds_its_product_group(group: str, account: str) -> None:
    """100.00 + 25.00: booked on a product of the group of that name, made once; case and spaces around do not count."""
    harness = Harness()
    agreement = harness.sandbox.agreement
    dump.put(agreement, "product_groups", "81", agreement.product_groups[61] | {"name": group})
    for zone in (1, 2, 3, 4):
        dump.put(agreement, "sales_accounts", f"81-{zone}", 3010)
    exported(
        harness,
        *(sample(harness, line("100.00", account=account), invoice_number=number) for number in (100353, 100354)),
    )

    assert outcomes(harness) == {100353: "exported", 100354: "exported"}
    made = [row for row in agreement.products.values() if row["productGroup"]["productGroupNumber"] == 81]
    assert len(made) == 1
    assert [str(document.gross) for document in harness.documents()] == ["125.00", "125.00"]


@pytest.mark.parametrize("reference", ["WOO-77", "", "main-999999"])
@pytest.mark.parametrize("gross", [100, 1250])
def test_a_number_that_a_webshop_has_used(reference: str, gross: int) -> None:
    """Named with its holder, whatever that is about; the webshop's invoice stays, no draft of ours is left."""
    harness = Harness()
    agreement = harness.sandbox.agreement
    theirs = {
        "date": "2026-11-01",
        "currency": "DKK",
        "customer": {"customerNumber": 1001},
        "netAmount": gross * Decimal("0.8"),
        "vatAmount": gross * Decimal("0.2"),
        "grossAmount": gross,
        "references": {"other": reference},
        "lines": [],
        "recipient": {"name": "x", "vatZone": {"vatZoneNumber": 1}},
        "orderNumber": 9,
    }
    dump.put(agreement, "booked", "100353", theirs)
    exported(harness, sample(harness), sample(harness, invoice_number=100354))

    assert outcomes(harness) == {100353: "number-taken", 100354: "exported"}
    failure = harness.record("main-100353").failure
    assert failure
    assert f"an invoice of 2026-11-01 over {gross}.00 DKK" in failure.description
    assert agreement.booked[100353]["references"]["other"] == reference
    assert agreement.drafts == {}


@BOTH
def test_an_invoice_that_failed_and_is_corrected_in_the_same_period(base: ExportConfig) -> None:
    """12 % where 25 % are due: neither it nor its credit note is posted; sent again with 25 %, both are, once."""
    harness = Harness(base)
    wrong = line("100.00", rate="12.00", vat_code="M12")
    credit = line("-100.00", rate="12.00", vat_code="M12")
    harness.close_period(sample(harness, wrong), correction(harness, 100900, 100353, credit))
    harness.until_rest()
    failed = "vat-mismatch" if base is EXPORT else "vat-code-unpaired"
    assert outcomes(harness) == {100353: failed, 100900: failed}
    assert (harness.documents(), harness.sandbox.agreement.vouchers) == ([], {})
    harness.close_period(
        sample(harness, line("100.00")),
        correction(harness, 100900, 100353, line("-100.00")),
        event="/opter/acme/1#e2",
    )
    harness.until_rest()

    assert outcomes(harness) == {100353: "exported", 100900: "exported"}
    assert len(harness.documents()) + len(harness.sandbox.agreement.vouchers) == 2
