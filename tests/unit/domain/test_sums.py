from decimal import Decimal

import pytest
from support.samples import invoice, line

from worker.domain.invoice import Invoice, InvoiceType
from worker.domain.invoice_period import ControlTotal
from worker.domain.sums import Problem, check_event, check_sums


def found(problems: list[Problem]) -> list[tuple[str, str, str]]:
    return [(problem.reason.value, problem.field, problem.value) for problem in problems]


def total(net: str, vat: str, gross: str, currency: str = "DKK") -> ControlTotal:
    return ControlTotal(currency=currency, net=Decimal(net), vat=Decimal(vat), gross=Decimal(gross))


@pytest.mark.parametrize(
    ("checked", "problems"),
    [
        (invoice(), []),
        (invoice(line("100.00"), line("-40.00"), line("7.77", account="3012", rate="0.00")), []),
        (invoice(line("-1000.00")), []),  # a credit note
        (invoice(line("0.00")), []),  # zero-priced orders are invoiced
        # 1000.00 + 250.00 - 0.25 = 1249.75
        (invoice(rounding="-0.25"), []),
        (invoice(rounding="-0.25", gross="1250.00"), [("invalid-sums", "gross", "1250.00")]),
        # lines: 1000.00; header 1000.01, and so 1000.01 + 250.00 = 1250.01 is not 1250.00 either
        (invoice(net="1000.01"), [("invalid-sums", "net", "1000.01"), ("invalid-sums", "gross", "1250.00")]),
        (invoice(vat="249.99"), [("invalid-sums", "vat", "249.99"), ("invalid-sums", "gross", "1250.00")]),
        # 25 % of 1000.00 = 250.00; one order: one øre is allowed, two are not
        (invoice(line(vat="250.01")), []),
        (invoice(line(vat="250.02")), [("invalid-sums", "lines.vat", "250.02")]),
        # two orders: two øre are allowed, three are not
        (invoice(line(vat="249.98"), order_numbers=("1", "2")), []),
        (invoice(line(vat="249.97"), order_numbers=("1", "2")), [("invalid-sums", "lines.vat", "249.97")]),
        (invoice(order_numbers=()), []),
        (invoice(line(rate="0.00", vat="250.00")), [("invalid-sums", "lines.vat", "250.00")]),
        (invoice(invoice_date="1026-11-20"), [("event-invalid", "invoiceDate", "1026-11-20")]),
        (invoice(due_date="9999-12-31"), [("event-invalid", "dueDate", "9999-12-31")]),
    ],
)
def test_check_sums(checked: Invoice, problems: list[tuple[str, str, str]]) -> None:
    """Lines add up to the header, the header adds up in itself, each line's VAT fits its rate; dates are plausible."""
    assert found(check_sums(checked)) == problems


def test_a_problem_says_both_amounts() -> None:
    """A person sees what was stated and what it should have been."""
    [problem] = check_sums(invoice(line(vat="300.00")))

    assert problem.description == "Invoice 100353, line 1: VAT is 300.00, but 25.00 % of 1000.00 is 250.00."
    assert problem.invoice_number == 100353


def test_line_numbers_are_unique() -> None:
    """Two lines with one number cannot be distinguished."""
    twice = invoice(line(), line())
    doubled = twice.model_copy(
        update={"lines": tuple(doubled.model_copy(update={"line_number": 7}) for doubled in twice.lines)}
    )

    assert found(check_sums(doubled)) == [("duplicate-number", "lines.lineNumber", "7")]


EUR = invoice(line("10.00"), invoice_number=2, currency="EUR")


@pytest.mark.parametrize(
    ("invoices", "totals", "count", "problems"),
    [
        ([invoice()], [total("1000.00", "250.00", "1250.00")], 1, []),
        ([], [], 0, []),
        (
            [invoice(), EUR],
            [total("1000.00", "250.00", "1250.00"), total("10.00", "2.50", "12.50", "EUR")],
            2,
            [],
        ),
        ([invoice()], [total("1000.00", "250.00", "1250.00")], 2, [("control-totals", "invoiceCount", "2")]),
        (
            [invoice()],
            [total("1000.01", "250.00", "1250.01")],
            1,
            [
                ("control-totals", "controlTotals.DKK.net", "1000.01"),
                ("control-totals", "controlTotals.DKK.gross", "1250.01"),
            ],
        ),
        ([invoice()], [], 1, [("control-totals", "controlTotals", "DKK")]),
        (
            [invoice()],
            [total("1000.00", "250.00", "1250.00"), total("0.00", "0.00", "0.00", "EUR")],
            1,
            [],  # a currency without invoices adds up to nothing
        ),
        ([invoice()], 2 * [total("1000.00", "250.00", "1250.00")], 1, [("control-totals", "controlTotals", "DKK")]),
        (
            [invoice(), invoice()],
            [total("2000.00", "500.00", "2500.00")],
            2,
            [("duplicate-number", "invoiceNumber", "100353")],
        ),
    ],
)
def test_check_event(
    invoices: list[Invoice], totals: list[ControlTotal], count: int, problems: list[tuple[str, str, str]]
) -> None:
    """The invoices add up to one control total a currency, as many as announced, none twice."""
    assert found(check_event(invoices, totals, count)) == problems


def test_number_series_by_type() -> None:
    """An invoice and a correction may share a number where each type has its own series."""
    both = [invoice(), invoice(line("-1000.00"), invoice_type=InvoiceType.CORRECTION)]
    zero = [total("0.00", "0.00", "0.00")]

    assert found(check_event(both, zero, 2, by_type=True)) == []
    assert found(check_event(both, zero, 2)) == [("duplicate-number", "invoiceNumber", "100353")]


def test_everything_is_found_at_once() -> None:
    """The sender corrects all mistakes in one go, so no problem hides another."""
    problems = check_event([invoice(net="1.00"), invoice(vat="1.00")], [], 3)

    assert {problem.field for problem in problems} == {
        "net",
        "vat",
        "gross",
        "invoiceNumber",
        "invoiceCount",
        "controlTotals",
    }
