"""What differs between two contents of one invoice, field by field: what was posted, and what came later."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def differences(posted: str, later: str) -> Mapping[str, tuple[str, str]]:
    """Return the fields in which two contents (canonical JSON) differ, by path; a dash where one has none."""
    before, after = dict(_flat("", json.loads(posted))), dict(_flat("", json.loads(later)))
    names = dict.fromkeys((*before, *after))
    return {
        name: (before.get(name, "-"), after.get(name, "-"))
        for name in names
        if before.get(name, "-") != after.get(name, "-")
    }


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}".lstrip("."), inner)
    elif isinstance(value, list):
        for at, inner in enumerate(value, start=1):
            yield from _flat(f"{path}[{at}]", inner)
    elif value is not None:
        yield path, str(value)
