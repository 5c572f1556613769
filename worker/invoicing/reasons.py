"""From a reason code to the failure that a person reads."""

from collections.abc import Iterable

from worker.errors import Failure
from worker.invoicing.catalogue import CATALOGUE
from worker.invoicing.codes import Entry, Reason

__all__ = ["CATALOGUE", "Entry", "Reason", "failure", "merged", "set_up_related"]

_SET_UP = frozenset(reason.value for reason, entry in CATALOGUE.items() if entry.set_up)


def failure(  # noqa: PLR0913  # one keyword for each field of a Failure
    reason: Reason,
    description: str,
    *,
    field: str = "",
    value: str = "",
    economic_message: str = "",
    log_id: str = "",
    next_step: str | None = None,
) -> Failure:
    """Return the failure for this reason, with the catalogue's next step unless a better one is known here."""
    return Failure(
        reason=reason.value,
        description=description,
        next_step=CATALOGUE[reason].next_step if next_step is None else next_step,
        field=field,
        value=value,
        economic_message=economic_message,
        log_id=log_id,
    )


def merged(failures: Iterable[Failure]) -> Failure:
    """Return one failure that tells all of these, under the first one's reason. Raises ValueError for none."""
    all_of_them = list(dict.fromkeys(failures))
    if not all_of_them:
        raise ValueError("no failure to merge")
    first = all_of_them[0]
    if len(all_of_them) == 1:
        return first
    return Failure(
        reason=first.reason,
        description=_numbered(one.description for one in all_of_them),
        next_step=_numbered(dict.fromkeys(one.next_step for one in all_of_them)),
        field=first.field,
        value=first.value,
        economic_message="; ".join(one.economic_message for one in all_of_them if one.economic_message),
        log_id=next((one.log_id for one in all_of_them if one.log_id), ""),
    )


def set_up_related(found: Failure) -> bool:
    """Tell whether fresher reference data could make this failure go away, so that it must be re-read first."""
    return found.reason in _SET_UP


def _numbered(texts: Iterable[str]) -> str:
    every = list(texts)
    return every[0] if len(every) == 1 else " ".join(f"({n}) {text}" for n, text in enumerate(every, start=1))
