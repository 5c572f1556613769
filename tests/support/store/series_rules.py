"""What every store tells of the numbers of an export."""

from support.store import steps

from worker.domain.number_series import Explanation, NumberRecord
from worker.domain.record import Finish, Outcome, State
from worker.domain.store_port import Store

WHY = Explanation(region=None, series="", first=4, last=9, by="kim", why="ny serie, påbegyndt", at="2026-11-28")


class SeriesRules:
    """Rules of ``SeriesPort``."""

    def test_numbers_come_once_with_what_became_of_them(self, store: Store) -> None:
        """Also those that two periods share; another export's stay out."""
        steps.queue(store, 1, 2)
        store.save(steps.claim(store, "main-1"), Finish(outcome=Outcome.BOOKED))
        steps.take_in(store, 2, 3, period_number=882, event="e-2")
        found = sorted(store.numbers("main"), key=lambda each: each.number)

        assert [(each.number, each.state, each.outcome) for each in found] == [
            (1, State.EXPORTED, Outcome.BOOKED),
            (2, State.QUEUED, None),
            (3, State.RECEIVED, None),
        ]
        assert found[0] == NumberRecord(
            id="main-1",
            number=1,
            invoice_type="invoice",
            region=None,
            state=State.EXPORTED,
            outcome=Outcome.BOOKED,
        )
        assert list(store.numbers("mai")) == []

    def test_explanations_are_kept_in_order(self, store: Store) -> None:
        """Each as it was said, for its export alone."""
        other = Explanation(region="DK1", series="interest", first=1, last=1, by="bo", why="-", at="2026-11-29")
        store.explain("main", WHY)
        store.explain("main", other)

        assert list(store.explanations("main")) == [WHY, other]
        assert list(store.explanations("b")) == []
