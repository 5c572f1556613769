"""The certificate's proof: whatever happens to an invoice behind the program's back is found, and nothing else is."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import injections
from support.fuzzing import fuzzed
from support.reconciled import Reconciled, names, reconciled

from worker.domain.certificate import Verdict

_TABLES = {
    "invoice": injections.INVOICE,
    "printed": injections.PRINTED,
    "voucher": injections.VOUCHER,
    "journal": injections.JOURNAL,
}
#: Generated periods and injections by kind of export, unless ``FUZZ_EXAMPLES`` asks for more.
_SHORT = 60


def _world(kind: str, seed: int, *, size: int = 3) -> Reconciled:
    method = "voucher" if kind in {"voucher", "journal"} else "invoice"
    world = reconciled(seed, method=method, size=size, booked=kind == "voucher", printed=kind == "printed")
    world.before = world.certificate()
    return world


@pytest.mark.parametrize("kind", _TABLES)
@given(data=st.data())
@fuzzed(_SHORT, shared_by=4)
def test_every_injection_is_named_rightly_and_alone(kind: str, data: st.DataObject) -> None:
    """Any period, any invoice of it, anything that can happen: that verdict, those fields, all others equal."""
    name = data.draw(st.sampled_from(sorted(_TABLES[kind])))
    world = _world(kind, data.draw(st.integers(0, 10**6)))
    key = data.draw(st.sampled_from(sorted(world.invoices)))

    assert injections.apply(_TABLES[kind][name], world, key) == [], name


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in _TABLES for name in sorted(_TABLES[kind])])
def test_each_kind_of_injection(kind: str, name: str) -> None:
    """Each at least once, whatever was drawn above."""
    world = _world(kind, 7)

    assert injections.apply(_TABLES[kind][name], world, "main-700002") == []


def test_an_injection_that_is_not_found_is_noticed() -> None:
    """The proof can fail: what happens is not taken for anything else that could have."""
    world, table = _world("invoice", 7), injections.INVOICE
    pairs = product(("øre", "missing", "customer"), ("later", "untouched", "doubled"))
    mistaken = [
        (name, other)
        for name, other in pairs
        if not injections.apply(replace(table[other], does=table[name].does), world, "main-700001")
    ]

    assert mistaken == []


def test_several_at_once_are_each_named() -> None:
    """A period in which three invoices were changed names three, each by its own field."""
    world = _world("invoice", 11, size=6)
    injections.later(world, "main-700001")
    injections.customer(world, "main-700003")
    injections.gone(world, "main-700005")
    findings = world.findings()

    assert {key: (found.verdict, names(found)) for key, found in findings.items() if found.is_difference} == {
        "main-700001": (Verdict.DIFFERS, {"date"}),
        "main-700003": (Verdict.DIFFERS, {"customer"}),
        "main-700005": (Verdict.MISSING, set()),
    }


def test_both_readings_of_the_ledger_lead_to_the_same() -> None:
    """Whether lines of revenue and VAT carry the invoice's number is unknown: both are read to the same end."""
    world = _world("invoice", 13)
    told = world.certificate()
    world.agreement.switches.invoice_number_on = "every-line"
    every = world.certificate()

    assert (told.findings, told.accounts) == (every.findings, every.accounts)
    assert every.reading.calls < told.reading.calls
