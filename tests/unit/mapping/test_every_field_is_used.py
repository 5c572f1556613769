"""A field that the event contract accepts is sent, used by a check, or declared unused: nothing is lost silently."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support import samples, vouchers
from support.pdf_fixtures import pages

from config.export_schema import Codes, TypeRules
from config.exports import ExportConfig
from config.settings_sections import Intake
from worker.domain.export_rules import exclusion, original_references
from worker.domain.invoice import UNUSED_FIELDS, Contract, Invoice, InvoiceType, Line, Pdf, Text
from worker.domain.sums import check_sums
from worker.economic.mapping.customer_matching import card_key
from worker.economic.mapping.customer_payload import new_customer, updated
from worker.economic.mapping.documents import draft_payload
from worker.economic.mapping.master_data import MasterData
from worker.economic.mapping.period_check import check_against_agreement
from worker.economic.mapping.voucher_payload import voucher_payload
from worker.errors import ExportError
from worker.runtime.file_access import AllowedPdfs, allowed_places

#: Another value of every kind that a field may have; what a field does not accept is left out for it.
OTHER_VALUES = (
    *(True, False, 7, 2, Decimal("7.00"), date(2027, 1, 2), date(2026, 12, 24)),
    *("X", "SEK", "EUR", "NO", "DE", "0" * 64, "2020-01-01T00:00:00Z", "99887761", "a@example.com"),
    *(("X",), {"X": "Y"}, *InvoiceType),
)
#: The two methods, each with what it needs of the agreement; the first with rules by type and by payment condition.
METHODS: tuple[tuple[ExportConfig, MasterData], ...] = (
    (
        samples.export(
            codes=Codes(payment_conditions={"X": "Netto 8 dage"}), types={"interest": TypeRules(export=False)}
        ),
        samples.reference(),
    ),
    (vouchers.export(), vouchers.reference()),
)
#: The customer as it stands in e-conomic, changed there before Opter's data were.
RESOURCE = {"customerNumber": 1001, "name": "Acme", "lastUpdated": "2026-09-01T00:00:00Z"}


@pytest.fixture
def files(tmp_path: Path) -> AllowedPdfs:
    (tmp_path / "1.pdf").write_bytes(pages("1"))
    return AllowedPdfs(allowed_places(Intake(allowed_folders=(tmp_path,)), deadline=1.0))


def base_invoices(folder: Path) -> Iterator[Invoice]:
    """Yield a domestic invoice, a credit note in another currency, and an invoice to another EU country."""
    content = pages("1")
    pdf = Pdf(url=f"file://{folder}/1.pdf", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    lines = samples.line(), samples.line(account="3012", rate="0.00")
    customer = samples.customer(changed_at="2026-10-01T00:00:00Z")
    domestic = samples.invoice(*lines, customer=customer, pdf=pdf)
    yield domestic
    yield domestic.model_copy(
        update={"currency": "EUR", "exchange_rate": Decimal("745.10"), "invoice_type": InvoiceType.CORRECTION}
    )
    abroad = customer.model_copy(update={"country": "DE", "vat_number": "DE811569869", "corporate_id": None})
    yield domestic.model_copy(update={"customer": abroad})


def results(invoice: Invoice, files: AllowedPdfs) -> list[Any]:
    """Return all that is sent for the invoice, and what every check says of it; remarks are not enough."""
    customer = invoice.customer
    calls: list[Callable[[], Any]] = [
        lambda: [(problem.reason, problem.value) for problem in check_sums(invoice)],
        lambda: card_key(customer),
        lambda: updated(customer, RESOURCE),
        lambda: files.fetch(invoice.pdf) if invoice.pdf else None,
    ]
    for export, agreement in METHODS:
        calls += [
            lambda export=export: (exclusion(invoice, export), original_references(invoice, export, None)),
            lambda export=export, agreement=agreement: [
                (failure.reason, failure.value) for failure in check_against_agreement(invoice, export, agreement)
            ],
            lambda export=export, agreement=agreement: new_customer(invoice, export, agreement),
        ]
    [(drafts, agreement), (by_voucher, chart)] = METHODS
    products = {line.sales_account: line.sales_account for line in invoice.lines}
    calls += [
        lambda: draft_payload(invoice, drafts, agreement, "main-1", 1001, products).payload,
        lambda: voucher_payload(invoice, by_voucher, chart, "main-1", 1001).payload,
    ]
    return [_outcome(call) for call in calls]


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ExportError as error:
        return error.failure.reason, error.failure.value


def variants(model: Contract, prefix: str = "") -> Iterator[tuple[str, Contract]]:
    """Yield the model with one field changed, for each field and value, with the field's path in the event."""
    for name, info in type(model).model_fields.items():
        path, value = f"{prefix}{info.alias}", getattr(model, name)
        if isinstance(value, Contract):
            changed = ((below, part) for below, part in variants(value, f"{path}."))
            yield from ((below, model.model_copy(update={name: part})) for below, part in changed)
        elif isinstance(value, tuple) and value and isinstance(value[0], Contract):
            changed = variants(value[0], f"{path}.")
            yield from ((below, model.model_copy(update={name: (part, *value[1:])})) for below, part in changed)
        else:
            yield from ((path, other) for other in _others(model, name))


def _others(model: Contract, name: str) -> Iterator[Contract]:
    for other in OTHER_VALUES:
        try:
            checked = type(model).model_validate(model.model_dump() | {name: other})
        except ValidationError:
            continue
        if getattr(checked, name) != getattr(model, name):
            yield model.model_copy(update={name: getattr(checked, name)})


def unused(bases: Iterable[Invoice], files: AllowedPdfs) -> set[str]:
    """Return the paths of all fields whose value changes neither a payload nor the result of a check."""
    fields: set[str] = set()
    used: set[str] = set()
    for base in bases:
        before = results(base, files)
        for path, variant in variants(base):
            fields.add(path)
            if path not in used and results(variant, files) != before:  # type: ignore[arg-type]  # an invoice again
                used.add(path)
    return fields - used


def test_every_field_is_used_or_declared_unused(tmp_path: Path, files: AllowedPdfs) -> None:
    """What is accepted and not used is exactly what is declared, so that no declaration outlives its reason."""
    assert unused(base_invoices(tmp_path), files) == set(UNUSED_FIELDS)


def test_every_field_is_tried(tmp_path: Path) -> None:
    """A field of a new kind needs another value in the table of this test."""
    tried = {path for base in base_invoices(tmp_path) for path, _ in variants(base)}
    schema = Invoice.model_json_schema(by_alias=True)
    of = {"customer": "Customer", "paymentCondition": "PaymentCondition", "lines": "Line", "pdf": "Pdf"}
    below = {f"{field}.{name}" for field, model in of.items() for name in schema["$defs"][model]["properties"]}

    assert tried == (set(schema["properties"]) - set(of)) | below


class LineWithToy(Line):
    toy: Text = ""


class InvoiceWithToy(Invoice):
    toy: Text = ""


def test_a_field_that_nobody_uses_is_found(tmp_path: Path, files: AllowedPdfs) -> None:
    """The search itself: a toy field on the invoice and one on its lines."""
    base = next(base_invoices(tmp_path))
    lines = tuple(LineWithToy(**line.model_dump()) for line in base.lines)
    toy = InvoiceWithToy(**base.model_dump()).model_copy(update={"lines": lines})

    assert {"toy", "lines.toy"} <= unused([toy], files)
