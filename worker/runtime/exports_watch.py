"""The exports file taken in while a process runs: looked at every few seconds, each finding logged once."""

import threading
from collections.abc import Callable

import structlog

from config.exports_watch import Changed, ExportsWatch, Refused
from worker.domain.signs_of_life import FileNotTaken

log = structlog.get_logger()

#: Seconds between two looks; a change counts from the second that finds it. A file of 200 exports takes 40 ms to read.
EVERY = 3.0
#: Seconds for which the end of a process waits for a look.
_LAST_LOOK = 2.0


def not_taken(watch: ExportsWatch) -> FileNotTaken | None:
    """Return why the file as it is now is not in use; None when it is."""
    errors = watch.errors
    if not errors:
        return None
    first = errors[0]
    problem = " ".join(part for part in (first.entry, first.key, first.problem) if part)
    more = f" ({len(errors) - 1} more)" if errors[1:] else ""
    return FileNotTaken(problem=problem + more, next_step=first.next_step)


def look(watch: ExportsWatch) -> Changed | None:
    """Look once; return what is to be taken in. What cannot be taken in is logged, once."""
    found = watch.look()
    if isinstance(found, Refused):
        first = found.errors[0]
        place = " ".join(part for part in (first.entry, first.key) if part)
        log.error(
            "exports_file_not_taken",
            file=first.file,
            place=place,
            problem=first.problem,
            errors=len(found.errors),
            next_step=first.next_step,
        )
        return None
    return found


def log_taken(changed: Changed) -> None:
    """Log that exports are in use now."""
    log.info("exports_file_taken", new=changed.new, changed=changed.changed)


def keep_looking(watch: ExportsWatch, take: Callable[[Changed], None], *, every: float = EVERY) -> Callable[[], None]:
    """Look from a thread, and hand over what is to be taken in; return what ends it."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every):
            try:
                changed = look(watch)
                if changed is not None:
                    take(changed)
            except Exception as error:  # noqa: BLE001  # a fault of ours must not end the watch, nor show a token
                log.error("exports_file_failed", error=type(error).__name__)  # noqa: TRY400  # a traceback may hold one

    thread = threading.Thread(target=run, name="exports-file", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(_LAST_LOOK)

    return end
