"""What Opter says of its own export to e-conomic, its operation: what is exported, when, and what a person sees.

Each test quotes its fact from Opter's page "Exporting invoices to Visma e-conomic" (docs.opter.com, integration-001).
"""

import pytest
from support.cli import Bench
from support.harness import EXPORT, PERIOD, Harness
from support.opter_requirements import BOTH, ID, KNOWN, closed, having, printed, writes
from support.samples import customer, line

from config.export_schema import Customers, TypeRules
from config.exports import ExportConfig
from worker.domain.invoice import Customer, InvoiceType
from worker.domain.record import Outcome, State
from worker.economic.mapping.period_check import check_against_agreement

# --- Which invoices, and when


@pytest.mark.parametrize("kind", list(InvoiceType))
@BOTH
def test_every_invoice_reaches_the_books(export: ExportConfig, kind: InvoiceType) -> None:
    """Opter's page: the export must be selected on all invoice export settings, since every invoice must be booked."""
    harness = Harness(export)
    closed(harness, printed(harness, invoice_type=kind))

    assert harness.record(ID).outcome in {Outcome.BOOKED, Outcome.VOUCHER}


def test_which_types_an_export_takes_is_the_exports_own_choice() -> None:
    """Opter's page: the invoice export settings say which invoices an export gets. What is left out is shown."""
    harness = Harness(having(EXPORT, types={"interest": TypeRules(export=False)}))
    closed(harness, printed(harness, invoice_type="interest"))
    bench = Bench(harness.clock)
    bench.memory = harness.store

    assert harness.documents() == []
    assert bench.json("status", PERIOD)["outcomes"]["excluded"] == 1


@BOTH
def test_closing_a_period_exports_it(export: ExportConfig) -> None:
    """Opter's page: the export runs when an invoice period is closed. One event, every invoice of the period."""
    harness = Harness(export)
    closed(harness, *(printed(harness, invoice_number=n) for n in (1, 2, 3)))

    assert [record.state for record in harness.records()] == [State.EXPORTED] * 3


@BOTH
def test_whole_periods_and_single_invoices_go_again_later(export: ExportConfig) -> None:
    """Opter's page: or later, for whole periods or single invoices. What is there already is not posted again."""
    harness = Harness(export)
    closed(harness, *(printed(harness, invoice_number=n) for n in (1, 2, 3)))
    sent = writes(harness)
    bench = Bench(harness.clock)
    bench.memory = harness.store
    single = bench.json("reexport", "main-2", "--by", "anna")
    harness.until_rest()
    period = bench.json("reexport", "--period", PERIOD, "--by", "anna")
    harness.until_rest()

    assert (single["reexported"], len(period["reexported"])) == (["main-2"], 3)
    assert [record.state for record in harness.records()] == [State.EXPORTED] * 3
    assert sent == []


def test_there_is_one_row_for_each_account_coding() -> None:
    """Opter's page: one invoice row for each of Opter's account codings, amounts and order as they are."""
    harness = Harness()
    closed(harness, printed(harness, line("100.00"), line("200.00", account="3012", rate="0.00"), line("-5.00")))

    [booked] = harness.sandbox.agreement.booked.values()
    assert [str(row["unitNetPrice"]) for row in booked["lines"]] == ["100.00", "200.00", "-5.00"]


# --- Customers


@BOTH
def test_a_missing_customer_is_created_from_the_invoice(export: ExportConfig) -> None:
    """Opter's page: a customer that e-conomic lacks is created, from the data on the invoice."""
    new = customer(code="NY-1", ledger_number=5001, corporate_id="87654311", name="Ny Kunde ApS", email="a@example.com")
    harness = Harness(export)
    closed(harness, printed(harness, customer=new))

    made = harness.sandbox.agreement.customers[5001]
    assert {name: made[name] for name in ("name", "address", "zip", "city", "email")} == {
        "name": "Ny Kunde ApS",
        "address": "Havnegade 1",
        "zip": "1058",
        "city": "København K",
        "email": "a@example.com",
    }
    assert made["corporateIdentificationNumber"] == "87654311"


def _moved() -> Customer:
    return KNOWN.model_copy(update={"address": "Ny Vej 1", "changed_at": "2026-11-01T12:00:00Z"})


@pytest.mark.parametrize(("update", "address"), [("never", "Industrivej 1"), ("newer", "Ny Vej 1")])
def test_customers_are_updated_only_when_asked_to(update: str, address: str) -> None:
    """Opter's page does not mention updates: off by default; ``newer`` takes over what changed later in Opter."""
    rules = Customers.model_validate({"group": 21, "layout": 17, "update": update})
    harness = Harness(having(EXPORT, customers=rules))
    closed(harness, printed(harness, customer=_moved()))

    assert Customers.model_fields["update"].default == "never"
    assert harness.sandbox.agreement.customers[1001]["address"] == address


# --- What the person at Opter's window sees


def test_progress_shows_what_is_to_be_exported_and_what_is() -> None:
    """Opter's page: the window shows the number to be exported, the number exported, and a progress bar."""
    harness = Harness()
    harness.close_period(*(printed(harness, invoice_number=n) for n in (1, 2)), printed(harness, line(account="9999")))
    harness.until_rest()
    bench = Bench(harness.clock)
    bench.memory = harness.store
    bench.run("status", PERIOD)
    shown = " ".join(bench.stdout.getvalue().split())

    assert "2 of 3 exported · 66 %" in shown
    assert "To be exported 3" in shown
    assert "━" in shown


def test_the_check_before_the_first_write_needs_nothing_sent() -> None:
    """Opter's page: what is missing is reported by a failed export. Here it is reported before anything is written."""
    harness = Harness()
    source = printed(harness, line(account="9999"))
    sent = writes(harness)
    closed(harness, source)

    failures = check_against_agreement(source, harness.export, harness.client.master_data(frozenset({"9999"})))
    assert [failure.reason for failure in failures] == ["product-group-missing"]
    assert sent == []
