"""The certificate as a document: what it adds up, what it costs, that it is written once."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest
from support import injections
from support.harness import EXPORT, PERIOD, VOUCHER_EXPORT
from support.reconciled import reconciled

from config.export_schema import Booking, Limits
from worker.domain.certificate import (
    Acceptance,
    Verdict,
    read_certificate,
    stored,
)
from worker.domain.invoice_period import held
from worker.domain.ports import Feedback, Permit, RateLimiter
from worker.domain.record import State
from worker.errors import Misconfigured
from worker.reconcile.pacing import LastInLine
from worker.runtime.build import build_reconciler


def test_sums_are_opters_and_what_was_read() -> None:
    """By currency: count, net, VAT, gross of both sides and their difference; a missing one is missing in one."""
    world = reconciled(21, size=6)
    injections.gone(world, "main-700002")
    gone = world.invoices["main-700002"]
    certificate = world.certificate()
    totals = {each.currency: each for each in certificate.currencies}[gone.currency]
    same = [each for each in world.invoices.values() if each.currency == gone.currency]

    assert totals.opter.gross == sum(each.gross for each in same)
    assert (totals.difference.invoices, totals.difference.net, totals.difference.vat, totals.difference.gross) == (
        1,
        gone.net,
        gone.vat,
        gone.gross,
    )


def test_sums_by_account_and_vat_code_show_where_it_stands() -> None:
    """Revenue on another account shows in two rows, and nowhere else."""
    world = reconciled(22, size=4)
    before = world.certificate().accounts
    injections.account(world, "main-700001")
    after = world.certificate().accounts

    assert {row.difference for row in before} == {Decimal("0.00")}
    assert sum(row.difference for row in after) == 0
    assert {row.account for row in after if row.difference} >= {3090}


def test_a_certificate_is_its_text() -> None:
    """Id and hash follow from the content; it reads back; a changed text is noticed."""
    certificate = reconciled(23).certificate()
    kept = stored(certificate)

    assert read_certificate(kept) == certificate
    assert kept.id == f"main-p881-c{kept.sha256[:12]}"
    assert stored(certificate) == kept
    assert held(kept) == {each.currency: (each.books.invoices, each.books.gross) for each in certificate.currencies}
    with pytest.raises(ValueError, match="was changed"):
        read_certificate(replace(kept, text=kept.text.replace("equal", "equel", 1)))


def test_an_accepted_difference_is_open_no_more_until_it_changes() -> None:
    """Accepted is what was seen; another difference of the same invoice is open again."""
    world = reconciled(24)
    injections.later(world, "main-700001")
    seen = world.findings()["main-700001"]
    world.accepted = {"main-700001": Acceptance(by="kim", why="agreed", at="2026-11-28", digest=seen.digest())}
    accepted = world.findings()["main-700001"]
    injections.customer(world, "main-700001")
    again = world.findings()["main-700001"]

    assert (accepted.verdict, accepted.is_open, again.is_open) == (Verdict.DIFFERS, False, True)
    assert accepted.accepted is not None
    assert accepted.accepted.why == "agreed"


def test_what_the_export_tolerates_is_no_difference() -> None:
    """An invoice booked with an accepted difference of an øre is equal."""
    world = reconciled(25)
    world.export = world.export.model_copy(update={"booking": Booking(tolerance=Decimal("0.01"))})
    world.export = world.export.model_copy(
        update={"reconcile": world.export.reconcile.model_copy(update={"accounts": False})}
    )
    injections.oere(world, "main-700001")

    assert {each.verdict for each in world.findings().values()} == {Verdict.EQUAL}


def test_the_ledger_costs_a_call_for_150_invoices_at_most() -> None:
    """Warm, the whole certificate of a period of 600 takes at most 0.01 calls an invoice, in both readings."""
    world = reconciled(26, size=600)
    world.certificate()
    entries = world.harness.sandbox.server_state.request_log.entries
    for switch in ("customer", "every-line"):
        world.agreement.switches.invoice_number_on = switch  # type: ignore[assignment]  # one of its two words
        before = len(entries)
        certificate = world.certificate()
        ledger = [entry for entry in entries[before:] if "booked-entries" in entry.path]

        assert len(ledger) <= 600 / 150
        assert certificate.reading.calls == len(entries) - before
        assert certificate.reading.calls <= 600 * 0.01


def test_a_span_that_is_refused_is_asked_for_as_a_list() -> None:
    """That a span of numbers may be filtered for is inferred: the documented list does as well."""
    world = reconciled(27, size=120)
    certificate = world.certificate()
    refused = []

    def around(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        if "$gte" in str(request.url) and "booked-entries" in request.url.path:
            refused.append(str(request.url))
            changed = str(request.url).replace("$gte", "$odd")
            return answer(httpx.Request(request.method, changed, headers=request.headers))
        return answer(request)

    world.harness.around_http = around

    assert world.certificate().findings == certificate.findings
    assert len(refused) == 1


def test_documents_that_cannot_be_listed_are_said_to_be_left_out() -> None:
    """An agreement whose documents cannot be listed is no alarm, and no claim either."""
    world = reconciled(28, method="voucher")
    world.export = world.export.model_copy(
        update={"reconcile": world.export.reconcile.model_copy(update={"documents_version": "9.9.9"})}
    )
    world.harness.export = world.export
    world.harness.hire()
    certificate = world.certificate()

    assert {each.verdict for each in certificate.findings} == {Verdict.EQUAL}
    assert certificate.reading.left_out == ("Attached PDFs: e-conomic does not let them be listed.",)


def test_a_role_that_is_missing_stops_the_certificate_alone() -> None:
    """It is raised, for whoever asked; nothing is said of any invoice."""
    world = reconciled(29)
    world.agreement.roles = {"Sales"}
    world.harness.hire()

    with pytest.raises(Misconfigured):
        world.certificate()


class _Grants:
    """A rate limiter that grants 600 tokens a minute."""

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        assert begun is False
        return Permit(agreement=agreement, limits=limits, cost=cost, granted=600.0)

    def report(self, *_: object) -> None:
        """Learn nothing."""


def test_reading_back_uses_a_tenth_of_the_tokens_at_most() -> None:
    """Over any longer time, waits between its calls leave nine tenths to exports."""
    now = [0.0]
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    pace = LastInLine(inner=_Grants(), sleep=sleep, clock=lambda: now[0])  # type: ignore[arg-type]  # a fake of the port
    for _ in range(100):
        pace.acquire("grant", 3.0, Limits(), begun=True)

    assert 600 / 60 * 0.1 * (now[0] + 10) >= 100 * 3.0
    assert waited


class _Counted:
    """A limiter that counts who asks, with what was asked for."""

    def __init__(self, inner: RateLimiter) -> None:
        self.inner = inner
        self.begun: list[bool] = []

    def acquire(self, agreement: str, cost: float, limits: Limits, *, begun: bool = False) -> Permit:
        if not agreement.endswith("-last"):
            self.begun.append(begun)
        return self.inner.acquire(agreement, cost, limits, begun=begun)

    def report(self, permit: Permit, feedback: Feedback) -> None:
        self.inner.report(permit, feedback)


@pytest.mark.parametrize("method", ["invoice", "voucher"])
def test_every_read_of_a_certificate_is_last_in_line(method: str) -> None:
    """Not the ledger's alone: none of its calls takes the way of an export, nor counts as begun."""
    world = reconciled(31, size=6, method=method)
    harness, counted = world.harness, _Counted(world.harness.rate_limiter)
    harness.client.master_data(frozenset({"3010", "3012", "3020"}))
    last = LastInLine(inner=counted, sleep=lambda _: None)
    reconciler = build_reconciler(replace(harness.context, export=world.export), harness.client, last)
    period = harness.store.period(PERIOD)
    assert period is not None
    before = len(harness.sandbox.server_state.request_log.entries)
    reconciler.certificate(period, harness.records(), accepted={})
    calls = harness.sandbox.server_state.request_log.entries[before:]

    assert len(calls) >= 4
    assert counted.begun == [False] * len(calls)


def test_an_invoice_that_e_conomic_numbers_is_found_by_its_booked_number() -> None:
    """The number in the ledger is e-conomic's own then, which the record knows."""
    world = reconciled(30)
    economic = EXPORT.model_copy(update={"booking": Booking(numbers="economic")})
    world.export = economic

    assert {each.verdict for each in world.findings().values()} == {Verdict.EQUAL}


def test_an_export_whose_method_was_changed_keeps_what_stands() -> None:
    """Invoices that were booked before the change are compared as such, and so are vouchers; neither is an alarm."""
    for method, other in (("invoice", VOUCHER_EXPORT), ("voucher", EXPORT)):
        world = reconciled(31, method=method)
        world.export = other

        assert {each.verdict for each in world.findings().values()} == {Verdict.EQUAL}, method


def test_what_is_on_its_way_is_no_surprise() -> None:
    """Reconciled in the middle of an export or a re-export: it stands already, and is not through yet."""
    world = reconciled(32)
    key = "main-700001"
    for state in (State.RECEIVED, State.QUEUED, State.EXPORTING, State.WAITING):
        world.records[key] = replace(world.records[key], state=state, outcome=None)

        assert world.findings()[key].verdict is Verdict.UNREAD
