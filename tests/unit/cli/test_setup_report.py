"""``export check``: reads of the agreement, and the pure checks over them."""

from collections.abc import Sequence
from datetime import date

import pytest
from support.cli import Bench, open_period
from support.samples import export, invoice, line, reference

from worker.domain.reasons import ProcessReason, failure
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData
from worker.economic.reasons import EconomicReason
from worker.errors import Misconfigured, Retryable, StoreUnavailable, Unreachable
from worker.reconcile.setup_report import report_setup, setup_checks

TODAY = date(2026, 11, 20)


class Agreement:
    """An agreement that answers, or refuses the tokens."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        self.asked: frozenset[str] = frozenset()

    def master_data(self, sales_accounts: frozenset[str]) -> MasterData:
        if self.refuses:
            raise Misconfigured(failure(EconomicReason.TOKENS_REFUSED, "e-conomic refuses the tokens."))
        self.asked = sales_accounts
        return reference()

    def customers_by_number(self, _: Sequence[int]) -> Sequence[EconomicCustomer]:
        return ()

    def documents(self, _: Sequence[str]) -> Sequence[Document]:
        return ()


def test_refused_tokens_are_a_failed_check(bench: Bench) -> None:
    """Nothing else can be checked then."""
    [check] = setup_checks(export(), Agreement(refuses=True), bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked

    assert (check.item, check.ok) == ("Tokens and roles", False)


def test_the_invoices_of_the_store_are_the_samples(bench: Bench) -> None:
    """Sales accounts seen before are checked, and each problem is reported once with its invoices."""
    open_period(bench.memory, invoice(line(account="3050")), invoice(line(account="3050"), invoice_number=100354))
    agreement = Agreement()

    checks = setup_checks(export(), agreement, bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked

    assert agreement.asked == {"3050"}
    assert [check.item for check in checks if not check.ok] == ["Sales account 3050", "Sample invoices"]
    assert "(2 of 2: 100353, 100354)" in checks[-1].found


def test_invoices_from_files_replace_those_of_the_store(bench: Bench) -> None:
    """--event: a new set-up is checked with the first period to come."""
    open_period(bench.memory, invoice(line(account="3050")))

    checks = setup_checks(export(), Agreement(), bench.memory, [invoice()], TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked

    assert all(check.ok for check in checks)
    assert checks[-1].found == "all 1 would pass the check of a period"


class Silent(Agreement):
    """An agreement behind an address where nobody answers, or behind a rate limiter whose Redis is gone."""

    def __init__(self, error: Retryable) -> None:
        super().__init__()
        self.error = error

    def master_data(self, _: frozenset[str]) -> MasterData:
        raise self.error


def test_an_unreachable_economic_concerns_its_export_alone(bench: Bench) -> None:
    """Named with its address and what a person can do; other exports are checked all the same."""
    error = Unreachable(failure(EconomicReason.ECONOMIC_UNREACHABLE, "e-conomic cannot be reached (ConnectError)."))

    report = report_setup(export(), Silent(error), bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked
    [check] = report.checks

    assert (report.reached, check.ok) == (False, False)
    assert check.found == f"{export().api_url}: e-conomic cannot be reached (ConnectError)."
    assert "Check api_url" in check.next_step


def test_an_unavailable_store_ends_the_check(bench: Bench) -> None:
    """Without Redis no export can be checked."""
    agreement = Silent(StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer.")))

    with pytest.raises(StoreUnavailable):
        report_setup(export(), agreement, bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked
