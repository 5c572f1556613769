import runpy
from typing import Any

import pytest
from support.deployment import DEPLOY

judge: Any = runpy.run_path(str(DEPLOY / "audit.py"))["judge"]
HOLE = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}


def _package(name: str, *holes: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": list(holes)}


def test_a_package_that_could_not_be_audited_is_not_called_clean() -> None:
    """pip-audit itself says "no known vulnerabilities" when it has learnt nothing at all."""
    verdict = judge({"dependencies": [{"name": "celery", "skip_reason": "not found"}, _package("redis")]}, {})

    assert (verdict.unknown, verdict.audited, verdict.found) == (("celery",), 1, ())


@pytest.mark.parametrize(
    ("accepted", "found", "outdated"),
    [
        ({}, ("redis 1.0: PYSEC-2026-1, fixed in 1.1",), ()),
        ({"PYSEC-2026-1": "why"}, (), ()),
        ({"CVE-2026-1": "why"}, (), ()),
        ({"CVE-2026-2": "why"}, ("redis 1.0: PYSEC-2026-1, fixed in 1.1",), ("CVE-2026-2",)),
    ],
)
def test_an_accepted_advisory_is_left_out_under_any_of_its_names(
    accepted: dict[str, str], found: tuple[str, ...], outdated: tuple[str, ...]
) -> None:
    """And one that was accepted for nothing is named, so that the list does not rot."""
    verdict = judge({"dependencies": [_package("redis", HOLE)]}, accepted)

    assert (verdict.found, verdict.outdated) == (found, outdated)


def test_every_accepted_advisory_has_a_reason() -> None:
    """Silence is no reason."""
    accepted = runpy.run_path(str(DEPLOY / "audit.py"))["ACCEPTED"]

    assert [advisory for advisory, why in accepted.items() if len(why) < 20] == []
