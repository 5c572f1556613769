"""What every store tells of what persons did."""

from support.clock import ManualClock
from support.store import steps
from support.store.certificate_rules import PERIOD, WRONG, exported, keep
from support.store.steps import FAILURE

from worker.domain.action_log import Act, LogFilter
from worker.domain.certificate import Acceptance
from worker.domain.number_series import Explanation
from worker.domain.store_port import Store

ALL = LogFilter()


def entries(store: Store, wanted: LogFilter = ALL) -> list[tuple[str, ...]]:
    """Return what, who, why, export and ids of each entry, the oldest first."""
    return [(it.what, it.who, it.why, it.export, *it.of) for it in reversed(store.actions(wanted))]


class ActionLogRules:
    """Rules of ``ActionLogPort``."""

    def test_every_move_by_hand_is_logged_once_with_it(self, store: Store, clock: ManualClock) -> None:
        """With who, why, when, export and ids; of what was refused, nothing."""
        [first, second] = steps.dead_letter(store, 1, 2)
        clock.advance(5)
        store.requeue([first, "main-9"], by="kim", why="group made")
        store.requeue([first], by="kim", why="again")
        store.mark_exported(second, by="bo", why="entered by hand")
        store.mark_exported("main-9", by="bo", why="entered by hand")
        store.reexport([second], by="kim", why="deleted there")
        store.reexport([second], by="kim", why="deleted there", by_hand=True)
        store.pause("main", FAILURE, by="kim", why="audit")
        store.pause("main", FAILURE, by="bo", why="too late")
        store.resume("main", by="kim")
        store.resume("main", by="kim")

        assert entries(store) == [
            (Act.REQUEUE, "kim", "group made", "main", first),
            (Act.MARK_EXPORTED, "bo", "entered by hand", "main", second),
            (Act.REEXPORT, "kim", "deleted there", "main", second),
            (Act.PAUSE, "kim", "audit", "main", "main"),
            (Act.RESUME, "kim", "", "main", "main"),
        ]
        assert {entry.at for entry in store.actions(ALL)} == {clock.now}
        assert [entry.place for entry in store.actions(ALL)] == [4, 3, 2, 1, 0]
        assert steps.events(store, first)[-1] == ("requeued", "kim: group made")

    def test_what_is_settled_for_good_is_logged(self, store: Store) -> None:
        """A conflict, a difference, numbers that never came; the same acceptance once more is no second one."""
        exported(store)
        store.open_period(steps.period(), "e-2")
        store.register(PERIOD, "e-2", [steps.new_invoice(1, content="two")])
        keep(store, WRONG)
        acceptance = Acceptance(by="kim", why="agreed", at="2026-11-28", digest=WRONG.digest())
        for _ in range(2):
            store.accept_conflicts(PERIOD, "main-1", by="bo", why="credited")
            store.accept_difference(PERIOD, "main-1", acceptance)
        store.explain("main", Explanation(region=None, series="", first=4, last=9, by="kim", why="new", at="2026"))

        assert entries(store) == [
            (Act.ACCEPT_CONFLICT, "bo", "credited", "main", "main-1", PERIOD),
            (Act.ACCEPT_DIFFERENCE, "kim", "agreed", "main", "main-1", PERIOD),
            (Act.EXPLAIN_NUMBERS, "kim", "new", "main", "4-9"),
        ]

    def test_what_happens_by_itself_is_no_action(self, store: Store) -> None:
        """An export that pauses itself, and is resumed by no person."""
        store.pause("main", FAILURE)

        assert store.resume("main")
        assert entries(store) == []

    def test_one_call_for_two_exports_is_two_entries(self, store: Store) -> None:
        """So that each export's people see theirs; many invoices are counted, not all named."""
        many = steps.dead_letter(store, *range(1, 41))
        whole = steps.take_in(store, 1, export="other", event="e-2")
        fence = store.claim_period(whole.id)
        assert fence is not None
        dead = {"other-1": FAILURE}
        store.pass_preflight(whole.id, fence, read=steps.READ, queued=[], lookup=frozenset(), dead=dead)
        store.requeue([*many, "other-1"], by="kim")
        found = {entry.export: entry for entry in store.actions(ALL)}

        assert {export: (entry.count, len(entry.of)) for export, entry in found.items()} == {
            "main": (40, 20),
            "other": (1, 1),
        }

    def test_entries_are_found_by_export_action_and_words(self, store: Store) -> None:
        """And read on from a place downwards."""
        for number, (who, export) in enumerate([("kim", "main"), ("bo", ""), ("kim", "other"), ("Åse", "main")]):
            store.log_action(who=who, what=Act.CONNECT, why="new token", export=export, of=[f"t-{number}"])
        store.log_action(who="kim", what=Act.RESEND_EVENT, export="main", of=["e1"])

        def found(**wanted: object) -> list[int]:
            return [entry.place for entry in store.actions(LogFilter(**wanted))]  # type: ignore[arg-type]  # of the table

        assert found() == [4, 3, 2, 1, 0]
        assert found(exports=frozenset({"main"})) == [4, 3, 0]
        assert found(what="connect", text="KIM ") == [2, 0]
        assert found(text="åse") == [3]
        assert found(text="e1") == [4]
        assert [entry.place for entry in store.actions(ALL, before=3, most=2)] == [2, 1]
        assert list(store.actions(ALL, before=0)) == []

    def test_more_than_one_page_is_searched(self, store: Store) -> None:
        """The entry looked for lies far behind."""
        for number in range(1100):
            store.log_action(who="kim" if number else "bo", what=Act.CONNECT)

        assert [entry.place for entry in store.actions(LogFilter(text="bo"))] == [0]
        assert len(store.actions(ALL, most=700)) == 700
