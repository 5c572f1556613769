"""``series``: gaps are red until they are explained, or found to belong to somebody else in e-conomic."""

import csv
import io
from pathlib import Path

import pytest
from support import injections
from support.reconciled import reconciled
from support.reconciling_bench import ReconcilingBench


@pytest.fixture
def bench() -> ReconcilingBench:
    """Invoices 700001 to 700004 were exported."""
    return ReconcilingBench(reconciled(61))


def _lose(bench: ReconcilingBench, number: int) -> None:
    """The event never brought this one."""
    entries, periods = bench.world.harness.store.entries, bench.world.harness.store.period_entries
    del entries[f"main-{number}"]
    periods["main-p881"].members.discard(f"main-{number}")


def test_a_series_without_gaps(bench: ReconcilingBench) -> None:
    """Exit code 0; nothing is read in e-conomic for it."""
    before = len(bench.world.harness.sandbox.server_state.request_log.entries)
    [series] = bench.json("series")

    assert bench.run("series") == 0
    assert (series["first"], series["last"], series["expected"]) == (700001, 700004, 4)
    assert series["counts"]["exported"] == 4
    assert len(bench.world.harness.sandbox.server_state.request_log.entries) == before


def test_a_number_that_never_came_is_red_until_it_is_explained(bench: ReconcilingBench, tmp_path: Path) -> None:
    """Exit code 1, named, in the file as well; explained, it is neither."""
    _lose(bench, 700003)
    injections.gone(bench.world, "main-700003")
    file = tmp_path / "series.csv"
    red = (bench.run("series", "--csv", str(file)), bench.shown)
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    said = bench.run("series", "explain", "700003", "--why", "deleted before closing", "--by", "kim")
    after = (bench.run("series"), bench.json("series"))

    assert red[0] == 1
    assert "Never received in the series: 700003 (1 number)." in red[1]
    assert [(row["first"], row["last"], row["status"]) for row in rows] == [
        ("700001", "700002", "exported"),
        ("700003", "700003", "never-received"),
        ("700004", "700004", "exported"),
    ]
    assert said == 0
    assert after[0] == 0
    assert after[1][0]["spans"][1]["detail"] == "kim: deleted before closing"


def test_no_number_is_broken_at_80_columns(bench: ReconcilingBench) -> None:
    """Only the columns that say something are shown, each heading in words."""
    _lose(bench, 700003)
    bench.out.width = 80
    bench.run("series", "--offline")
    lines = bench.stdout.getvalue().splitlines()

    assert max(map(len, lines)) <= 80
    assert any({"700001", "700004", "4", "3", "1"} <= set(line.split()) for line in lines)
    assert "received" in bench.shown


def test_a_number_of_somebody_else_in_e_conomic_is_told(bench: ReconcilingBench) -> None:
    """Looked up where it never came; with --offline it is not."""
    _lose(bench, 700002)
    told, offline = bench.json("series")[0], bench.json("series", "--offline")[0]

    assert told["counts"]["taken-by-other"] == 1
    assert "customer" in told["spans"][1]["detail"]
    assert offline["counts"]["never-received"] == 1


@pytest.mark.parametrize(
    "arguments", [("explain", "9", "3", "--why", "x"), ("explain", "3", "--export", "other", "--why", "x")]
)
def test_what_cannot_be_explained_is_refused(bench: ReconcilingBench, arguments: tuple[str, ...]) -> None:
    """The last before the first; an export that there is not."""
    assert bench.run("series", *arguments) == 2
