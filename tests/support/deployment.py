"""The documents and deployment files, read the way their readers do."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCS = DEPLOY / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(DOCS / "adr").glob("*.md")])
SETUPS = sorted(
    path
    for folder in (
        DEPLOY,
        DEPLOY / "systemd",
        DEPLOY / "kubernetes",
        DEPLOY / "kubernetes" / "scaling",
        DEPLOY / "redis",
    )
    for path in folder.iterdir()
    if path.suffix in {".yaml", ".service", ".conf", ".acl", ".example", ".toml"} or path.name == "Dockerfile"
)

_COMMAND = re.compile(r'(?:^ *|["`]|exec \w+ |-- |ExecStart=/\S+/)opter-economic ([a-z][^`>;#|\n]*)', re.MULTILINE)


def commands(text: str) -> list[str]:
    """Return the arguments of every ``opter-economic`` command that the text shows."""
    return [found.strip() for found in _COMMAND.findall(text)]


def documents(path: Path) -> list[dict[str, Any]]:
    """Return the documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def relative(path: Path) -> str:
    """Return the path below the repository: a readable test id."""
    return str(path.relative_to(ROOT))
