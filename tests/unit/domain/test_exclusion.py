"""What is not posted on purpose."""

import pytest
from support.samples import export, invoice, line, reference

from config.export_schema import Booking, TypeRules
from worker.domain.export_rules import exclusion
from worker.domain.invoice import Invoice
from worker.domain.record import Outcome
from worker.economic.mapping.period_check import check_against_agreement

SKIP_ZERO = Booking(zero_total="skip")


def zero(*nets: str, **changes: str) -> Invoice:
    return invoice(*(line(net, **changes) for net in nets))


@pytest.mark.parametrize("invoice_type", ["invoice", "correction", "interest", "manual", "commission-discount"])
def test_every_type_is_exported_unless_it_is_excluded(invoice_type: str) -> None:
    """Without a word in the exports file, nothing stays out of the books."""
    source = invoice(invoice_type=invoice_type)
    excluding = export(types={"interest": TypeRules(export=False)})

    assert exclusion(source, export()) is None
    assert exclusion(source, excluding) == (Outcome.EXCLUDED if invoice_type == "interest" else None)


def test_what_is_excluded_needs_nothing_of_the_agreement() -> None:
    """An interest invoice on an account without product group does not fail when interest stays out."""
    source = invoice(line(account="3099"), invoice_type="interest")
    excluding = export(types={"interest": TypeRules(export=False)})

    assert [failure.reason for failure in check_against_agreement(source, export(), reference())] == [
        "product-group-missing"
    ]
    assert check_against_agreement(source, excluding, reference()) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (zero("0.00"), Outcome.NOTHING_TO_BOOK),
        (zero("0.00", "0.00"), Outcome.NOTHING_TO_BOOK),
        (zero("100.00", "-100.00"), Outcome.NOTHING_TO_BOOK),  # one account: 100.00 - 100.00
        (invoice(line("100.00"), line("-100.00", account="3015")), None),  # revenue moves from 3015 to 3010
        (invoice(line("100.00"), line("-125.00", account="3012", rate="0.00")), None),  # gross 125.00 - 125.00
        (invoice(line("0.00"), rounding="0.01"), None),
        (zero("0.01"), None),
    ],
)
def test_a_total_of_zero_is_skipped_when_no_account_moves(source: Invoice, expected: Outcome | None) -> None:
    """Only with ``zero_total = "skip"``; a zero that shifts revenue between accounts is for the books."""
    assert exclusion(source, export(booking=SKIP_ZERO)) == expected
    assert exclusion(source, export()) is None
