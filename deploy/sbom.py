# ruff: noqa: INP001  # a script beside the image that it describes, not a package
"""Write the image's bill of materials (CycloneDX, JSON) to standard output: ``python deploy/sbom.py``.

It names every Python package that the image installs, as locked, each with the hashes that the build accepts.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[1] / "requirements.lock"
#: What the Dockerfile installs.
EXTRAS = ("embedded", "postgresql", "tracing")
OWN = "opter-economic"


def locked() -> dict[str, tuple[str, list[str]]]:
    """Return the version and the SHA-256 hashes of every locked package."""
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.read_text(encoding="utf-8"))
    pinned = ((re.match(r"([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", entry), entry) for entry in entries)
    return {
        canonicalize_name(match[1]): (match[2], re.findall(r"sha256:([0-9a-f]{64})", entry))
        for match, entry in pinned
        if match
    }


def installed() -> set[str]:
    """Return the names of what the package and its extras in the image need, directly or not."""
    found: set[str] = set()
    open_ends = [(OWN, frozenset(EXTRAS))]
    while open_ends:
        name, extras = open_ends.pop()
        for needed, its_extras in _needed(name, extras):
            if needed not in found:
                found.add(needed)
                open_ends.append((needed, its_extras))
    return found


def _needed(name: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        wanted = [{"extra": extra} for extra in ("", *extras)]
        if requirement.marker is None or any(requirement.marker.evaluate(extra) for extra in wanted):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)


def bill() -> Bom:
    """Return the bill of materials."""
    known = locked()
    own = Component(name=OWN, version=distribution(OWN).version, type=ComponentType.APPLICATION, bom_ref=OWN)
    bom = Bom()
    bom.metadata.component = own
    for name in sorted(installed()):
        version, hashes = known[name]
        part = Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{name}=={version}",
            purl=PackageURL("pypi", None, name, version),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in hashes],
        )
        bom.components.add(part)
    bom.register_dependency(own, bom.components)
    return bom


if __name__ == "__main__":
    sys.stdout.write(JsonV1Dot6(bill()).output_as_string(indent=1) + "\n")
