"""The check that Redis' clock and e-conomic's agree, before anything is looked up to be created, or created."""

from worker.domain.clocks import ClockReading, gap_text
from worker.domain.reasons import ProcessReason, failure
from worker.errors import TooEarly
from worker.workflow.context import ExportContext


def check_clocks(context: ExportContext) -> None:
    """Raise ``TooEarly`` while the store's clock is not e-conomic's: ages of keys and lookups would mean nothing.

    What was seen is noted in the store, for operators. Raises e-conomic's errors and ``StoreUnavailable``.
    """
    gap = context.economic.clock_gap()
    if abs(gap) > context.clock_gap:
        gap = context.economic.clock_gap(anew=True)
    agree = abs(gap) <= context.clock_gap
    _note(context, gap, agree=agree)
    if not agree:
        text = (
            f"e-conomic's clock is {gap_text(gap, 'the clock of Redis')}; at most {context.clock_gap:g} s are allowed. "
            "Nothing is created until they agree."
        )
        raise TooEarly(failure(ProcessReason.CLOCKS_DISAGREE, text), retry_after=context.clock_gap)


def _note(context: ExportContext, gap: float, *, agree: bool) -> None:
    now = context.clock()
    if context.clock_notes.due(now, agree=agree):
        reading = ClockReading(
            export=context.export.name,
            worker=context.worker,
            at=now,
            accounting_ahead=gap,
            worker_ahead=context.worker_clock() - now if context.worker_clock else 0.0,
        )
        context.store.note_clocks(reading)
