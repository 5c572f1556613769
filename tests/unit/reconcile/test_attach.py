"""PDFs on booked invoices: attached once each, whoever is killed and whatever is lost or refused."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from support.certifying import certify
from support.harness import EXPORT, PERIOD, Harness, Killed
from support.reconciled import Reconciled, reconciled
from support.samples import customer, invoice, line

from config.exports import ExportConfig
from worker.domain.attachment import AttachmentState, AttachmentStep, PdfAttachment, next_attachment_step
from worker.domain.certificate import Certificate, Verdict, read_certificate

_KNOWN = customer(ledger_number=1001, corporate_id=None, name="Aalbæk Tømrerfirma ApS")
_LEASE = 901.0
Answer = Callable[[httpx.Request], httpx.Response]
NUMBERS = (100_001, 100_002, 100_003)


def _exported(export: ExportConfig = EXPORT) -> Harness:
    harness = Harness(export)
    invoices = [
        harness.pdf_fixtures.printed(invoice(line(), invoice_number=number, customer=_KNOWN)) for number in NUMBERS
    ]
    harness.close_period(*invoices)
    harness.until_rest()
    return harness


def _until_certified(harness: Harness, *, step: float = _LEASE) -> Certificate:
    """Let workers make the certificate until one is kept."""
    for _ in range(20):
        if harness.store.reconciles_due():
            certify(harness)
        kept = harness.store.certificates(PERIOD)
        if kept and PERIOD not in harness.store.reconciles:
            last = harness.store.certificate(kept[-1].id)
            assert last is not None
            return read_certificate(last)
        harness.clock.advance(step)
    raise AssertionError("no certificate")


def _files(harness: Harness) -> dict[tuple[str, int], list[bytes]]:
    files: dict[tuple[str, int], list[bytes]] = {}
    for document in harness.sandbox.agreement.documents.values():
        files.setdefault((document["year"], document["voucherNumber"]), []).append(document["file"])
    return files


def _each_once(harness: Harness) -> bool:
    vouchers = {
        (row["year"], row["voucherNumber"]): row["invoice"]
        for row in harness.sandbox.agreement.booked_entries
        if row["customer"] is not None
    }
    printed = harness.pdf_fixtures.files
    return _files(harness) == {key: [printed[f"file:///prints/{number}.pdf"]] for key, number in vouchers.items()}


def test_every_booked_invoice_gets_its_pdf() -> None:
    """One call an invoice, in its own accounting year, and the certificate says so."""
    harness = _exported()
    before = len(harness.sandbox.server_state.request_log.entries)
    certificate = _until_certified(harness)
    uploads = [e for e in harness.sandbox.server_state.request_log.entries[before:] if e.method == "POST"]

    assert _each_once(harness)
    assert len(uploads) == len(NUMBERS)
    assert {finding.verdict for finding in certificate.findings} == {Verdict.EQUAL}
    assert [len(finding.documents or ()) for finding in certificate.findings] == [1, 1, 1]
    assert {record.pdf.state for record in harness.records() if record.pdf} == {AttachmentState.ATTACHED}
    assert harness.sandbox.server_state.request_log.findings == []


def test_a_second_certificate_attaches_nothing() -> None:
    """Neither by the same store, nor by one that has forgotten everything."""
    harness = _exported()
    _until_certified(harness)
    harness.store.schedule_reconciles("n", since=0.0)
    _until_certified(harness)
    invoices = [harness.pdf_fixtures.printed(invoice(line(), invoice_number=n, customer=_KNOWN)) for n in NUMBERS]
    harness.wipe()
    harness.close_period(*invoices)
    harness.until_rest()
    certificate = _until_certified(harness)

    assert _each_once(harness)
    assert {finding.verdict for finding in certificate.findings} == {Verdict.EQUAL}


def _counted(harness: Harness, at: int, when: str) -> Callable[[], int]:
    """Kill the worker at one boundary: before or after the store's trip or the call to e-conomic with this number."""
    seen = [0]

    def strike(act: Callable[[], Any]) -> Any:
        seen[0] += 1
        if seen[0] - 1 != at:
            return act()
        if when == "after":
            act()
        raise Killed

    harness.around_store = lambda _, trip: strike(trip)
    harness.around_http = lambda request, answer: strike(lambda: answer(request))
    return lambda: seen[0]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_boundary_doubles_and_misses_none(when: str) -> None:
    """Every trip to the store and every call, before and after it took effect; another worker then goes on."""
    at, reached = 0, True
    while reached:
        harness = _exported()
        count = _counted(harness, at, when)
        with suppress(Killed):
            certify(harness)
        reached = count() > at
        harness.around_store = lambda _, trip: trip()
        harness.around_http = lambda request, answer: answer(request)
        harness.hire()
        _until_certified(harness)

        assert _each_once(harness), (at, when)
        at += 1
    assert at > 3 * len(NUMBERS)


def _losing(action: str, when: str) -> Callable[[httpx.Request, Answer], httpx.Response]:
    """Lose the answer to the second upload, which took effect (after) or did not (before)."""
    uploads = [0]

    def around(request: httpx.Request, answer: Answer) -> httpx.Response:
        uploads[0] += request.method == "POST"
        if request.method != "POST" or uploads[0] != 2:
            return answer(request)
        if when == "after":
            answer(request)
        if action == "drop":
            raise httpx.ReadError("cut", request=request)
        status = 503 if action == "status" else 200
        return httpx.Response(status, content=b"<html>502</html>", request=request)

    return around


@pytest.mark.parametrize("later", [60.0, 4000.0], ids=["within the hour", "past the hour"])
@pytest.mark.parametrize("action", ["drop", "garbage", "status"])
def test_a_lost_answer_doubles_and_misses_none(action: str, later: float) -> None:
    """Whether it took effect or not, and whether the key is remembered still or not."""
    for when in ("before", "after"):
        harness = _exported()
        harness.around_http = _losing(action, when)
        certify(harness)
        harness.clock.advance(later)
        certificate = _until_certified(harness)

        assert _each_once(harness), (action, when)
        assert {finding.verdict for finding in certificate.findings} == {Verdict.EQUAL}


@pytest.mark.parametrize("policy", ["difference", "remark"])
def test_what_e_conomic_refuses_is_work_or_a_remark(policy: str) -> None:
    """An invoice that was sent electronically takes no document: said once, never tried again."""
    export = EXPORT.model_copy(update={"booking": EXPORT.booking.model_copy(update={"missing_pdf": policy})})
    harness = _exported(export)
    harness.sandbox.agreement.booked[NUMBERS[1]]["electronic"] = True
    certificate = _until_certified(harness)
    before = len(harness.sandbox.server_state.request_log.entries)
    harness.store.schedule_reconciles("n", since=0.0)
    _until_certified(harness)
    record = harness.record(f"main-{NUMBERS[1]}")

    assert record.pdf is not None
    assert "CannotAttachToElectronicInvoice" in record.pdf.detail
    assert [entry.event for entry in record.history][-2:] == ["pdf-intended", "pdf-refused"]
    verdicts = [finding.verdict for finding in certificate.findings]
    assert verdicts == [Verdict.EQUAL, Verdict.DIFFERS if policy == "difference" else Verdict.EQUAL, Verdict.EQUAL]
    assert not [e for e in harness.sandbox.server_state.request_log.entries[before:] if e.method == "POST"]


def test_a_pdf_that_is_not_there_is_work() -> None:
    """The printer was late: named, and nothing is sent."""
    harness = _exported()
    del harness.pdf_fixtures.files[f"file:///prints/{NUMBERS[0]}.pdf"]
    certificate = _until_certified(harness)
    first = certificate.findings[0]

    assert (first.verdict, [each.field for each in first.fields]) == (Verdict.DIFFERS, ["pdf"])
    assert len(_files(harness)) == 2


def test_a_pdf_that_a_person_deleted_is_not_put_back() -> None:
    """It is a difference; whoever deleted it is asked."""
    harness = _exported()
    _until_certified(harness)
    harness.clock.advance(1000.0)
    harness.sandbox.agreement.documents.pop(min(harness.sandbox.agreement.documents))
    harness.store.schedule_reconciles("n", since=0.0)
    certificate = _until_certified(harness)

    assert [each.verdict for each in certificate.findings].count(Verdict.DIFFERS) == 1
    assert len(_files(harness)) == 2


def test_one_that_somebody_attached_before_is_taken_as_it_is() -> None:
    """A bookkeeper was faster: nothing is attached beside it."""
    harness = _exported()
    [row] = [r for r in harness.sandbox.agreement.booked_entries if r["invoice"] == NUMBERS[0] and r["customer"]]
    theirs = {"year": row["year"], "voucherNumber": row["voucherNumber"], "file": b"%PDF-theirs", "pages": 1}
    harness.sandbox.agreement.documents[77] = theirs
    _until_certified(harness)

    assert _files(harness)[row["year"], row["voucherNumber"]] == [b"%PDF-theirs"]
    record = harness.record(f"main-{NUMBERS[0]}")
    assert record.pdf is not None
    assert record.pdf.document == 77


def test_nothing_is_attached_where_that_is_switched_off() -> None:
    """Nor does the certificate ask for it."""
    harness = _exported(EXPORT.model_copy(update={"booking": EXPORT.booking.model_copy(update={"attach_pdf": False})}))
    certificate = _until_certified(harness)

    assert _files(harness) == {}
    assert {finding.verdict for finding in certificate.findings} == {Verdict.EQUAL}


def test_a_voucher_that_lost_its_pdf_gets_it_again() -> None:
    """An upload that a hostile answer called done and that never arrived is found, and made good."""
    world: Reconciled = reconciled(71, method="voucher")
    harness, agreement = world.harness, world.agreement
    lost = next(iter(agreement.attachments))
    content = agreement.attachments.pop(lost)
    agreement.document_numbers.pop(lost)
    certificate = _until_certified(harness)

    assert _files(harness) == {(lost[1], lost[2]): content}
    assert {finding.verdict for finding in certificate.findings} == {Verdict.EQUAL}


def test_where_documents_cannot_be_listed_e_conomic_refuses_the_second() -> None:
    """Killed after the upload and past the hour: the repeat is refused, and counts as attached."""
    settings = EXPORT.reconcile.model_copy(update={"documents": False})
    harness = _exported(EXPORT.model_copy(update={"reconcile": settings}))

    def around(request: httpx.Request, answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Response:
        found = answer(request)
        if request.method == "POST" and "documentsapi" in request.url.path:
            raise Killed
        return found

    harness.around_http = around
    with pytest.raises(Killed):
        certify(harness)
    harness.around_http = lambda request, answer: answer(request)
    harness.hire()
    harness.clock.advance(4000.0)
    _until_certified(harness)

    assert _each_once(harness)


@pytest.mark.parametrize(
    ("known", "documents", "now", "step"),
    [
        (None, (), 0.0, AttachmentStep.SEND),
        (None, None, 0.0, AttachmentStep.SEND),
        (None, (5,), 0.0, AttachmentStep.ADOPT),
        (AttachmentState.INTENDED, (), 100.0, AttachmentStep.REPEAT),
        (AttachmentState.INTENDED, (), 3400.0, AttachmentStep.SEND),
        (AttachmentState.INTENDED, (5,), 100.0, AttachmentStep.ADOPT),
        (AttachmentState.ATTACHED, (), 9999.0, AttachmentStep.NOTHING),
        (AttachmentState.ATTACHED, (5,), 9999.0, AttachmentStep.NOTHING),
        (AttachmentState.REFUSED, (), 9999.0, AttachmentStep.NOTHING),
        (AttachmentState.REFUSED, (5,), 9999.0, AttachmentStep.ADOPT),
    ],
)
def test_the_next_step(
    known: AttachmentState | None, documents: tuple[int, ...] | None, now: float, step: AttachmentStep
) -> None:
    """Only a reading without it, past the memory of keys, allows a new request."""
    pdf = PdfAttachment(state=known, key="k", at=0.0) if known else None

    assert next_attachment_step(pdf, documents, now=now, key_memory=3300.0) is step
