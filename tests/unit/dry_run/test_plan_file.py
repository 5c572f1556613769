"""The plan file: the same for the same plan, refused when it is not whole, and compared with a later plan."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.harness import EXPORT, Harness
from support.plan_periods import KNOWN, VOUCHERS, period
from support.planning import planned
from support.samples import invoice, line

from config.export_schema import Booking, Customers, Limits
from config.exports import ExportConfig
from worker.domain.reasons import EventReason, failure
from worker.dry_run.plan import Plan, PlannedAction, PlannedInvoice, Request
from worker.dry_run.plan_file import (
    VERSION,
    Change,
    Part,
    PartDifference,
    PlanFileError,
    differences,
    document,
    file_name,
    read,
    write,
)

#: Two invoices whose product group is missing, and one without a problem.
MISSING = [
    invoice(line(account=account), customer=KNOWN, invoice_number=number)
    for number, account in enumerate(("3050", "3050", "3010"), start=100353)
]
THERE, NOT_THERE = "there", "not there"


def add_group(harness: Harness, name: str) -> None:
    """A person creates a product group in e-conomic."""
    agreement = harness.sandbox.agreement
    agreement.product_groups[67] = agreement.product_groups[63] | {"productGroupNumber": 67, "name": name}
    agreement.sales_accounts[67, 1] = 3020
    harness.clock.advance(1)


def compared(before: Plan, now: Plan) -> dict[Part, PartDifference]:
    """Return how a plan made now differs from one that was written to a file."""
    return {difference.part: difference for difference in differences(read(write(before)), document(now))}


def items(difference: PartDifference) -> dict[str, dict[str, tuple[str, str]]]:
    """Return name -> field -> planned and now."""
    return {
        item.name: {change.field: (change.before, change.after) for change in item.changes} for item in difference.items
    }


@pytest.mark.parametrize("chosen", [EXPORT, VOUCHERS], ids=["invoice", "voucher"])
def test_the_same_plan_is_the_same_file(chosen: ExportConfig) -> None:
    """Two installations, two moments, one file, named by its SHA-256 as ``sha256sum`` prints it."""
    plans = []
    for seed in (1, 2):
        harness = Harness(chosen, seed=seed)
        plans.append(planned(harness, *(harness.pdf_fixtures.printed(each) for each in period())))
    first_plan, second_plan = plans

    assert write(first_plan) == write(second_plan)
    assert compared(first_plan, second_plan) == {}
    assert file_name(write(first_plan)) == f"sha256:{sha256(write(first_plan)).hexdigest()}"


def test_the_layout_belongs_to_its_version() -> None:
    """Raise ``VERSION`` with every change of these names: a file of the old layout is refused then, not misread."""
    content = read(write(planned(Harness(), *period())))

    assert VERSION == 1
    assert list(content) == [
        "export",
        "period",
        "agreement",
        "setUp",
        "preconditions",
        "newCustomers",
        "updatedCustomers",
        "newProducts",
        "invoices",
    ]
    assert set(content["invoices"][0]) == {
        "id",
        "invoiceNumber",
        "contentHash",
        "action",
        "source",
        "predicted",
        "problems",
        "requests",
        "remarks",
        "found",
    }
    assert set(content["newCustomers"][0]) == {"number", "neededBy", "step", "method", "path", "body"}


def test_what_the_voucher_method_needs_is_named() -> None:
    """Journal, accounts and VAT codes; a line without VAT needs none."""
    preconditions = planned(Harness(VOUCHERS), *period()).preconditions

    assert preconditions["journal 1"]["number"] == 1
    assert preconditions["clearing and rounding account"] == "usable"
    assert {name for name in preconditions if name.startswith(("account for", "VAT code for"))} == {
        "account for sales account 3010",
        "account for sales account 3012",
        "account for sales account 3020",
        "VAT code for M0",
        "VAT code for M25",
    }
    assert preconditions["VAT code for M0"] == "no VAT"
    assert preconditions["VAT code for M25"]["code"] == "U25"


def test_the_order_of_the_invoices_does_not_matter() -> None:
    """The same period, last invoice first: the same file."""
    forwards, backwards = Harness(), Harness()
    backwards_plan = planned(backwards, *reversed(period()))

    assert write(planned(forwards, *period())) == write(backwards_plan)


def test_the_file_holds_the_whole_plan() -> None:
    """What is read is what was written: every invoice with every request, byte for byte."""
    plan = planned(Harness(), *period())
    content = read(write(plan))

    assert content == document(plan)
    assert [each["body"] for entry in content["invoices"] for each in entry["requests"]] == [
        request.body for planned_invoice in plan.invoices for request in planned_invoice.requests
    ]


def test_no_token_is_in_the_file() -> None:
    """The set-up is there, the two tokens are not."""
    written = write(planned(Harness(), *period())).decode()

    for secret in (EXPORT.grant_token, EXPORT.app_secret_token):
        assert secret.get_secret_value() not in written
    assert "token" not in written


def test_a_product_group_that_is_now_there_is_named() -> None:
    """Two of three invoices needed group 3050, which somebody has created since the plan."""
    harness = Harness()
    before = planned(harness, *MISSING)
    add_group(harness, "3050")

    changed = compared(before, planned(harness, *MISSING))

    assert items(changed[Part.ECONOMIC]) == {"product group for sales account 3050": {"": ("missing", THERE)}}
    assert list(items(changed[Part.INVOICES])) == ["main-100353", "main-100354"]
    assert items(changed[Part.INVOICES])["main-100353"] == {
        "action": ("fail", "post"),
        "predicted": ("none", "1250.00 DKK"),
        "problems": ("product-group-missing", "none"),
        "draft": ("none", "POST /invoices/drafts"),
        "book": ("none", "POST /invoices/booked"),
    }
    assert (changed[Part.PRODUCTS].planned, changed[Part.PRODUCTS].now) == (0, 1)
    assert set(changed) == {Part.ECONOMIC, Part.INVOICES, Part.PRODUCTS}


def test_a_product_group_that_is_gone_is_named() -> None:
    """Group 63, named 3020, was deleted."""
    harness = Harness()
    wanted = invoice(line(account="3020"), customer=KNOWN)
    before = planned(harness, wanted)
    del harness.sandbox.agreement.product_groups[63]
    harness.clock.advance(1)

    changed = compared(before, planned(harness, wanted))

    assert items(changed[Part.ECONOMIC]) == {"product group for sales account 3020": {"": (THERE, "missing")}}


def test_what_is_set_up_differently_in_e_conomic_is_named() -> None:
    """Somebody renamed VAT zone 1: which thing, which field, before and after."""
    plan = planned(Harness(), *period())
    group = plan.preconditions["product group for sales account 3010"]
    other = group | {"group": group["group"] | {"name": "Kørsel"}}
    now = replace(
        plan,
        preconditions=plan.preconditions
        | {"VAT zone 1": "Indland", "product group for sales account 3010": other, "VAT zone 2": "EU"},
    )

    assert items(compared(plan, now)[Part.ECONOMIC]) == {
        "VAT zone 1": {"": ("Domestic", "Indland")},
        "product group for sales account 3010": {"group.name": (group["group"]["name"], "Kørsel")},
        "VAT zone 2": {"": ("not needed", THERE)},
    }


def test_an_invoice_that_changed_is_named() -> None:
    """100353 is 1250.00 in the plan, 2500.00 now."""
    before = planned(Harness(), *period())
    corrected = invoice(line("2000.00"), customer=KNOWN, invoice_number=100353)

    changed = compared(before, planned(Harness(), corrected, *period()[1:]))

    assert set(changed) == {Part.INVOICES}
    assert list(items(changed[Part.INVOICES])) == ["main-100353"]
    fields = items(changed[Part.INVOICES])["main-100353"]
    assert fields["source.gross"] == fields["predicted.gross"] == ("1250.00", "2500.00")
    assert fields["draft.lines[0].unitNetPrice"] == ("1000.00", "2000.00")
    assert "contentHash" in fields


def test_more_or_fewer_invoices_are_counted() -> None:
    """Five planned, four published."""
    changed = compared(planned(Harness(), *period()), planned(Harness(), *period()[:4]))

    assert (changed[Part.INVOICES].planned, changed[Part.INVOICES].now) == (5, 4)
    assert items(changed[Part.INVOICES]) == {"main-100357": {"": (THERE, NOT_THERE)}}


def test_among_many_invoices_the_changed_one_is_named() -> None:
    """One of 30."""
    many = [invoice(customer=KNOWN, invoice_number=number) for number in range(100301, 100331)]
    other = invoice(line("7.00"), customer=KNOWN, invoice_number=100301)

    changed = compared(planned(Harness(), *many), planned(Harness(), other, *many[1:]))

    assert list(items(changed[Part.INVOICES])) == ["main-100301"]


def test_what_an_operator_changed_in_the_exports_file_is_named() -> None:
    """``booking.book = false``: no bookings any more."""
    export = EXPORT.model_copy(update={"booking": Booking(book=False)})

    changed = compared(planned(Harness(), *period()), planned(Harness(export), *period()))

    assert items(changed[Part.EXPORTS_FILE]) == {"booking": {"book": ("true", "false")}}
    assert items(changed[Part.INVOICES])["main-100353"] == {"book": ("POST /invoices/booked", "none")}


@pytest.mark.parametrize(
    "changes",
    [{"limits": Limits(share=0.5)}, {"grant_token": EXPORT.grant_token}, {"agreement": 417001}],
    ids=["limits", "token", "pin"],
)
def test_what_changes_nothing_in_the_books_changes_no_file(changes: dict[str, object]) -> None:
    """How fast, by which token, and a pin to the same agreement."""
    harness = Harness(EXPORT.model_copy(update=changes))

    assert write(planned(Harness(), *period())) == write(planned(harness, *period()))


def test_another_agreement_is_named() -> None:
    """The same invoices into the books of another company."""
    harness = Harness()
    before = planned(Harness(), *period())
    harness.sandbox.agreement.number = 417002

    changed = compared(before, planned(harness, *period()))

    assert items(changed[Part.PLAN]) == {"agreement": {"": ("417001", "417002")}}


def test_a_customer_that_was_created_meanwhile_is_shown() -> None:
    """By hand, with Opter's ledger number: it would be found now, and nothing else changes."""
    harness = Harness()
    before = planned(harness, *period())
    by_hand = {"customerNumber": 7001, "name": "Nummer 7001 A/S", "corporateIdentificationNumber": ""}
    harness.sandbox.agreement.customers[7001] = harness.sandbox.agreement.customers[1001] | by_hand

    changed = compared(before, planned(harness, *period()))

    assert items(changed[Part.CUSTOMERS]) == {"7001 Nummer 7001 A/S": {"": (THERE, NOT_THERE)}}
    assert (changed[Part.CUSTOMERS].planned, changed[Part.CUSTOMERS].now) == (2, 1)
    assert set(changed) == {Part.CUSTOMERS}


def test_an_update_of_a_customer_that_changed_is_shown() -> None:
    """Somebody corrected the e-mail in e-conomic: what would be written back is no longer what was approved."""
    harness = Harness(EXPORT.model_copy(update={"customers": Customers(group=21, layout=17, update="newer")}))
    newer = KNOWN.model_copy(update={"changed_at": "2026-11-19T12:00:00+01:00", "phone": "98 00 00 00"})
    before = planned(harness, invoice(customer=newer))
    harness.sandbox.agreement.customers[1001]["email"] = "ny@example.com"

    changed = compared(before, planned(harness, invoice(customer=newer)))

    (fields,) = items(changed[Part.UPDATES]).values()
    assert fields["email"][1] == "ny@example.com"


def first(plan: Plan, **changes: Any) -> Plan:
    """Return the plan with another first invoice."""
    return replace(plan, invoices=(replace(plan.invoices[0], **changes), *plan.invoices[1:]))


def other_amounts(planned_invoice: PlannedInvoice) -> object:
    """Return the same prediction with other VAT."""
    predicted = planned_invoice.predicted
    assert predicted is not None
    return replace(predicted, amounts=replace(predicted.amounts, vat=Decimal("0.00")))


PROBLEM = failure(EventReason.CONFLICT, "Posted with other content.")
UPDATE = Request(step="update", method="PUT", path="/customers/1001", body='{"name":"Aalbæk"}')


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda plan: replace(plan, export="north"), Part.PLAN),
        (lambda plan: replace(plan, agreement=1), Part.PLAN),
        (lambda plan: replace(plan, period="main-p882"), Part.PLAN),
        (lambda plan: replace(plan, set_up=plan.set_up | {"journal": 7}), Part.EXPORTS_FILE),
        (lambda plan: replace(plan, preconditions=plan.preconditions | {"layout 17": None}), Part.ECONOMIC),
        (lambda plan: replace(plan, preconditions=plan.preconditions | {"layout 17": ""}), Part.ECONOMIC),
        (lambda plan: replace(plan, preconditions=plan.preconditions | {"layout 20": None}), Part.ECONOMIC),
        (lambda plan: replace(plan, invoices=plan.invoices[1:]), Part.INVOICES),
        (lambda plan: first(plan, content_hash="other"), Part.INVOICES),
        (lambda plan: first(plan, action=PlannedAction.ADOPT), Part.INVOICES),
        (lambda plan: first(plan, problems=(PROBLEM,)), Part.INVOICES),
        (lambda plan: first(plan, requests=plan.invoices[0].requests[:1]), Part.INVOICES),
        (lambda plan: first(plan, requests=plan.invoices[0].requests[::-1]), Part.INVOICES),
        (lambda plan: first(plan, predicted=other_amounts(plan.invoices[0])), Part.INVOICES),
        (lambda plan: first(plan, remarks=("The due date is another.",)), Part.INVOICES),
        (lambda plan: first(plan, found="draft 7"), Part.INVOICES),
        (lambda plan: replace(plan, customers=()), Part.CUSTOMERS),
        (lambda plan: replace(plan, updates=(UPDATE,)), Part.UPDATES),
        (lambda plan: replace(plan, products=plan.products[:1]), Part.PRODUCTS),
    ],
)
def test_every_part_of_a_plan_matters(change: Callable[[Plan], Plan], part: Part) -> None:
    """Agreement, period, set-up on both sides, invoices, creations: each makes another file, and a difference."""
    plan = planned(Harness(), *period())
    other = change(plan)

    assert write(plan) != write(other)
    assert set(compared(plan, other)) == {part}
    assert set(compared(other, plan)) == {part}


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ('{"number":1}', '{"number":true}'),
        ('{"price":1.00}', '{"price":1.0}'),
        ('{"price":1.00}', '{"price":"1.00"}'),
        ('{"a":1,"b":2}', '{"b":2,"a":1}'),
        ('{"a":1}', '{"a":1,"b":null}'),
    ],
)
def test_bodies_are_compared_to_the_letter(before: str, now: str) -> None:
    """What Python holds for equal, and what JSON does: the bytes that are sent are others."""
    plan = planned(Harness(), invoice(customer=KNOWN))
    request = plan.invoices[0].requests[0]

    changed = compared(
        first(plan, requests=(replace(request, body=before),)), first(plan, requests=(replace(request, body=now),))
    )

    assert [len(item.changes) for item in changed[Part.INVOICES].items] == [1]


def test_an_uploaded_file_is_compared_by_its_sum() -> None:
    """A PDF printed anew: its SHA-256 differs."""
    plan = planned(Harness(), invoice(customer=KNOWN))
    upload = Request(step="attach", method="POST", path="/x", body="aaaa")
    before = first(plan, requests=(*plan.invoices[0].requests, upload))
    now = first(plan, requests=(*plan.invoices[0].requests, replace(upload, body="bbbb")))

    assert compared(before, now)[Part.INVOICES].items[0].changes == (
        Change(field="attach.sha256", before="aaaa", after="bbbb"),
    )


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every innermost value, who needs a new customer or product first left out."""
    children = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for key, child in children:
        if key != "neededBy":
            yield from leaves(child, (*path, key))
    if not children:
        yield path


def others(value: Any, *, request: Any) -> list[Any]:
    """Return values of the same kind, and those that Python holds for equal."""
    if isinstance(value, bool):
        return [not value, int(value)]
    if isinstance(value, int):
        return [value + 1, str(value), value == 1]
    if isinstance(value, str):
        body = value.startswith("{")
        return [f'{value[:-1]},"more":null}}' if body else f"{value}?"]
    return [{"more": 1}] if isinstance(value, dict) else [[request]] if isinstance(value, list) else ["more"]


def test_whatever_changes_is_noticed() -> None:
    """Every single value of a whole plan replaced by another: a difference each time."""
    whole = document(planned(Harness(), *period(), invoice(line(account="3050"), invoice_number=100399)))
    request = whole["newCustomers"][0]
    tried = 0
    for path in leaves(whole):
        other = deepcopy(whole)
        place: Any = other
        for key in path[:-1]:
            place = place[key]
        for value in others(place[path[-1]], request=request):
            place[path[-1]] = value
            assert differences(whole, other), path
            assert differences(other, whole), path
            tried += 1
    assert tried > 200


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no plan file, or only a part"),
        (b"plan1-abc", "no plan file, or only a part"),
        (b"\xff\xfe", "no plan file, or only a part"),
        (b"[" * 100_000, "no plan file, or only a part"),
        (b"[]", "no plan file"),
        (b'{"specversion": "1.0"}', "no plan file"),
        (b'{"planVersion": 0, "contentSha256": ""}', "version 0"),
        (b'{"planVersion": 1, "contentSha256": ""}', "edited"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(raw: bytes, reason: str) -> None:
    """It never passes for "nothing has changed"."""
    with pytest.raises(PlanFileError, match=reason):
        read(raw)


def test_a_file_of_another_version_is_refused() -> None:
    """Whole and untouched, but written by a later program."""
    written = write(planned(Harness(), *period()))

    with pytest.raises(PlanFileError, match=f"version 2 of a plan file; this program reads {VERSION}"):
        read(written.replace(b'"planVersion": 1', b'"planVersion": 2'))


def test_an_edited_amount_is_noticed() -> None:
    """Somebody raised an amount in the file by hand: the recorded SHA-256 is no longer that of the content."""
    edited = write(planned(Harness(), *period())).replace(b"1250.00", b"1350.00")

    with pytest.raises(PlanFileError, match="edited since it was written"):
        read(edited)


FILE = write(planned(Harness(), invoice(customer=KNOWN)))


@given(at=st.integers(0, len(FILE) - 1), byte=st.integers(0, 255))
def test_every_byte_counts(at: int, byte: int) -> None:
    """Cut anywhere, or any byte replaced: refused."""
    changed = FILE[:at] + bytes([byte]) + FILE[at + 1 :]

    with pytest.raises(PlanFileError):
        read(FILE[:at])
    if changed != FILE:
        with pytest.raises(PlanFileError):
            read(changed)
