"""A program of ours whose trips to Redis are counted: ``python -m bench.counted FILE MODULE ARGUMENTS``.

A trip is one request that our own Redis clients send, a pipeline being one. Each appends a line to the file: the
function of ours that wanted it. Celery's trips go through kombu's own connection classes and are left out.
"""

import os
import runpy
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from redis.connection import AbstractConnection

_ROOMS = (f"{os.sep}worker{os.sep}", f"{os.sep}tasks{os.sep}")


def count_trips(file: Path) -> None:
    """Hook into the driver: one line per request from here on."""
    out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    send = AbstractConnection.send_packed_command

    def counted(self: AbstractConnection, command: Any, check_health: bool = True) -> None:  # noqa: FBT001, FBT002  # the driver's signature
        if not type(self).__module__.startswith("kombu"):
            os.write(out, f"{_caller(sys._getframe(1))}\n".encode())  # noqa: SLF001  # the caller is what is counted
        send(self, command, check_health)  # type: ignore[no-untyped-call]  # the driver leaves it untyped

    AbstractConnection.send_packed_command = counted  # type: ignore[method-assign]  # the hook


def _caller(frame: FrameType | None) -> str:
    """Return ``file:function`` of the two innermost functions of ours, the outer one first."""
    names: list[str] = []
    while frame is not None and len(names) < 2:
        code = frame.f_code
        if any(room in code.co_filename for room in _ROOMS) and "site-packages" not in code.co_filename:
            names.insert(0, f"{Path(code.co_filename).stem}.{code.co_qualname}")
        frame = frame.f_back
    return " > ".join(names) or "connection"


if __name__ == "__main__":
    _, path, module, *arguments = sys.argv
    count_trips(Path(path))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
