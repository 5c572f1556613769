"""What every store keeps of the checks of the agreements."""

from worker.domain.agreement import AgreementState, Shape
from worker.domain.store_port import Store
from worker.errors import Failure

STATE = AgreementState(
    at=1_795_248_000.25,
    failures=(Failure(reason="agreement-differs", description="Layout: 17 æ", next_step="Set it.", field="Layout"),),
    shapes={"/customers": Shape(items=12, seen=frozenset({"a:text", "b:number"}), always=frozenset({"a:text"}))},
)


class AgreementRules:
    """Rules of ``AgreementPort``."""

    def test_a_check_is_kept_as_it_was(self, store: Store) -> None:
        """With its failures and shapes, by export; before, nothing is known."""
        before = (store.agreement_state("main"), store.agreement_failures())
        store.keep_agreement("main", STATE, again_in=100.0)

        assert before == (None, {})
        assert store.agreement_state("main") == STATE
        assert store.agreement_failures() == {"main": STATE.failures}
        assert store.agreement_state("b") is None

    def test_what_was_put_right_is_shown_no_more(self, store: Store) -> None:
        """The next check finds nothing."""
        store.keep_agreement("main", STATE, again_in=100.0)
        store.keep_agreement("main", AgreementState(at=STATE.at), again_in=100.0)

        assert store.agreement_failures() == {}
        assert store.agreement_state("main") == AgreementState(at=STATE.at)

    def test_a_check_is_taken_once(self, store: Store) -> None:
        """By whoever is first, until its lease ends or its result is due again."""
        taken = [store.claim_agreement("main", lease=1000.0) for _ in "ab"]
        other = store.claim_agreement("b", lease=0.0)
        store.keep_agreement("main", STATE, again_in=1000.0)
        kept = store.claim_agreement("main", lease=1.0)
        store.keep_agreement("main", STATE, again_in=0.0)

        assert (taken, other, kept) == ([True, False], True, False)
        assert store.claim_agreement("main", lease=1.0)
