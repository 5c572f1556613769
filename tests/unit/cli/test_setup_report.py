"""``export check``: reads of the agreement, and the pure checks over them."""

from collections.abc import Sequence
from datetime import date

import pytest
from support.cli import Bench, open_period
from support.samples import export, invoice, line, reference

from worker.cli.setup_report import check_export, report_setup
from worker.domain.reasons import ProcessReason, failure
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData
from worker.economic.reasons import EconomicReason
from worker.errors import Misconfigured, Retryable, StoreUnavailable, Unreachable

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


def test_refused_tokens_are_a_finding(bench: Bench) -> None:
    """Nothing else can be looked at then; what to do is told."""
    [found] = check_export(export(), Agreement(refuses=True), bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked

    assert (found.item, found.ok) == ("Tokens and roles", False)


def test_the_ledgers_invoices_are_the_samples(bench: Bench) -> None:
    """Sales accounts seen before are looked at, and each different trouble is told once with its invoices."""
    open_period(bench.memory, invoice(line(account="3050")), invoice(line(account="3050"), invoice_number=100354))
    agreement = Agreement()

    checks = check_export(export(), agreement, bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked

    assert agreement.asked == {"3050"}
    assert [one.item for one in checks if not one.ok] == ["Sales account 3050", "Sample invoices"]
    assert "(2 of 2: 100353, 100354)" in checks[-1].found


def test_given_invoices_come_before_those_of_the_ledger(bench: Bench) -> None:
    """--event: a new set-up is proven with the first period that is to come."""
    open_period(bench.memory, invoice(line(account="3050")))

    checks = check_export(export(), Agreement(), bench.memory, [invoice()], TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked

    assert all(one.ok for one in checks)
    assert checks[-1].found == "all 1 would pass the check of a period"


class Silent(Agreement):
    """An agreement behind an address where nobody answers, or behind a rate gate whose Redis is gone."""

    def __init__(self, error: Retryable) -> None:
        super().__init__()
        self.error = error

    def master_data(self, _: frozenset[str]) -> MasterData:
        raise self.error


def test_an_unreachable_economic_is_told_of_its_export_alone(bench: Bench) -> None:
    """Named with its address and what a person can do; other exports are proven all the same."""
    error = Unreachable(failure(EconomicReason.ECONOMIC_UNREACHABLE, "e-conomic cannot be reached (ConnectError)."))

    proof = report_setup(export(), Silent(error), bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked
    [found] = proof.checks

    assert (proof.reached, found.ok) == (False, False)
    assert found.found == f"{export().api_url}: e-conomic cannot be reached (ConnectError)."
    assert "Check api_url" in found.next_step


def test_a_ledger_that_is_down_ends_the_check(bench: Bench) -> None:
    """Without Redis nothing can be proven of any export."""
    agreement = Silent(StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, "Redis does not answer.")))

    with pytest.raises(StoreUnavailable):
        report_setup(export(), agreement, bench.memory, (), TODAY)  # type: ignore[arg-type]  # the part of Economic that is asked
