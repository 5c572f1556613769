"""How a cause is asked about, and what its answer says."""

import pytest
from support.samples import export, invoice, line

from worker.economic.mapping.causes import NOT_ASKED, QUESTIONS, Whole, question, still_there
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import check_against_agreement
from worker.economic.mapping.reasons import REASONS, CustomerReason, SetUpReason, VoucherReason

EMPTY = MasterData(agreement=0)


@pytest.mark.parametrize("method", ["invoice", "voucher"])
def test_what_was_not_read_keeps_no_rule_from_its_answer(method: str) -> None:
    """A question reads its own part of the master data only: all others are empty, and other failures passed over."""
    own = export(method=method)
    found = check_against_agreement(invoice(line(account="3999")), own, EMPTY)

    for failure in found:
        assert still_there(failure, invoice(line(account="3999")), own, EMPTY) == failure
    assert {failure.reason for failure in found} & {code.value for code in QUESTIONS}


def test_another_value_of_the_same_reason_is_another_cause() -> None:
    """The group 3010 that is missing does not keep those of 3999 back."""
    own = export()
    found = check_against_agreement(invoice(line(account="3999")), own, EMPTY)
    missing = next(failure for failure in found if failure.reason == "product-group-missing")

    assert still_there(missing, invoice(line(account="3010")), own, EMPTY) is None


def test_only_customers_are_left_to_a_person_by_default() -> None:
    """Everything else that can be asked lies in the set-up of the agreement or the exports file."""
    left = {code for code, asked in QUESTIONS.items() if not asked.set_up}

    assert left == {code for code, asked in QUESTIONS.items() if asked.of is Whole.CUSTOMER}
    assert left <= set(CustomerReason)


def test_a_reason_that_no_call_shows_has_no_question() -> None:
    """Every other reason of the tables, and one of another version."""
    without = [code for code in (*REASONS, "of-another-version") if question(code) is None]

    assert {"totals-mismatch", "number-taken", "worker-killed", "of-another-version"} <= set(without)
    assert len(without) == len(REASONS) + 1 - len(QUESTIONS)


def test_a_reason_is_asked_about_or_declared_not_to_be() -> None:
    """A new one that nobody thought about would never clear itself, and nobody would notice."""
    reasons = {*SetUpReason, *VoucherReason, *CustomerReason}

    assert QUESTIONS.keys() | NOT_ASKED == reasons
    assert not QUESTIONS.keys() & NOT_ASKED
