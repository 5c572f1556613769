"""What every store keeps of certificates and of the work that they leave."""

from dataclasses import replace
from decimal import Decimal

import pytest
from support.clock import ManualClock
from support.store import steps

from worker.domain.attachment import AttachmentState, PdfAttachment
from worker.domain.certificate import (
    Acceptance,
    Amounts,
    Certificate,
    FieldDifference,
    Finding,
    Reading,
    Verdict,
    stored,
)
from worker.domain.credit_match import CreditMatch, MatchState
from worker.domain.invoice_period import StoredCertificate
from worker.domain.record import Finish, Outcome, State
from worker.domain.store_port import Store
from worker.errors import LeaseLost

PERIOD = "main-p881"
MORNING = "2026-11-28T08:00:00+00:00"
EQUAL = Finding(
    id="main-1",
    invoice_number=1,
    currency="DKK",
    verdict=Verdict.EQUAL,
    opter=Amounts(invoices=1, net=Decimal("80.00"), vat=Decimal("20.00"), gross=Decimal("100.00")),
)
WRONG = EQUAL.model_copy(
    update={
        "verdict": Verdict.DIFFERS,
        "fields": (FieldDifference(field="date", opter="2026-11-20", books="2026-11-21"),),
    }
)


def certificate(*findings: Finding, at: str = MORNING) -> Certificate:
    reading = Reading(agreement=1, method="invoice", calls=3, sources=())
    return Certificate(
        period=PERIOD, name="A", export="main", at=at, version="0", reading=reading, findings=tuple(findings)
    )


def keep(
    store: Store, *findings: Finding, at: str = "2026-11-28T08:00:00+00:00", claimed: str = ""
) -> StoredCertificate:
    made = certificate(*findings, at=at)
    kept = stored(made)
    assert store.add_certificate(kept, made.differences, claimed=claimed)
    return kept


def exported(store: Store) -> None:
    steps.queue(store, 1)
    store.save(steps.claim(store, "main-1"), Finish(outcome=Outcome.BOOKED))


class CertificateRules:
    """Rules of ``CertificatePort``."""

    def test_certificates_are_kept_in_order_and_whole(self, store: Store) -> None:
        """A later one never overwrites an earlier one; the period shows the last, without its text."""
        exported(store)
        first, second = keep(store, EQUAL), keep(store, EQUAL, at="2026-11-29T08:00:00+00:00")
        keep(store, EQUAL)  # the same once more

        assert [replace(first, text=""), replace(second, text="")] == list(store.certificates(PERIOD))
        assert first == store.certificate(first.id)
        assert second == store.certificate(second.id)
        period = store.period(PERIOD)
        assert period is not None
        assert period.certificate == replace(second, text="")

    def test_an_outline_leaves_the_findings_out(self, store: Store) -> None:
        """All else is as it was kept; one that is unknown has none."""
        exported(store)
        kept = keep(store, WRONG)
        outline = store.outline(kept.id)

        assert outline is not None
        whole = Certificate.model_validate_json(kept.text)
        assert Certificate.model_validate_json(outline) == whole.model_copy(update={"findings": ()})
        assert store.outline("main-p881-c0") is None

    def test_about_so_many_differences_are_read(self, store: Store) -> None:
        """Of a few, all; of 1,000, far fewer."""
        exported(store)
        keep(store, WRONG)
        few = store.differences(PERIOD, most=50)
        many = [WRONG.model_copy(update={"id": f"main-{number}"}) for number in range(1000)]
        keep(store, *many, at="2026-11-29T08:00:00+00:00")

        assert [each.finding for each in few] == [WRONG]
        assert 50 <= len(store.differences(PERIOD, most=50)) < 200

    def test_what_is_unknown_is_none(self, store: Store) -> None:
        """Neither certificate nor difference is made up, and no certificate without its period."""
        made = certificate(EQUAL)

        assert store.add_certificate(stored(made), ()) is False
        assert store.certificate("main-p881-c0") is None
        assert list(store.certificates(PERIOD)) == []
        assert list(store.differences(None)) == []
        assert list(store.differences(PERIOD)) == []
        assert store.acceptances(PERIOD) == {}

    def test_differences_are_those_of_the_last_certificate(self, store: Store) -> None:
        """They turn the period, and the next certificate turns it back."""
        exported(store)
        keep(store, WRONG)
        before = [
            (each.period, each.invoice_id, each.finding)
            for each in (*store.differences(None), *store.differences(PERIOD))
        ]
        state = steps.state_of_period(store, PERIOD)
        keep(store, EQUAL, at="2026-11-29T08:00:00+00:00")

        assert before == [(PERIOD, "main-1", WRONG)] * 2
        assert (state, steps.state_of_period(store, PERIOD)) == ("differs", "checked")
        assert list(store.differences(None)) == []

    def test_one_that_is_not_complete_settles_nothing(self, store: Store) -> None:
        """An outage leaves the differences that were found before, and the period as it was."""
        exported(store)
        keep(store, WRONG)
        keep(store, EQUAL.model_copy(update={"verdict": Verdict.UNREAD}), at="2026-11-29T08:00:00+00:00")

        assert [each.finding for each in store.differences(PERIOD)] == [WRONG]
        assert steps.state_of_period(store, PERIOD) == "differs"
        assert len(store.certificates(PERIOD)) == 2

    def test_an_acceptance_is_kept_and_calls_for_a_certificate(self, store: Store, clock: ManualClock) -> None:
        """With who and why, also in the invoice's history; where there is no difference, there is nothing to accept."""
        exported(store)
        claimed = store.claim_reconcile(PERIOD, lease=60)
        assert claimed is not None
        keep(store, WRONG, claimed=claimed)
        acceptance = Acceptance(by="kim", why="agreed", at="2026-11-28", digest=WRONG.digest())
        none_due = list(store.reconciles_due())
        done = [store.accept_difference(PERIOD, key, acceptance) for key in ("main-1", "main-2")]
        clock.advance(1)

        assert (none_due, done) == ([], [True, False])
        assert store.acceptances(PERIOD) == {"main-1": acceptance}
        assert steps.events(store, "main-1")[-1] == ("difference-accepted", "kim: agreed")
        assert list(store.reconciles_due()) == [(PERIOD, "main")]

    def test_a_period_is_due_once_nothing_of_it_is_on_its_way(self, store: Store) -> None:
        """Not before its preflight, not while one is queued; dead letters do not hold it up."""
        steps.take_in(store, 1, 2)
        seen = [list(store.reconciles_due())]
        steps.check(store, PERIOD)
        seen.append(list(store.reconciles_due()))
        store.save(steps.claim(store, "main-1"), Finish(outcome=Outcome.BOOKED))
        seen.append(list(store.reconciles_due()))
        store.mark_exported("main-2", by="kim", why="entered")

        assert seen == [[], [], []]
        assert list(store.reconciles_due()) == [(PERIOD, "main")]

    def test_a_paused_export_is_not_read_back(self, store: Store) -> None:
        """Its tokens may have been revoked; it is due again when it is resumed."""
        exported(store)
        store.pause("main", steps.FAILURE)
        paused = list(store.reconciles_due())
        store.resume("main")

        assert (paused, list(store.reconciles_due())) == ([], [(PERIOD, "main")])

    def test_a_due_certificate_has_one_maker(self, store: Store, clock: ManualClock) -> None:
        """Until its lease is over; a period that is not due cannot be claimed."""
        exported(store)
        first, second = store.claim_reconcile(PERIOD, lease=60), store.claim_reconcile(PERIOD, lease=60)
        clock.advance(61)
        third = store.claim_reconcile(PERIOD, lease=60)

        assert first
        assert second is None
        assert third
        assert store.claim_reconcile("main-p9", lease=60) is None

    def test_what_comes_in_meanwhile_makes_another_due(self, store: Store) -> None:
        """A certificate takes nothing off the list that was put there while it was being made."""
        exported(store)
        claimed = store.claim_reconcile(PERIOD, lease=60)
        assert claimed is not None
        steps.take_in(store, 2, event="e-2")
        steps.check(store, PERIOD)
        store.save(steps.claim(store, "main-2"), Finish(outcome=Outcome.BOOKED))
        keep(store, EQUAL, claimed=claimed)

        assert list(store.reconciles_due()) == [(PERIOD, "main")]

    def test_a_deferred_certificate_is_due_later(self, store: Store, clock: ManualClock) -> None:
        """By the one that has it; an older claim defers nothing."""
        exported(store)
        claimed = store.claim_reconcile(PERIOD, lease=60)
        assert claimed is not None
        store.defer_reconcile(PERIOD, "0", until=clock.now)
        store.defer_reconcile(PERIOD, claimed, until=clock.now + 5)
        before = list(store.reconciles_due())
        clock.advance(6)

        assert (before, list(store.reconciles_due())) == ([], [(PERIOD, "main")])

    def test_a_night_makes_recent_periods_due_once(self, store: Store, clock: ManualClock) -> None:
        """Those that came in since then, and not a second time in the same night."""
        exported(store)
        seen: list[list[tuple[str, str]]] = []
        for night, since in (("n1", clock.now + 1), ("n2", clock.now - 1), ("n2", clock.now - 1)):
            claimed = store.claim_reconcile(PERIOD, lease=60)
            keep(store, EQUAL, at=f"{len(seen)}", claimed=claimed or "")
            store.schedule_reconciles(night, since=since)
            seen.append(list(store.reconciles_due()))

        assert seen == [[], [(PERIOD, "main")], []]

    def test_what_is_known_of_a_pdf_is_kept_while_the_claim_holds(self, store: Store, clock: ManualClock) -> None:
        """With its history; after another has taken over, or for an unknown invoice, nothing is written."""
        exported(store)
        claimed = store.claim_reconcile(PERIOD, lease=60)
        assert claimed is not None
        intended = PdfAttachment(state=AttachmentState.INTENDED, key="k", at=clock.now)
        attached = replace(intended, state=AttachmentState.ATTACHED, document=7)
        store.save_attachment(PERIOD, claimed, "main-1", intended, event="pdf-intended")
        store.save_attachment(PERIOD, claimed, "main-1", attached, event="pdf-attached", detail="7")
        with pytest.raises(LeaseLost):
            store.save_attachment(PERIOD, claimed, "main-9", attached)
        clock.advance(61)
        store.claim_reconcile(PERIOD, lease=60)
        with pytest.raises(LeaseLost):
            store.save_attachment(PERIOD, claimed, "main-1", intended)

        assert steps.stored(store, "main-1").pdf == attached
        assert steps.events(store, "main-1")[-2:] == [("pdf-intended", ""), ("pdf-attached", "7")]

    def test_what_is_known_of_a_credit_note_is_kept_beside_its_pdf(self, store: Store) -> None:
        """Each in its own place, with its history; not after another has taken over."""
        exported(store)
        claimed = store.claim_reconcile(PERIOD, lease=60)
        assert claimed is not None
        pdf, match = PdfAttachment(state=AttachmentState.ATTACHED), CreditMatch(state=MatchState.LEFT, detail="partial")
        store.save_attachment(PERIOD, claimed, "main-1", pdf)
        store.save_credit_match(PERIOD, claimed, "main-1", match, event="credit-left", detail="partial")
        with pytest.raises(LeaseLost):
            store.save_credit_match(PERIOD, "0", "main-1", replace(match, detail="other"))

        record = steps.stored(store, "main-1")
        assert (record.pdf, record.credit) == (pdf, match)
        assert steps.events(store, "main-1")[-1] == ("credit-left", "partial")

    def test_an_exported_invoice_that_differs_may_be_marked_as_exported_by_hand(self, store: Store) -> None:
        """Without a difference it stays as it is."""
        exported(store)
        before = store.mark_exported("main-1", by="kim", why="as 4711")
        keep(store, WRONG)
        after = store.mark_exported("main-1", by="kim", why="as 4711")

        record = steps.stored(store, "main-1")
        assert (before, after, record.state, record.outcome) == (False, True, State.EXPORTED, Outcome.BY_HAND)
        assert list(store.reconciles_due()) == [(PERIOD, "main")]
