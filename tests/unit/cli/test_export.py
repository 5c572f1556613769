"""``export``: the entries of the exports file."""

from support.cli import Bench


def test_all_exports_without_their_tokens(bench: Bench) -> None:
    """Name, method, agreement; never a token."""
    assert bench.run("export", "list") == 0
    assert "main" in bench.stdout.getvalue()
    assert "token" not in bench.stdout.getvalue()


def test_pause_and_resume(bench: Bench) -> None:
    """A pause stops claims and shows who did it and why; list says so with exit code 1 until it is lifted."""
    bench.run("export", "pause", "main", "--by", "anna", "--why", "year end")

    [listed] = bench.json("export", "list")
    assert listed["paused"]["description"] == "Paused by anna: year end."
    assert bench.run("export", "list") == 1

    assert bench.run("export", "resume", "main") == 0
    assert bench.run("export", "list") == 0


def test_resuming_what_runs_says_so(bench: Bench) -> None:
    """No harm, but no silence either."""
    bench.run("export", "resume", "main")

    assert bench.stdout.getvalue() == "Export main was not paused.\n"


def test_an_unknown_export_is_not_paused(bench: Bench) -> None:
    """A misspelt name must not look like a pause."""
    assert bench.run("export", "pause", "mian", "--by", "anna") == 2
    assert bench.memory.paused() == {}
