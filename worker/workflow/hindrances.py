"""What keeps invoices from going on although nothing failed: dead processes, a pause, an e-conomic that is down."""

from collections.abc import Iterable, Mapping, Sequence

from worker.domain.reasons import ProcessReason, failure
from worker.domain.signs_of_life import SILENT_AFTER, Part, SignOfLife, alive, latest
from worker.economic.reasons import EconomicReason
from worker.errors import Failure

#: Reasons to wait that mean e-conomic is down.
_DOWN = {reason.value: reason for reason in (EconomicReason.ECONOMIC_UNREACHABLE, EconomicReason.ECONOMIC_UNAVAILABLE)}
_MINUTE = 60


def stores_away(name: str, exports: Sequence[str]) -> Failure:
    """Return that a store does not answer that exports name, which wait for it while all others go on."""
    text = f"Store {name} does not answer; its exports wait: {', '.join(exports)}."
    return failure(ProcessReason.STORE_UNAVAILABLE, text)


def silence(signs: Sequence[SignOfLife], part: Part) -> Failure | None:
    """Return what to say when no worker, or no intake, is alive; None while one is."""
    if alive(signs, part):
        return None
    last = latest(signs, part)
    ago = f"{round(last.silent_for / _MINUTE)} min" if last and last.silent_for >= 2 * _MINUTE else ""
    seen = f"{last.name} was seen {ago or f'{round(last.silent_for)} s'} ago" if last else "none was seen for a day"
    reason = ProcessReason.NO_WORKER if part is Part.WORKER else ProcessReason.NO_INTAKE
    return failure(reason, f"{reason.heading}: {seen}.")


def hindrances(
    signs: Sequence[SignOfLife],
    *,
    pauses: Iterable[Failure],
    waiting: Mapping[str, int],
    failing: Iterable[str] = (),
    still_for: float = SILENT_AFTER,
) -> list[Failure]:
    """Return what keeps invoices that are on their way from going on; the gravest first.

    ``waiting``: reason code -> invoices that wait for it. ``failing``: exports whose last calls to e-conomic failed.
    ``still_for``: seconds since anything moved; so soon after a start, a process may not have shown itself yet.
    """
    parts = [part for part in (Part.WORKER, Part.INTAKE) if still_for >= SILENT_AFTER or latest(signs, part)]
    found = [lacking for part in parts if (lacking := silence(signs, part))]
    found += pauses
    for code, reason in _DOWN.items():
        if waiting.get(code):
            number = waiting[code]
            found.append(failure(reason, f"{reason.heading}: {number} invoice{'s' * (number != 1)} waiting for it."))
    if not any(each.reason in _DOWN for each in found) and (names := ", ".join(sorted(failing))):
        reason = EconomicReason.ECONOMIC_UNAVAILABLE
        found.append(failure(reason, f"{reason.heading}: the last calls of {names} failed."))
    return found


def by_itself(failures: Iterable[Failure]) -> bool:
    """Tell whether all of these pass by themselves: e-conomic is down, and nobody here can change that."""
    return all(each.reason in _DOWN for each in failures)
