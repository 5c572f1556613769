"""The operator's commands: ``opter-economic`` and ``python -m worker``."""

from worker.cli.main import main

__all__ = ["main"]
