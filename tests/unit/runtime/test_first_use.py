"""The statement by which a first installation is told from an emptied store."""

import json
from pathlib import Path

from worker.runtime.first_use import state_first_use

NOW = 1_800_000_000.0


def test_it_is_written_once(tmp_path: Path) -> None:
    """Only the process that writes it sees a first use; it names export, agreement and date."""
    exports = tmp_path / "exports.toml"
    exports.touch()

    assert [state_first_use(exports, "main", 417001, NOW + hours) for hours in (0, 1)] == [True, False]
    written = json.loads((tmp_path / "exports.toml.first-use-main-417001.json").read_text())
    assert written == {"export": "main", "agreement": 417001, "firstUse": "2027-01-15T08:00:00+00:00"}


def test_each_export_and_agreement_has_its_own(tmp_path: Path) -> None:
    """A second export, or another agreement, is a first use of its own."""
    exports = tmp_path / "exports.toml"
    exports.touch()
    uses = [("main", 417001), ("main", 417002), ("north", 417001)]

    assert [state_first_use(exports, export, agreement, NOW) for export, agreement in uses] == [True] * 3


def test_where_it_cannot_be_written_the_store_counts_as_emptied(tmp_path: Path) -> None:
    """Rather two lookups too many than one too few."""
    assert not state_first_use(tmp_path / "gone" / "exports.toml", "main", 417001, NOW)
