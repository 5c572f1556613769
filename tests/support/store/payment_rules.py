"""What every store keeps of the payments that were reported to Opter."""

from dataclasses import replace
from decimal import Decimal

from worker.domain.payments import Payment, PaymentKind, PaymentRun, ReportedPayments
from worker.domain.store_port import Store

PAYMENT = Payment(
    payment_id="main-1-e7",
    kind=PaymentKind.PAYMENT,
    id="main-1",
    invoice_number=1,
    region=None,
    customer=1001,
    amount=Decimal("12.50"),
    currency="EUR",
    date="2026-12-01",
    rate=Decimal("746.110000"),
    remainder=Decimal("-1.00"),
)
RUN = PaymentRun(export="main", number=1, at="2026-12-05T08:00:00+00:00", payments=(PAYMENT,))
REPORTED = {"main-1": ReportedPayments(entries=(7,), matched=Decimal("1.00"), credited=Decimal("0.00"))}


class PaymentRules:
    """Rules of ``PaymentsPort``."""

    def test_a_run_and_what_was_told_are_kept_at_once(self, store: Store) -> None:
        """To the øre and the last digit of the rate; before, nothing was reported."""
        before = (store.payment_run("main"), store.reported_payments("main"))
        begun = store.begin_payments(RUN, REPORTED)

        assert (before, begun) == ((None, {}), True)
        assert store.payment_run("main") == RUN
        assert store.reported_payments("main") == REPORTED
        assert store.payment_run("b") is None

    def test_the_next_run_waits_for_the_last(self, store: Store) -> None:
        """Numbered after it, and only once it was delivered; two at a time are one."""
        second = replace(RUN, number=2, at="2026-12-06T08:00:00+00:00")
        store.begin_payments(RUN, REPORTED)
        refused = [store.begin_payments(second, {}), store.begin_payments(replace(RUN, at="other"), {})]
        store.advance_payments("main", 1, "staged")
        refused.append(store.begin_payments(second, {}))
        staged = store.payment_run("main")
        store.advance_payments("main", 1, "delivered")
        begun = store.begin_payments(second, {"main-2": ReportedPayments()})
        store.advance_payments("main", 1, "staged")

        assert refused == [False] * 3
        assert staged == replace(RUN, phase="staged")
        assert begun is True
        assert store.payment_run("main") == second
        assert store.reported_payments("main") == REPORTED | {"main-2": ReportedPayments()}
