"""A program that runs another and ends it with its parent: ``python tether.py PARENT_PID PROGRAM [ARGUMENT...]``.

A program of its own rather than a ``preexec_fn``, which may deadlock in a process that has threads. Linux only can
tie a child to its parent (prctl, PR_SET_PDEATHSIG); elsewhere the program just runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, program: str, *arguments: str) -> None:
    """Ask for SIGTERM at the parent's death, then become the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit("the parent has ended before its server could start")
    os.execv(program, [program, *arguments])  # noqa: S606  # the program is ours; no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
