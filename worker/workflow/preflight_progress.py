"""How far the checks of periods have come that broke off, so that their next tries go on where they stood."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.economic.kept_replies import KeptReplies
from worker.workflow.context import ExportContext

#: Seconds for which a check's progress counts; each part of it has bounds of its own besides.
_KEPT = 300.0
#: First wait after a failure, in seconds; it doubles while nothing is read.
_FIRST_WAIT = 1.0


@dataclass(kw_only=True, slots=True)
class PreflightProgress:
    """What one period's check has read."""

    #: Invoice id -> hash of its content: with other invoices it is another check.
    invoices: Mapping[str, str]
    #: When it began; seconds since the epoch, UTC.
    began: float
    replies: KeptReplies
    #: Since when master data counts as read anew.
    anew_since: float | None = None
    #: Tries in a row that read nothing.
    _fruitless: int = 0

    def newer_than(self, now: float) -> float:
        """Return from when on master data is believed that says something is missing: this check's first doubt."""
        if self.anew_since is None or now - self.anew_since > self.replies.age:
            self.anew_since = now
        return self.anew_since

    def wait(self, longest: float, *, fruitful: bool) -> float:
        """Return the seconds until the next try, after one that has read something or nothing."""
        self._fruitless = 0 if fruitful else self._fruitless + 1
        return min(longest, _FIRST_WAIT * 2.0 ** min(max(0, self._fruitless - 1), 16))


@dataclass(kw_only=True, slots=True)
class PreflightProgresses:
    """The progress of every period whose check this process has begun and not ended."""

    _of: dict[str, PreflightProgress] = field(default_factory=dict)

    def of(self, period_id: str, invoices: Mapping[str, str], context: ExportContext) -> PreflightProgress:
        """Return the progress of this check; of another one, or an old one, nothing is kept."""
        now = context.clock()
        for key in [key for key, each in self._of.copy().items() if not 0 <= now - each.began <= _KEPT]:
            self._of.pop(key, None)
        progress = self._of.get(period_id)
        if progress is None or progress.invoices != invoices:
            progress = PreflightProgress(invoices=invoices, began=now, replies=KeptReplies(clock=context.clock))
            self._of[period_id] = progress
        return progress

    def wait(self, period_id: str, longest: float, *, fruitful: bool) -> float:
        """Return the seconds until the next try of a period's check."""
        progress = self._of.get(period_id)
        return progress.wait(longest, fruitful=fruitful) if progress else longest

    def ended(self, period_id: str) -> None:
        """Forget a period's progress."""
        self._of.pop(period_id, None)
