"""Several stores as one: each call reaches the right one, and one that is away is never taken for empty."""

import inspect
from collections.abc import Sequence
from typing import Any, cast

import pytest
from support.clock import ManualClock
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import invoice, line

from worker.domain import desk_ports, reconcile_ports, store_port
from worker.domain.action_log import Act, LogFilter
from worker.domain.approval import ApprovalPort
from worker.domain.desk_ports import FrozenSetPort
from worker.domain.invoice_period import ControlTotal, NewInvoice, PeriodRecord
from worker.domain.period_hold import PeriodHoldPort
from worker.domain.reasons import ProcessReason, failure
from worker.domain.signs_of_life import Part
from worker.domain.store_port import Store
from worker.errors import StoreUnavailable
from worker.intake.queue import EventQueueOperator
from worker.store import routed
from worker.store.routed import Routed

#: What workers, intake, sweeps and notifier ask of the one store that they work on, and nobody of several.
WITHIN_ONE = frozenset(
    [
        "event_known",
        "event_contents",
        "open_period",
        "register",
        "close_event",
        "claim_period",
        "received",
        "pass_preflight",
        "finish_preflight",
        "defer_preflight",
        "claim",
        "claim_others",
        "save",
        "renew",
        "give_back",
        "open_shared",
        "save_shared",
        "renew_shared",
        "release_shared",
        "shared_numbers",
        "shared_number",
        "prove_shared",
        "doubt_shared",
        "forget_shared",
        "note_clocks",
        "published",
        "sweep",
        "periods_due",
        "declare_first_use",
        "reconciles_due",
        "claim_reconcile",
        "defer_reconcile",
        "save_attachment",
        "save_credit_match",
        "schedule_reconciles",
        "claim_agreement",
        "causes_due",
        "end_causes",
        "due_causes",
        "pause_probed",
        "known",
        "notified_once",
        "tell",
        "claim_message",
        "message_sent",
        "message_failed",
        "show_life",
        "end_life",
        "call_for_preflight",
    ]
)
_PORTS = (
    store_port.OperatorPort,
    store_port.IntakePort,
    store_port.PreflightPort,
    store_port.ExportPort,
    store_port.SweepPort,
    store_port.PinPort,
    store_port.PlanPort,
    *(getattr(desk_ports, name) for name in vars(desk_ports) if name.endswith("Port")),
    *(getattr(reconcile_ports, name) for name in vars(reconcile_ports) if name.endswith("Port")),
    FrozenSetPort,
    ApprovalPort,
    PeriodHoldPort,
    EventQueueOperator,
)


class Away:
    """A store that does not answer."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: object, **__: object) -> Any:
            raise StoreUnavailable(failure(ProcessReason.STORE_UNAVAILABLE, f"Redis does not answer ({name})."))

        return refuse


class Two:
    """Two stores as one, a period of two invoices in each."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.main, self.north = MemoryStore(clock=self.clock), MemoryStore(clock=self.clock)
        for export, store in (("main", self.main), ("north", self.north)):
            _period(store, export)
            self.clock.advance(1)
        self.both = self.of(self.main, self.north)

    def of(self, main: object, north: object) -> Store:
        """Return stores like these as one."""
        parts = {"default": main, "north": north}
        return cast("Store", Routed(parts, lambda: {"north": "north"}, home="default", clock=self.clock))


def _period(store: Store, export: str) -> None:
    invoices = [invoice(line(), invoice_number=100 + number) for number in range(2)]
    gross = sum(each.gross for each in invoices)
    period = PeriodRecord(
        id=f"{export}-p1",
        export=export,
        number=1,
        name="2026-47",
        region=None,
        closed_at="2026-11-20T15:04:05Z",
        invoice_count=2,
        control_totals=(ControlTotal(currency="DKK", net=gross, vat=gross, gross=gross),),
    )
    new = [
        NewInvoice(
            id=f"{export}-{each.invoice_number}",
            export=export,
            invoice_number=each.invoice_number,
            invoice_type=each.invoice_type,
            region=None,
            content=each.content().text,
            content_hash=each.content().sha256,
        )
        for each in invoices
    ]
    store.open_period(period, "e")
    store.register(period.id, "e", new)
    store.close_event(period.id, "e")


def _ids(found: Sequence[Any]) -> list[str]:
    return [each.id for each in found]


def test_every_method_of_the_ports_has_its_way() -> None:
    """A new one has to be given one: by its first word, to all, or never asked of several stores. None has two."""
    ways = [
        routed.BY_KEY,
        frozenset(routed.BY_FIELD),
        routed.BY_EACH,
        frozenset(routed.BY_LOOKING),
        frozenset(routed.JOINED),
        routed.UNITED,
        routed.ADDED,
        routed.UNTIL_DONE,
        frozenset(name for name, _ in inspect.getmembers(Routed, inspect.isfunction) if not name.startswith("_")),
        WITHIN_ONE,
    ]
    asked = {
        name for port in _PORTS for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")
    }
    assert {name: sum(name in way for way in ways) for name in asked} == dict.fromkeys(asked, 1)
    assert frozenset().union(*ways[:-2]) <= asked  # and what no port has is routed nowhere


def test_what_names_its_export_goes_to_its_store() -> None:
    """Read and changed there, and nowhere else."""
    two = Two()
    assert [two.both.period(f"{name}-p1").export for name in ("main", "north")] == ["main", "north"]  # type: ignore[union-attr]
    assert len(list(two.both.invoices("north-p1", None))) == 2
    two.both.pause("north", failure(ProcessReason.EXPORT_PAUSED, "Paused."), by="Ole", why="x")
    assert (two.main.paused().keys(), two.north.paused().keys()) == (set(), {"north"})
    assert two.both.paused().keys() == {"north"}
    assert two.both.states(["main-100", "north-100", "north-101"]).keys() == {"main-100", "north-100", "north-101"}


def test_what_is_asked_of_all_is_joined() -> None:
    """Periods newest first; a process that left a sign in both stores is one."""
    two = Two()
    assert _ids(two.both.periods()) == ["north-p1", "main-p1"]
    assert len(list(two.both.invoices(None, None))) == 4
    for store in (two.main, two.north):
        store.show_life(Part.WORKER, "worker@host")
        two.clock.advance(1)
    [sign] = two.both.signs_of_life()
    assert (sign.name, sign.silent_for) == ("worker@host", 1)  # seen 2 s ago in one, 1 s ago in the other


def test_a_store_that_is_away_is_left_out_and_named() -> None:
    """Of all the others everything is shown; what it may hold is refused, never taken for absent."""
    two = Two()
    both = two.of(two.main, Away())
    assert _ids(both.periods()) == ["main-p1"]
    assert cast("Any", both).away() == ["north"]
    assert both.period("main-p1") is not None
    for ask in (lambda: both.period("north-p1"), lambda: both.cause("0123")):
        with pytest.raises(StoreUnavailable):
            ask()
    two.clock.advance(31)
    assert cast("Any", both).away() == []
    with pytest.raises(StoreUnavailable):
        two.of(Away(), Away()).periods()


def test_the_log_of_actions_is_paged_over_both_stores() -> None:
    """Each entry once, the newest first, whatever the size of a page: 5 of one store and 4 of the other."""
    two = Two()
    for number in range(9):
        export = "north" if number % 2 else "main"
        two.both.log_action(who="Ole", what=Act.CONNECT, why=str(number), export=export)
        two.clock.advance(1)
    for most in (1, 2, 4, 20):
        said: list[str] = []
        before = None
        while page := two.both.actions(LogFilter(what=Act.CONNECT), before=before, most=most):
            said += [entry.why for entry in page]
            before = page[-1].place
            if before == 0:
                break
        assert said == [str(number) for number in reversed(range(9))], most


def test_an_event_is_put_on_the_queue_of_its_exports_store() -> None:
    """One that nobody can read goes to the store of the settings, where it is refused with its reason."""
    queues = {"default": MemoryEventQueue(MemoryEvents()), "north": MemoryEventQueue(MemoryEvents())}
    events = cast(
        "EventQueueOperator",
        Routed(queues, lambda: {"north": "north"}, home="default", export_of_event=lambda raw: raw.decode()),
    )
    for raw in (b"north", b"main", b""):
        events.publish(raw)
    assert (queues["default"].waiting(), queues["north"].waiting(), events.waiting()) == (2, 1, 3)
