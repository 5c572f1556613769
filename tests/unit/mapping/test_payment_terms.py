from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.samples import export, invoice, reference

from config.export_schema import Booking, Codes
from worker.domain.invoice import PaymentCondition
from worker.economic.mapping.dates import ResolvedTerms, choose_terms, due_date, resolve_terms
from worker.economic.mapping.master_data import PaymentTerms
from worker.errors import InvalidInvoice

TERMS = reference().payment_terms
NET_8, NET_14, MONTH_30, NET_30 = TERMS
OWN = PaymentTerms(number=7, name="Forfaldsdato", kind="dueDate", days=0)
DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("condition", "names", "expected"),
    [
        ({"days": 30}, {}, NET_30),
        ({"days": 30, "from_end_of_month": True}, {}, MONTH_30),
        ({"days": 8, "name": "8 dage"}, {"30 dage": "Netto 30 dage"}, NET_8),  # not mapped: by days
        ({"days": 8, "name": "Standard"}, {"Standard": "Netto 14 dage"}, NET_14),  # the name wins over the days
        ({"days": 8, "name": "STANDARD "}, {"Standard": " netto 14 DAGE"}, NET_14),
    ],
)
def test_choose(condition: dict, names: dict[str, str], expected: PaymentTerms) -> None:
    """By name where the export's codes map it, else by days among terms of the same kind."""
    assert choose_terms(PaymentCondition(**condition), TERMS, names) == expected


CASH = PaymentTerms(number=41, name="Kontant", kind="paidInCash", days=0)
NET_0 = PaymentTerms(number=61, name="Netto 0 dage", kind="net", days=0)
OTHER_30 = PaymentTerms(number=62, name="30 dage", kind="net", days=30)
MONTH_NAMED = PaymentTerms(number=63, name="Løbende måned", kind="invoiceMonth", days=0)


@pytest.mark.parametrize(
    ("condition", "names", "terms", "expected"),
    [
        ({"days": 0, "name": "Kontant"}, {}, (*TERMS, CASH), CASH),
        ({"days": 0, "name": " KONTANT "}, {}, (*TERMS, CASH, NET_0), CASH),
        ({"days": 0, "name": "Netto 0 dage"}, {}, (*TERMS, CASH, NET_0), NET_0),
        ({"days": 0, "name": "Straks"}, {}, (*TERMS, CASH, NET_0), NET_0),
        ({"days": 0}, {}, (*TERMS, CASH, NET_0), NET_0),
        ({"days": 0, "name": "Straks"}, {"Straks": "Kontant"}, (*TERMS, CASH, NET_0), CASH),
        ({"days": 30, "name": "30 dage"}, {}, (*TERMS, OTHER_30), OTHER_30),  # its name before its days
        ({"days": 30, "name": "Netto 30 dage"}, {}, (*TERMS, OTHER_30), NET_30),
        ({"days": 0, "name": "Løbende måned", "from_end_of_month": True}, {}, (*TERMS, MONTH_NAMED), MONTH_NAMED),
        ({"days": 0, "name": "Løbende ma\u030aned", "from_end_of_month": True}, {}, (*TERMS, MONTH_NAMED), MONTH_NAMED),
        # of its name, but of other days: the name is a coincidence
        ({"days": 8, "name": "Netto 14 dage"}, {}, TERMS, NET_8),
        # two of one name are told apart by their days
        (
            {"days": 14, "name": "A"},
            {"A": "Netto"},
            (
                PaymentTerms(number=1, name="Netto", kind="net", days=8),
                PaymentTerms(number=2, name="Netto", kind="net", days=14),
            ),
            PaymentTerms(number=2, name="Netto", kind="net", days=14),
        ),
    ],
)
def test_a_name_before_days(condition: dict, names: dict, terms: tuple, expected: PaymentTerms) -> None:
    """The exact name decides before the days do; cash terms are used by name only, as they post to another account."""
    assert choose_terms(PaymentCondition(**condition), terms, names) == expected


def test_cash_terms_are_never_guessed() -> None:
    """0 days under another name, and no net terms of 0 days: a person maps it."""
    with pytest.raises(InvalidInvoice) as caught:
        choose_terms(PaymentCondition(name="Straks", days=0), (*TERMS, CASH), {})

    assert caught.value.failure.reason == "payment-terms-missing"


@pytest.mark.parametrize(
    ("condition", "names", "terms", "reason", "named"),
    [
        ({"days": 21}, {}, TERMS, "payment-terms-missing", "of kind net with 21 days"),
        # "30 days from the end of the month" is not "30 days net"
        ({"days": 30, "from_end_of_month": True}, {}, (NET_30,), "payment-terms-missing", "of kind invoiceMonth"),
        ({"days": 8, "name": "A"}, {"A": "Gone"}, TERMS, "payment-terms-missing", "named 'Gone'"),
        ({"days": 8}, {}, (), "payment-terms-missing", "It has: none"),
        (
            {"days": 30},
            {},
            (*TERMS, PaymentTerms(number=9, name="30 dage", kind="net", days=30)),
            "payment-terms-ambiguous",
            "5 'Netto 30 dage', 9 '30 dage'",
        ),
    ],
)
def test_no_single_terms(condition: dict, names: dict, terms: tuple, reason: str, named: str) -> None:
    """Several or none: a person decides, and the candidates are named."""
    with pytest.raises(InvalidInvoice) as caught:
        choose_terms(PaymentCondition(**condition), terms, names)

    assert caught.value.failure.reason == reason
    assert named in caught.value.failure.description


@pytest.mark.parametrize(
    ("kind", "days", "invoiced", "due"),
    [
        ("net", 30, date(2026, 11, 20), date(2026, 12, 20)),
        ("net", 0, date(2026, 11, 20), date(2026, 11, 20)),
        ("net", 14, date(2026, 12, 24), date(2027, 1, 7)),
        # 14 May + 10 from the end of the month = 31 May + 10 = 10 June (docs.opter.com, payment-conditions-001)
        ("invoiceMonth", 10, date(2026, 5, 14), date(2026, 6, 10)),
        ("invoiceMonth", 30, date(2026, 1, 31), date(2026, 3, 2)),  # 31 January + 30
        ("invoiceMonth", 0, date(2028, 2, 1), date(2028, 2, 29)),  # a leap year
        ("paidInCash", 0, date(2026, 11, 20), date(2026, 11, 20)),
        ("factoring", 30, date(2026, 11, 20), None),
        ("dueDate", 0, date(2026, 11, 20), None),
    ],
)
def test_due_date(kind: str, days: int, invoiced: date, due: date | None) -> None:
    """The date that e-conomic computes; None where it is not documented or sent."""
    assert due_date(PaymentTerms(number=1, name="", kind=kind, days=days), invoiced) == due


@given(day=DAYS, days=st.integers(0, 3650))
def test_due_dates_are_ordered(day: date, days: int) -> None:
    """Terms from the end of the month are due at least as late as net, by less than a month."""
    net, month = (due_date(PaymentTerms(number=1, name="", kind=k, days=days), day) for k in ("net", "invoiceMonth"))

    assert day <= net <= month < net + timedelta(days=31)
    assert (month - timedelta(days=days) + timedelta(days=1)).day == 1


def test_agreeing_dates_need_no_word() -> None:
    """20 November + 30 days = 20 December: nothing to send, nothing to remark."""
    assert resolve_terms(invoice(), (*TERMS, OWN), export()) == ResolvedTerms(terms=NET_30)


OVERRIDDEN = invoice(due_date=date(2026, 12, 24))


def test_an_overridden_date_is_sent() -> None:
    """With exactly one term of kind ``dueDate`` in the agreement, Opter's own date is sent as it is."""
    assert resolve_terms(OVERRIDDEN, (*TERMS, OWN), export()) == ResolvedTerms(terms=OWN, due_date=date(2026, 12, 24))


@pytest.mark.parametrize(
    ("due", "terms"),
    [
        (date(2026, 12, 24), TERMS),  # no term of that kind
        (date(2026, 12, 24), (*TERMS, OWN, PaymentTerms(number=8, name="Dato", kind="dueDate", days=0))),  # two
        (date(2026, 11, 19), (*TERMS, OWN)),  # before the invoice date: e-conomic refuses to be sent that
    ],
)
def test_a_date_that_cannot_be_sent_is_remarked_or_refused(due: date, terms: tuple) -> None:
    """The export's setting decides; both dates are named."""
    text = f"Due date is {due} in Opter; e-conomic's payment terms 5 'Netto 30 dage' give 2026-12-20."
    refusing = export(booking=Booking(due_date_mismatch="refuse"))

    assert resolve_terms(invoice(due_date=due), terms, export()) == ResolvedTerms(terms=NET_30, remarks=(text,))
    with pytest.raises(InvalidInvoice) as caught:
        resolve_terms(invoice(due_date=due), terms, refusing)
    assert (caught.value.failure.reason, caught.value.failure.description) == ("due-date-mismatch", text)


def test_terms_mapped_to_a_kind_with_its_own_date() -> None:
    """A condition mapped to ``dueDate`` terms always sends Opter's date, even beside other such terms."""
    mapped = export(codes=Codes(payment_conditions={"30 dage": "Forfaldsdato"}))
    other = PaymentTerms(number=8, name="Dato", kind="dueDate", days=0)

    assert resolve_terms(invoice(), (OWN, other), mapped) == ResolvedTerms(terms=OWN, due_date=date(2026, 12, 20))


def test_an_own_date_before_the_invoice_is_refused() -> None:
    """With ``dueDate`` terms e-conomic needs a date, and refuses one before the invoice date (E04760)."""
    mapped = export(codes=Codes(payment_conditions={"30 dage": "Forfaldsdato"}))
    with pytest.raises(InvalidInvoice) as caught:
        resolve_terms(invoice(due_date=date(2026, 11, 19)), (OWN,), mapped)

    assert caught.value.failure.reason == "due-date-mismatch"


def test_terms_whose_date_is_e_conomics_own() -> None:
    """Factoring terms that a person mapped are kept; a remark says that the dates were not compared."""
    factoring = PaymentTerms(number=6, name="Factoring", kind="factoring", days=30)
    mapped = export(codes=Codes(payment_conditions={"30 dage": "Factoring"}))
    resolved = resolve_terms(invoice(), (factoring, OWN), mapped)

    assert (resolved.terms, resolved.due_date, len(resolved.remarks)) == (factoring, None, 1)
