"""Secrets written to files: whole or not at all, and for their owner alone."""

import os
import secrets
from pathlib import Path


def write_secret(path: Path, secret: str) -> None:
    """Write a secret in place of the one that is there, with mode 0600. Raises ``OSError``; then the old one stays."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
