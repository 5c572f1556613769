"""``failed``: dead letters under their reasons, and one in full."""

from support.cli import Bench, half_done


def test_nothing_failed(bench: Bench) -> None:
    """Exit code 0 and a word about it."""
    assert bench.run("failed") == 0
    assert bench.stdout.getvalue() == "Nothing has failed.\n"


def test_failed_invoices_stand_under_their_reason_with_the_next_step(bench: Bench) -> None:
    """Grouped; each group with its code for --reason, each invoice with what is wrong."""
    half_done(bench)

    assert bench.run("failed", "list") == 1
    shown = bench.stdout.getvalue()
    assert "Product groups missing in e-conomic · 1 invoice" in shown
    assert "product-group-missing" in shown
    assert "main-100356" in shown
    assert "→ Compare the two sums." in shown


def test_a_reason_narrows_the_list(bench: Bench) -> None:
    """Only that code; the JSON has the failure in full."""
    half_done(bench)

    [entry] = bench.json("failed", "list", "--reason", "totals-mismatch")

    assert entry["id"] == "main-100356"
    assert entry["failure"]["logId"] == "log-17"
    assert entry["failure"]["economicMessage"] == "E07180 [sic]"


def test_an_unknown_reason_code_is_wrong_usage(bench: Bench) -> None:
    """A misspelt code must not seem like an empty list."""
    assert bench.run("failed", "list", "--reason", "totals-missmatch") == 2
    assert "totals-mismatch" in bench.stderr.getvalue()


def test_one_invoice_in_full(bench: Bench) -> None:
    """What e-conomic said is shown verbatim, brackets included; history in UTC; a task id of Flower will do."""
    half_done(bench)

    assert bench.run("failed", "show", "main-100356.ab12cd34") == 1
    shown = bench.stdout.getvalue()
    assert "E07180 [sic]" in shown
    assert "log-17" in shown
    assert "net 1 000.00, VAT 250.00, gross 1 250.00 DKK" in shown
    assert "2027-01-15 08:00:00 UTC" in shown


def test_an_invoice_that_is_not_there(bench: Bench) -> None:
    """Exit code 2 and an example of an id."""
    assert bench.run("failed", "show", "100356") == 2
    assert "main-100353" in bench.stderr.getvalue()
