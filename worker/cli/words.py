"""Words for the codes of the store, as the page says them; English shows the codes, which options and scripts take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.cli.language import say, spoken

if TYPE_CHECKING:
    from worker.domain.batch import BatchState
    from worker.domain.record import State


def state_word(state: State) -> str:
    """Return where an invoice stands, in English as ``--state`` takes it."""
    if spoken() == "en":
        return state.value
    from worker.web.words import STATES  # noqa: PLC0415  # slow to load, and English needs none

    return say(STATES[state])


def batch_state_word(state: BatchState) -> str:
    """Return where a batch stands."""
    if spoken() == "en":
        return state.value
    from worker.web.words import BATCH_STATES  # noqa: PLC0415  # see above

    return say(BATCH_STATES[state])


def batch_result_words(result: str) -> str:
    """Return what became of an invoice of a batch, with the reason where it failed again; empty for not begun."""
    if spoken() == "en" or not result:
        return result
    from worker.cli.lookup import title  # noqa: PLC0415  # see above
    from worker.web.words import BATCH_RESULTS  # noqa: PLC0415  # see above

    kind, _, detail = result.partition(" ")
    why = title(detail) if kind == "dead" else ""
    return ": ".join(filter(None, (say(BATCH_RESULTS.get(kind, kind)), why)))


def history_words(event: str) -> str:
    """Return an entry of an invoice's history; one of another version as it stands."""
    if spoken() == "en":
        return event
    from worker.web.words import HISTORY  # noqa: PLC0415  # see above

    return say(HISTORY.get(event, event))


def described(text: str) -> str:
    """Return the description of a failure; in Danish quoted where it is somebody else's sentence."""
    if spoken() == "en":
        return text
    from worker.web import descriptions  # noqa: PLC0415  # see above

    return descriptions.described(text, say)


def history_detail(text: str) -> str:
    """Return what stands beside an entry of a history."""
    if spoken() == "en":
        return text
    from worker.web import descriptions  # noqa: PLC0415  # see above

    return descriptions.detail(text, say)
