# ruff: noqa: INP001  # a script beside the deployment that it looks after, not a package
"""Known vulnerabilities of the locked dependencies: ``python deploy/audit.py [--strict]``.

Ends with 1 when one is found that nobody has accepted. The advisories come over the network; where they cannot be had,
this says so plainly and ends with 0, as no commit is the better for a red light that is about the network. With
``--strict`` (for a nightly run that has a network) an audit that did not take place ends with 2.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
#: Advisories that do not concern us: id -> why not, and until when that is believed.
ACCEPTED: Mapping[str, str] = {}
_PATIENCE = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an audit found."""

    #: One line for each vulnerability that nobody has accepted.
    found: tuple[str, ...] = ()
    #: Packages of which nothing could be learnt.
    unknown: tuple[str, ...] = ()
    audited: int = 0
    #: Accepted advisories that no package has any more.
    outdated: tuple[str, ...] = ()


def judge(report: Mapping[str, Any], accepted: Mapping[str, str]) -> Verdict:
    """Read pip-audit's JSON report. A package that it skipped is unknown, never clean."""
    packages = report["dependencies"]
    audited = [package for package in packages if "skip_reason" not in package]
    holes = [(package, hole) for package in audited for hole in package["vulns"]]
    names = [{hole["id"], *hole.get("aliases", ())} for _, hole in holes]
    return Verdict(
        found=tuple(
            _line(package, hole) for (package, hole), ids in zip(holes, names, strict=True) if ids.isdisjoint(accepted)
        ),
        unknown=tuple(package["name"] for package in packages if "skip_reason" in package),
        audited=len(audited),
        outdated=tuple(sorted(set(accepted) - set().union(*names))) if audited else (),
    )


def _line(package: Mapping[str, Any], hole: Mapping[str, Any]) -> str:
    fixed = ", ".join(hole.get("fix_versions") or ["no version yet"])
    return f"{package['name']} {package['version']}: {hole['id']}, fixed in {fixed}"


def _report() -> Mapping[str, Any]:
    """Ask pip-audit; an empty report when it cannot be asked."""
    options = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json", "--timeout", "10")
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603  # our own Python and arguments
        report: Mapping[str, Any] = json.loads(done.stdout)
    except (ValueError, subprocess.TimeoutExpired):
        return {"dependencies": []}
    return report


def main() -> int:
    """Audit, say what was found, and return the exit code."""
    verdict = judge(_report(), ACCEPTED)
    for line in verdict.found:
        print(f"VULNERABLE  {line}")  # noqa: T201  # a script speaks by printing
    for advisory in verdict.outdated:
        print(f"outdated    {advisory} is accepted in deploy/audit.py, and no package has it any more")  # noqa: T201  # as above
    if not verdict.audited or verdict.unknown:
        told = f"{len(verdict.unknown)} packages" if verdict.audited else "any package"
        print(f"NOT AUDITED The advisories of {told} could not be had from here; run this where there is a network.")  # noqa: T201  # as above
    print(f"{verdict.audited} packages audited, {len(verdict.found)} vulnerabilities.")  # noqa: T201  # as above
    if verdict.found:
        return 1
    return 2 if "--strict" in sys.argv and (verdict.unknown or not verdict.audited) else 0


if __name__ == "__main__":
    sys.exit(main())
