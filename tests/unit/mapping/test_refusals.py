"""What a code says under the property that it stands under."""

from datetime import date

import pytest

from worker.economic.mapping.dates import refused_date
from worker.economic.mapping.refusals import named
from worker.errors import Complaint, Failure, Refused

DAY = date(2026, 11, 20)
SAID = Failure(
    reason="refused-by-economic", description="No.", next_step="Read.", remote_message="Nej. (E1)", log_id="ab-CPH"
)
WRAPPER = ("E04300", "")
BARRED_PERIOD = ("E04041", "[0].entries.date")
Row = tuple[str, str]


def complaints(*rows: Row) -> tuple[Complaint, ...]:
    return tuple(Complaint(code=code, field=field, value="7") for code, field in rows)


def reason(*rows: Row) -> str | None:
    """Return the reason of an invoice of which e-conomic said this."""
    refusal = Refused(
        named(SAID, complaints(*rows)) or SAID,
        status=400,
        codes=frozenset(code for code, _ in rows),
        complaints=complaints(*rows),
    )
    return (refused_date(DAY, refusal) or refusal.failure).reason


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([BARRED_PERIOD], "accounting-period-barred"),
        ([WRAPPER, ("E04041", "[3].entries.Date")], "accounting-period-barred"),
        ([("E04041", "date"), ("E04041", "date")], "accounting-period-barred"),
        ([("E04041", "[0].entries.items[2].date")], "accounting-period-barred"),
        ([BARRED_PERIOD, ("E04999", "[0].entries.text")], "accounting-period-barred"),
        ([("E04870", "")], "accounting-period-barred"),
        ([WRAPPER, ("E04870", "date")], "accounting-period-barred"),
        ([("JournalEntryDateAccountingYearPeriodBarred", "x")], "accounting-period-barred"),
        # the same code under something else
        ([("E04041", "[0].entries.account")], "ledger-account-unusable"),
        ([("E04041", "[0].entries.contraAccount"), ("E07150", "[0].entries.contraAccount")], "ledger-account-unusable"),
        ([("E04041", "")], "refused-by-economic"),
        ([("E04041", "[0].entries.dueDate")], "refused-by-economic"),
        ([("E04041", "[0].entries.customer")], "refused-by-economic"),
        ([("E04041", "[0].entries.account.Date")], "refused-by-economic"),
        ([("E04999", "[0].entries.date")], "refused-by-economic"),
        # date and account together: opening the period would not be enough
        ([BARRED_PERIOD, ("E07150", "[0].entries.account")], "ledger-account-unusable"),
        ([("E04041", "[0].entries.account"), BARRED_PERIOD], "ledger-account-unusable"),
        # the others
        ([("E07150", "entries.financeVouchers.0.account.accountNumber")], "ledger-account-unusable"),
        ([("E07150", "")], "refused-by-economic"),
        ([("E07150", "vatAccount")], "refused-by-economic"),
        ([WRAPPER, ("E06600", "lines[1].product")], "product-barred"),
        ([("E06600", "lines[0].product.productNumber")], "product-barred"),
        ([("E06600", "lines[4]")], "product-barred"),
        ([("E06600", "")], "product-barred"),
        ([("E06600", "customer.customerNumber")], "refused-by-economic"),
        ([WRAPPER, ("E07140", "customerGroup.customerGroupNumber")], "customer-group-missing"),
        ([("E07140", "")], "customer-group-missing"),
        ([("E07140", "layout.layoutNumber")], "refused-by-economic"),
        ([("E06000", "customer.customerNumber")], "refused-by-economic"),
        ([], "refused-by-economic"),
    ],
)
def test_reason(rows: list[Row], expected: str) -> None:
    """Only what code and property make certain; the rest stays in e-conomic's own words."""
    assert reason(*rows) == expected


def test_a_named_refusal_keeps_the_words_of_e_conomic() -> None:
    """With the property and value that the deciding code stood under, not those of the first error."""
    found = named(SAID, complaints(("E04999", "lines[0].quantity"), ("E06600", "lines[1].product")))

    assert found is not None
    assert (found.field, found.value) == ("lines[1].product", "7")
    assert (found.remote_message, found.log_id) == ("Nej. (E1)", "ab-CPH")
    assert "E06600" in found.description
