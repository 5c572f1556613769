"""The statement, outside Redis, that an export has been used: by it an emptied store is told from a new one."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path


def state_first_use(exports_file: Path, export: str, agreement: int, now: float) -> bool:
    """Write the statement beside the exports file; True if there was none, so that this is the first use.

    False as well where it cannot be written to last: in a folder that is read-only, or only a container's own with the
    exports file mounted into it. Then a new store has to be taken for an emptied one.
    """
    path = exports_file.with_name(f"{exports_file.name}.first-use-{export}-{agreement}.json")
    statement = {"export": export, "agreement": agreement, "firstUse": datetime.fromtimestamp(now, UTC).isoformat()}
    try:
        if exports_file.stat().st_dev != exports_file.resolve().parent.stat().st_dev:
            return False
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(statement) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True
