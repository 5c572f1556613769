"""The command of the forwarder: ``opter-forward.pyz FOLDER URL --export NAME --secret-file FILE``."""

import argparse
import logging
import logging.handlers
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias, get_args

from worker.forward.folder import OWN, Folder
from worker.forward.forwarder import Forwarder
from worker.forward.sending import Sender, Unusable

log = logging.getLogger("forward")

Complete: TypeAlias = Literal["stable", "done-file"]

#: Exit codes: all is sent; a file was refused, or stays; the set-up is wrong.
ALL_SENT, SOME_LEFT, WRONG_SET_UP = 0, 1, 2
#: Seconds between two looks; after failures twice as long each time, up to the longest.
_LOOKS, _LONGEST = 5.0, 300.0
_LOG_BYTES, _LOGS = 1 << 20, 5

#: The options, for this program's own help and for that of ``opter-economic forward``.
HELP = {
    "folder": "Folder that Opter writes to.",
    "url": "Address of the page, https://host or https://host:port.",
    "export": "Name of the export in the exports file.",
    "secret-file": "File that holds the export's secret.",
    "complete": "When a file is complete.",
    "stable-seconds": "Seconds for which it must not have changed.",
    "once": "Send what lies there, and end.",
    "ca-file": "PEM file of the authority that signed the page's certificate.",
    "allow-http": "Send to another machine without encryption.",
}
COMPLETE: Complete = "stable"
STABLE_SECONDS = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the forwarder until it is stopped, or once; return the exit code."""
    options = parser().parse_args(arguments)
    folder = Folder(Path(options.folder).absolute())
    try:
        folder.prepare()
        _log_to(folder.path / OWN / "forward.log")
        with _alone(folder.path / OWN / "forward.lock"):
            return _run(options, folder)
    except Unusable as error:
        log.error("%s", error)  # noqa: TRY400  # for people: the sentence says it all
    except OSError as error:
        log.error("%s: %s", error.filename or folder.path, error.strerror)  # noqa: TRY400  # the same
    except KeyboardInterrupt:
        return ALL_SENT
    return WRONG_SET_UP


def start() -> None:
    """Run the forwarder as a program of its own."""
    sys.exit(main())


def _run(options: argparse.Namespace, folder: Folder) -> int:
    context = ssl.create_default_context(cafile=options.ca_file) if options.url.startswith("https") else None
    sender = Sender(
        url=options.url,
        export=options.export,
        secret_file=Path(options.secret_file),
        clock=time.time,
        context=context,
        allow_http=options.allow_http,
    )
    sender.check()
    forwarder = Forwarder(
        folder=folder,
        send=sender.send,
        stable_seconds=options.stable_seconds,
        done_files=options.complete == "done-file",
    )
    if options.once:
        return run_once(forwarder, time.monotonic, time.sleep)
    return run_on(forwarder, time.monotonic, time.sleep)


def run_once(forwarder: Forwarder, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> int:
    """Look, wait until what lies there counts as complete, send it; return the exit code."""
    first = forwarder.turn(monotonic())
    if not forwarder.done_files:
        sleep(forwarder.stable_seconds)
    second = forwarder.turn(monotonic())
    return SOME_LEFT if second.left or first.refused or second.refused else ALL_SENT


def run_on(forwarder: Forwarder, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> int:
    """Look again and again. What is wrong is logged and tried again: whoever sets it right need not start us anew."""
    pause = _LOOKS
    while True:
        try:
            turn = forwarder.turn(monotonic())
        except Unusable as error:
            log.error("%s Files stay where they are.", error)  # noqa: TRY400  # for people
            pause = min(_LONGEST, pause * 2)
        except OSError as error:
            log.error("%s: %s", error.filename or forwarder.folder.path, error.strerror)  # noqa: TRY400  # for people
            pause = min(_LONGEST, pause * 2)
        else:
            pause = max(turn.wait, min(_LONGEST, pause * 2)) if turn.left and not turn.sent else _LOOKS
        sleep(pause)


def parser() -> argparse.ArgumentParser:
    """Return who reads the program's own command line."""
    options = argparse.ArgumentParser(
        prog="opter-forward", description="Posts the files that Opter writes into a folder to opter-economic."
    )
    options.add_argument("folder", help=HELP["folder"])
    options.add_argument("url", help=HELP["url"])
    options.add_argument("--export", required=True, help=HELP["export"])
    options.add_argument("--secret-file", required=True, help=HELP["secret-file"])
    options.add_argument("--complete", choices=get_args(Complete), default=COMPLETE, help=HELP["complete"])
    options.add_argument("--stable-seconds", type=float, default=STABLE_SECONDS, help=HELP["stable-seconds"])
    options.add_argument("--once", action="store_true", help=HELP["once"])
    options.add_argument("--ca-file", help=HELP["ca-file"])
    options.add_argument("--allow-http", action="store_true", help=HELP["allow-http"])
    return options


def _log_to(file: Path) -> None:
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    kept = logging.handlers.RotatingFileHandler(
        file, maxBytes=_LOG_BYTES, backupCount=_LOGS, encoding="utf-8", delay=True
    )
    # Started without a window (pythonw), there is no standard error.
    for handler in (kept, logging.StreamHandler(sys.stderr)) if sys.stderr else (kept,):
        handler.setFormatter(form)
        log.addHandler(handler)
    log.setLevel(logging.INFO)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder against a second forwarder; the system lets go when this process ends, however it ends."""
    with path.open("ab") as file:
        try:
            _lock(file)
        except OSError:
            raise Unusable("Another forwarder is at this folder.") from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
