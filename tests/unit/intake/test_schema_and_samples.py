import json
from pathlib import Path

import pytest
from support.events import reader
from support.samples import export

from worker.intake.event import schema_text
from worker.intake.parsing import parse_lines
from worker.intake.reading import read_event

DEPLOY = Path(__file__).parents[3] / "deploy"
SAMPLES = DEPLOY / "samples"


def test_the_published_schema_is_the_models_own() -> None:
    """Regenerate with ``python -m worker.intake.event > deploy/event.schema.json`` when the contract changes."""
    assert (DEPLOY / "event.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_published_schema_has_no_json_number_for_money() -> None:
    """A float would not survive every publisher's JSON library to the øre."""
    assert '"type": "number"' not in schema_text()


def test_the_inline_sample_is_right() -> None:
    """What a stranger copies passes every check."""
    event = read_event((SAMPLES / "period-closed.json").read_bytes(), limit=100_000)

    read = reader(export()).read(event)

    assert [invoice.id for invoice in read.invoices] == ["main-100353", "main-100354"]
    assert (read.period.id, read.period.invoice_count) == ("main-p881", 2)


def test_the_sample_by_reference_is_right(tmp_path: Path) -> None:
    """The file's hash and count are those in the event; only its folder differs here."""
    content = (SAMPLES / "period-by-reference.ndjson").read_bytes()
    (tmp_path / "period-by-reference.ndjson").write_bytes(content)
    document = json.loads((SAMPLES / "period-by-reference.json").read_bytes())
    document["data"]["invoicesRef"]["url"] = f"file://{tmp_path}/period-by-reference.ndjson"
    event = read_event(json.dumps(document).encode(), limit=100_000)

    read = reader(export(), folders=(tmp_path,)).read(event)

    assert [invoice.id for invoice in read.invoices] == ["main-DE1-200017", "main-DE1-200018"]


@pytest.mark.parametrize("field", ["net", "vat", "gross", "lines", "customer", "invoiceNumber"])
def test_the_samples_mention_every_field_that_matters(field: str) -> None:
    """The samples are documentation: each names its fields in the wire's spelling."""
    (first, *_), problems = parse_lines((SAMPLES / "period-by-reference.ndjson").read_bytes())

    assert problems == []
    assert field in first.model_dump(by_alias=True)
