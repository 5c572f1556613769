import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from support.events import event, invoices, raw, reader, wire
from support.samples import export, invoice, line

from worker.intake.event_errors import MOST_PROBLEMS, EventRefused
from worker.intake.parsing import read_invoice, whole
from worker.intake.reading import read_event

LIMIT = 100_000


def _refusal(content: bytes, **places: Any) -> EventRefused:
    with pytest.raises(EventRefused) as caught:
        reader(export(), **places).read(read_event(content, limit=LIMIT))
    return caught.value


def _reasons(content: bytes, **places: Any) -> list[str]:
    return [problem.reason.value for problem in _refusal(content, **places).problems]


def _fields(content: bytes, **places: Any) -> list[str]:
    return [problem.field for problem in _refusal(content, **places).problems]


def test_a_right_event_becomes_a_period_and_its_invoices() -> None:
    """Ids follow from export, region and number; the content is canonical."""
    period = {"id": 881, "name": "2026-47A", "region": "DK1", "closedAt": "2026-11-20T16:04:05+01:00"}

    read = reader(export()).read(read_event(raw(event(period=period)), limit=LIMIT))

    assert read.period.id == "main-DK1-p881"
    assert read.period.closed_at == "2026-11-20T16:04:05+01:00"
    assert [invoice.id for invoice in read.invoices] == ["main-DK1-100001", "main-DK1-100002"]
    assert read.invoices[0].content == invoice(invoice_number=100001).content().text


def test_types_share_numbers_only_when_the_export_says_so() -> None:
    """With a number series per type, the type is part of the id; with one series, a number twice is an error."""
    items = [wire(invoice(invoice_number=7)), wire(invoice(invoice_number=7, invoice_type="correction"))]
    content = raw(event(items))

    read = reader(export(invoice_series="by-type")).read(read_event(content, limit=LIMIT))

    assert sorted(invoice.id for invoice in read.invoices) == ["main-correction-7", "main-invoice-7"]
    assert _reasons(content) == ["duplicate-number"]


def test_the_same_content_has_the_same_hash_however_it_is_written() -> None:
    """Null and absent, and any order of keys, are one content: a re-sent invoice is nothing new."""
    full = wire(invoice())
    sparse = {key: value for key, value in reversed(full.items()) if value is not None}
    read = reader(export()).read

    first, second = (read(read_event(raw(event([item])), limit=LIMIT)) for item in (full, sparse))

    assert first.invoices == second.invoices


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "event-unreadable"),
        (b"{", "event-unreadable"),
        (b"\xff\xfe{", "event-unreadable"),
        (b"[" * 100_000, "event-unreadable"),
        (b'{"id": ' + b"9" * 5000 + b"}", "event-unreadable"),
        (b"[]", "event-invalid"),
        (b"null", "event-invalid"),
        (b'{"id": NaN}', "event-invalid"),
        (b'{"id": 1.5}', "event-invalid"),
        (b'{"id": "a", "id": "b"}', "event-invalid"),
        (b'{"id": "\\ud800"}', "event-invalid"),
        (raw({"specversion": "2.0"}), "event-unsupported"),
        (raw({"specversion": 1}), "event-unsupported"),
        (raw(event() | {"type": "opter.invoice-period.closed.v2"}), "event-unsupported"),
        (b" " * (LIMIT + 1), "event-too-large"),
    ],
    ids=lambda value: value[:20] if isinstance(value, bytes) else value,
)
def test_what_is_no_event_is_refused(content: bytes, reason: str) -> None:
    """Bytes that mean nothing, or not this, are named for what they are."""
    with pytest.raises(EventRefused) as caught:
        read_event(content, limit=LIMIT)

    assert caught.value.problems[0].reason.value == reason


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"invoiceNumber": ...}, "invoiceNumber"),
        ({"customer": ...}, "customer"),
        ({"net": 1000}, "net"),
        ({"net": "1000.001"}, "net"),
        ({"net": "1e400"}, "net"),
        ({"net": "NaN"}, "net"),
        ({"net": " "}, "net"),
        ({"invoiceNumber": "100001"}, "invoiceNumber"),
        ({"invoiceNumber": 0}, "invoiceNumber"),
        ({"invoiceNumber": True}, "invoiceNumber"),
        ({"invoiceDate": "2026-02-30"}, "invoiceDate"),
        ({"invoiceDate": 86400}, "invoiceDate"),
        ({"invoiceType": "gift"}, "invoiceType"),
        ({"currency": "kr"}, "currency"),
        ({"exchangeRate": 7.46}, "exchangeRate"),
        ({"exchangeRate": "7,46"}, "exchangeRate"),
        ({"lines": []}, "lines"),
        ({"invoice_number": 1}, "invoice_number"),
        ({"comment": "x"}, "comment"),
    ],
    ids=str,
)
def test_a_field_that_breaks_the_contract_is_named(change: dict[str, Any], field: str) -> None:
    """Nothing is coerced and nothing unknown is dropped; the place is named in the event's own spelling."""
    document = event(invoices(2))
    changed = document["data"]["invoices"][1] | change
    document["data"]["invoices"][1] = {key: value for key, value in changed.items() if value is not ...}

    assert _fields(raw(document)) == [f"data.invoices[1].{field}"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"invoices": ...}, "data"),
        ({"invoicesRef": {"url": "file:///a", "sha256": "0" * 64, "count": 1}}, "data"),
        ({"invoiceCount": 0}, "data.invoiceCount"),
        ({"controlTotals": []}, "data.controlTotals"),
        ({"export": "Main Export"}, "data.export"),
        ({"trigger": "now"}, "data.trigger"),
        ({"period": {"id": 1, "name": "a", "closedAt": "2026-11-20"}}, "data.period.closedAt"),
        ({"period": {"id": 1, "name": "a", "closedAt": "2026-11-20T15:04:05"}}, "data.period.closedAt"),
        ({"surprise": 1}, "data.surprise"),
    ],
    ids=str,
)
def test_a_broken_envelope_is_refused(data: dict[str, Any], field: str) -> None:
    """The part around the invoices is checked as strictly."""
    assert _fields(raw(event(**data))) == [field]


def test_cloudevents_attributes_are_allowed_and_others_are_not() -> None:
    """CloudEvents 1.0 lets anyone add lower-case attributes; a misspelt one of ours would not look like that."""
    event_with = event() | {"subject": "period/881", "traceparent": "00-0af7-b7ad-01"}

    assert read_event(raw(event_with), limit=LIMIT).key == "/opter/acme/1#e-1"
    assert _reasons(raw(event() | {"specVersion": "1.0"})) == ["event-invalid"]


@pytest.mark.parametrize(
    ("change", "value", "remedy"),
    [
        ({"net": 1000.5}, "1000.5", 'such as "100.00", not a number'),
        ({"vat": "250,00"}, "250,00", 'such as "1234.50"'),
        ({"vat": "1.250,00"}, "1.250,00", 'such as "1234.50"'),
        ({"gross": "1250.001"}, "1250.001", "more than two decimals"),
        ({"invoiceDate": "20-11-2026"}, "20-11-2026", "year-month-day"),
        ({"dueDate": "20.11.2026"}, "20.11.2026", "year-month-day"),
        ({"dueDate": "20/11 2026"}, "20/11 2026", "year-month-day"),
        ({"exchangeRate": "746,11"}, "746,11", 'such as "746.11"'),
        ({"currency": "kr."}, "kr.", 'such as "DKK"'),
        ({"creditsInvoiceNumber": "D1001"}, "D1001", "whole number without quotes"),
        ({"customer": {"code": "A", "name": "B", "country": "Danmark"}}, "Danmark", 'such as "DK"'),
        ({"customer": {"code": "A", "name": "B", "ledgerNumber": "D7"}}, "D7", "whole number without quotes"),
        ({"customer": {"code": 12, "name": "B"}}, "12", "text in quotes"),
        ({"invoiceType": "gift"}, "gift", "commission-discount"),
    ],
    ids=str,
)
def test_a_broken_field_is_named_with_its_invoice_its_value_and_what_to_write(
    change: dict[str, Any], value: str, remedy: str
) -> None:
    """Whoever corrects the sender needs no documentation for it."""
    document = event(invoices(2))
    document["data"]["invoices"][1] |= change

    [problem] = _refusal(raw(document)).problems

    assert (problem.invoice_number, problem.value) == (100002, value)
    assert problem.field.startswith("data.invoices[1].")
    for told in (problem.field, "invoice 100002", value, remedy):
        assert told in problem.description


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "dkk"},
        {"currency": " Dkk "},
        {"invoiceType": "Invoice"},
        {"customer": wire(invoice())["customer"] | {"country": "dk"}},
    ],
    ids=str,
)
def test_the_case_of_a_code_changes_nothing(change: dict[str, Any]) -> None:
    """The same invoice with a code in other letters has the same content and the same hash."""
    items = invoices(1)
    read = reader(export()).read

    first = read(read_event(raw(event(items)), limit=LIMIT))
    other = read(
        read_event(raw(event([items[0] | change], controlTotals=event(items)["data"]["controlTotals"])), limit=LIMIT)
    )

    assert first == other


def test_a_large_event_is_written_as_a_small_one_is() -> None:
    """Three invoices are kept from the first reading; with the second one too much, all three are read again."""
    event_ = read_event(raw(event(invoices(3))), limit=LIMIT)
    written = {}
    for most in (0, 1500, LIMIT):
        with reader(export(), most_kept=most).checked(event_) as checked:
            first, again = list(checked.invoices()), list(checked.invoices())
        assert first == again
        written[most] = first
    sizes = [len(new.content) for new in written[LIMIT]]

    assert sizes[0] < 1500 < sum(sizes)
    assert written[0] == written[1500] == written[LIMIT]
    assert [new.invoice_number for new in written[LIMIT]] == [100001, 100002, 100003]


@pytest.mark.parametrize("most_kept", [0, LIMIT], ids=["read again", "kept"])
@pytest.mark.parametrize("kind", ["net", "lines", "sums"])
def test_a_good_invoice_is_not_kept_back_by_a_bad_one(kind: str, most_kept: int) -> None:
    """Where count and control totals are right with the bad one, the others are proven to be what was closed."""
    items = invoices(3)
    match kind:
        case "net":
            items[1]["dueDate"] = "20-12-2026"
        case "lines":
            items[1]["lines"][0]["net"] = "1000.005"
        case _:
            items[1]["lines"][0]["net"] = "999.00"

    with reader(export(), most_kept=most_kept).checked(read_event(raw(event(items)), limit=LIMIT)) as checked:
        kept = [new.invoice_number for new in checked.invoices()]

    assert kept == [100001, 100003]
    assert {problem.invoice_number for problem in checked.left_out.listed()} == {100002}


@pytest.mark.parametrize(
    "change",
    [{"vat": "200.00"}, {"net": 1000.0}, {"invoiceNumber": "100002"}, {"invoiceNumber": 100001}, {"currency": 5}],
    ids=str,
)
def test_what_cannot_be_counted_keeps_the_whole_event_back(change: dict[str, Any]) -> None:
    """Without a clear number, currency and sums of every invoice nothing proves that the others are complete."""
    document = event(invoices(3))
    document["data"]["invoices"][1] |= change

    with pytest.raises(EventRefused), reader(export()).checked(read_event(raw(document), limit=LIMIT)):
        pass


def test_every_problem_is_told_at_once() -> None:
    """Sums of two invoices, a doubled number, the count and the control total come in one list."""
    wrong = wire(invoice(line("1000.00"), net="1000.00", vat="250.00", gross="1250.01"))
    items = [wrong, wire(invoice(line("10.00", vat="9.00")))]
    totals = [{"currency": "EUR", "net": "1.00", "vat": "0", "gross": "1"}]
    content = raw(event(items, invoiceCount=3, controlTotals=totals))

    assert set(_reasons(content)) == {"invalid-sums", "duplicate-number", "control-totals"}
    assert len(_reasons(content)) >= 5


def test_a_list_of_problems_is_bounded() -> None:
    """A dead letter stays readable: the first hundred problems and how many more there are."""
    document = event(invoices(75))
    document["data"]["invoices"] = [invoice | {"net": 1, "vat": 1} for invoice in document["data"]["invoices"]]

    problems = _refusal(raw(document)).problems

    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1].description == "And 50 more problems."


def test_an_unknown_export_is_named_with_the_known_ones() -> None:
    """Nothing is guessed: the event names an export of the exports file, or waits in the dead list."""
    refusal = _refusal(raw(event(export="mian")))

    assert refusal.problems[0].description == "There is no export named mian; there are: main."


def test_a_pdf_outside_the_allowed_places_is_its_invoices_affair() -> None:
    """The period is taken in; the export refuses the address, and that invoice alone becomes a dead letter."""
    items = invoices(2)
    items[0]["pdf"] = {"url": "file:///etc/passwd", "sha256": "0" * 64, "bytes": 3}

    read = reader(export()).read(read_event(raw(event(items)), limit=LIMIT))

    assert len(read.invoices) == 2


def _reference(folder: Path, lines: list[str], **changes: Any) -> bytes:
    content = "\n".join(lines).encode()
    (folder / "period.ndjson").write_bytes(content)
    body = {
        "url": f"file://{folder}/period.ndjson",
        "sha256": hashlib.sha256(content).hexdigest(),
        "count": len(lines),
    }
    return raw(event(invoices(2), invoices=..., invoicesRef=body | changes))


@pytest.mark.parametrize(
    ("lines", "changes", "reasons"),
    [
        (2, {"sha256": "0" * 64}, ["invoices-file-mismatch"]),
        (2, {"count": 3}, ["invoices-file-mismatch"]),
        (1, {}, ["control-totals"] * 4),
        (3, {}, ["control-totals"] * 4),
    ],
)
def test_a_file_that_is_not_what_the_event_says_is_refused(
    lines: int, changes: dict[str, Any], reasons: list[str], tmp_path: Path
) -> None:
    """Hash and count prove that the file is whole; then its sums are checked like those of inline invoices."""
    written = [json.dumps(invoice) for invoice in invoices(lines)]

    assert _reasons(_reference(tmp_path, written, **changes), folders=(tmp_path,)) == reasons


def test_every_bad_line_of_a_file_is_told(tmp_path: Path) -> None:
    """One list names all lines: broken JSON, a missing field, a key twice."""
    good, other = (json.dumps(invoice) for invoice in invoices(2))
    lines = [good, "{", other.replace('"net"', '"nett"', 1), '{"net": "1", "net": "2"}']

    fields = _fields(_reference(tmp_path, lines), folders=(tmp_path,))

    assert fields == ["line 2", "line 3.net", "line 3.nett", "line 4"]


@pytest.mark.parametrize("broken", [(0,), (1,), (3,), (0, 3), (1, 2, 3), (0, 1, 2, 3)])
def test_every_broken_line_is_named(broken: tuple[int, ...]) -> None:
    """Wherever the first one stands, and with each of its fields; the good ones between are not."""
    (item,) = invoices(1)
    item["lines"] = [item["lines"][0] | {"lineNumber": number} for number in (1, 2, 3, 4)]
    for index in broken:
        item["lines"][index] |= {"net": "33.335", "text": 7}

    problems = _refusal(raw(event([item]))).problems
    named = [problem.field for problem in problems if problem.reason.value == "event-invalid"]
    assert named == [f"data.invoices[0].lines[{index}].{field}" for index in broken for field in ("net", "text")]
    assert all("invoice 100001" in problem.description for problem in problems if problem.field in named)


def test_lines_without_end_are_told_up_to_a_bound() -> None:
    """Ten thousand lines that lack every field: a hundred problems are kept, of the others there is a number."""
    (item,) = invoices(1)
    item["lines"] = [{} for _ in range(10_000)]
    read = read_invoice(content := raw(item), whole(content), "line 3")

    assert read.problems[0].field == "line 3.lines[0].lineNumber"
    assert read.problems[99].field.startswith("line 3.lines[19]")  # 5 fields a line: 100 / 5 = 20 lines
    assert len(read.problems) == 101
    assert read.problems[100].description == "And 900 more problems."  # reading ends after 1000 of them
