"""What an export takes: calls and minutes."""

from support.harness import EXPORT, Harness
from support.plan_periods import KNOWN, NUMBERED, period
from support.planning import planned
from support.samples import customer, invoice

from config.export_schema import Limits
from worker.dry_run.plan import Cost, cost


def test_minutes_are_tokens_over_the_rate_that_may_be_used() -> None:
    """100 reads at 3 and 570 writes at 10: 6000 tokens; half of 2000 a minute may be used: 6 minutes."""
    limits = Limits(tokens_per_minute=2000, share=0.5, calls_per_day=1340)

    assert cost(100, 570, limits) == Cost(reads=100, writes=570, minutes=6.0, days=0.5)


def test_writes_are_counted_exactly() -> None:
    """Five invoices: draft and booking each, two customers, two products."""
    assert planned(Harness(), *period()).cost.writes == 14


def test_the_calls_of_an_export_are_predicted() -> None:
    """60 invoices of 30 known and 1 new customers: within a tenth of what the export really takes."""
    harness = Harness()
    harness.around_http = lambda request, answer: (harness.clock.advance(0.05), answer(request))[1]
    cards = [customer(code=f"C{n}", ledger_number=1001 + n, corporate_id=None) for n in range(30)]
    invoices = [invoice(customer=[*cards, NUMBERED][n % 31], invoice_number=100301 + n) for n in range(60)]
    predicted = planned(harness, *invoices).cost
    before = len(harness.sandbox.server_state.request_log.entries)
    harness.hire()
    harness.close_period(*invoices)
    harness.until_rest()
    really = len(harness.sandbox.server_state.request_log.entries) - before

    assert abs(predicted.reads + predicted.writes - really) <= really / 10
    assert predicted.writes == 60 * 2 + 1


def test_customers_are_looked_up_together() -> None:
    """The plan itself takes no more calls for thirty customers than for one."""

    def calls(number: int) -> int:
        harness = Harness(EXPORT)
        cards = [KNOWN.model_copy(update={"code": f"C{n}", "ledger_number": 1001 + n}) for n in range(number)]
        planned(harness, *(invoice(customer=card, invoice_number=100301 + n) for n, card in enumerate(cards)))
        return len(harness.sandbox.server_state.request_log.entries)

    assert calls(30) == calls(1)
