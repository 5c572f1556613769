"""Files of invoices in any format, read and checked: what a folder, a command or an upload hands over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from worker.domain.invoice import Invoice
from worker.domain.reasons import EventReason
from worker.domain.sums import Problem
from worker.intake.event import Period, Total
from worker.intake.event_errors import EventRefused, Problems, broken_rules, refused
from worker.intake.formats.detect import READERS, detect
from worker.intake.formats.mapping import Mapping, load_mapping
from worker.intake.formats.port import FormatReader, FoundHead, FoundInvoice
from worker.intake.formats.stylesheet import Stylesheet
from worker.intake.parsing import read_invoice, whole


@dataclass(frozen=True, kw_only=True, slots=True)
class HowToRead:
    """What an export says about the files of its sender."""

    mapping: Mapping = field(default_factory=Mapping)
    #: Makes our own XML of the sender's; None: the file is in a format that we know.
    stylesheet: Stylesheet | None = None

    def reader(self, file: BinaryIO, name: str) -> FormatReader:
        """Return what reads this file. Raises ``EventRefused``."""
        detected = detect(file, name)
        return self.stylesheet if self.stylesheet and detected in {"xml", "ubl"} else READERS[detected]


@dataclass(kw_only=True, slots=True)
class FileHead:
    """What a file says about its period; whatever it does not say is None."""

    export: str | None = None
    period: Period | None = None
    invoice_count: int | None = None
    control_totals: tuple[Total, ...] | None = None


def how_to_read(mapping: Path | None = None, stylesheet: Path | None = None) -> HowToRead:
    """Return how to read files, from a mapping and a stylesheet. Raises ``EventRefused``, ``OSError``."""
    return HowToRead(
        mapping=load_mapping(mapping) if mapping else Mapping(),
        stylesheet=Stylesheet(stylesheet.read_bytes()) if stylesheet else None,
    )


def read_file(file: BinaryIO, name: str, how: HowToRead, head: FileHead) -> Iterator[tuple[Invoice, bytes | None]]:
    """Yield the invoices with their PDF, each in itself right, and fill ``head``.

    Raises ``EventRefused`` at the end with every problem of the file, each with the file's name ahead.
    """
    problems, count = Problems(), 0
    try:
        for found in how.reader(file, name)(file, how.mapping):
            if isinstance(found, FoundHead):
                problems.add(_add_head(head, found))
                continue
            count += 1
            invoice, wrong = _checked(found)
            problems.add(wrong)
            if invoice:
                yield invoice, found.pdf
            if problems.enough:
                break
    except EventRefused as refusal:
        problems.add(refusal.problems)
    if not count and not problems:
        problems.add([Problem(reason=EventReason.FILE_UNREADABLE, description="The file holds no invoices.")])
    if problems:
        raise EventRefused([_named(problem, name) for problem in problems.listed()])


def _checked(found: FoundInvoice) -> tuple[Invoice | None, tuple[Problem, ...]]:
    if found.problems:
        return None, found.problems
    raw = json.dumps(found.fields).encode()
    read = read_invoice(raw, whole(raw), found.within)
    return (None if read.problems else read.invoice), read.problems


def _add_head(head: FileHead, found: FoundHead) -> tuple[Problem, ...]:
    """Add what the file says; what does not fit is a problem."""
    problems = list(found.problems)
    for name, value in found.fields.items():
        try:
            _set(head, name, value)
        except ValidationError as error:
            problems += broken_rules(error, within=name)
        except EventRefused as refusal:
            problems += refusal.problems
    return tuple(problems)


def _set(head: FileHead, name: str, value: object) -> None:
    text = json.dumps(value)
    if name == "period":
        head.period = Period.model_validate_json(text, strict=True, by_alias=True, by_name=False)
    elif name == "controlTotals" and isinstance(value, list):
        read = [
            Total.model_validate_json(json.dumps(each), strict=True, by_name=False, by_alias=True) for each in value
        ]
        head.control_totals = tuple(read)
    elif name == "invoiceCount":
        if not isinstance(value, int) or value < 1:
            where = "invoiceCount must be a whole number of 1 or more."
            raise refused(EventReason.EVENT_INVALID, where, field=name, value=text[:100])
        head.invoice_count = value
    elif name == "export":
        head.export = str(value)


def _named(problem: Problem, name: str) -> Problem:
    return Problem(
        reason=problem.reason,
        description=f"{name}: {problem.description}",
        invoice_number=problem.invoice_number,
        field=problem.field,
        value=problem.value,
    )
