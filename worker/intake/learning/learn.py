"""What a sender's files give: read with a mapping that is there, or with one that is proposed from them."""

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.reasons import EventReason
from worker.intake.event_errors import EventRefused, refused
from worker.intake.format_files import HowToRead
from worker.intake.formats.detect import FormatName, detect
from worker.intake.formats.mapping import Mapping, read_mapping
from worker.intake.formats.own_xml import INVOICE, NAMESPACE, PERIOD
from worker.intake.formats.safe_xml import local, namespace, whole_tree
from worker.intake.formats.stylesheet import Stylesheet
from worker.intake.formats.tables import Row, csv_rows, xlsx_rows
from worker.intake.learning.proposal import Proposal
from worker.intake.learning.readings import Readings, read_with
from worker.intake.learning.table_proposal import columns_of, propose_mapping
from worker.intake.learning.ubl_proposal import propose_rules
from worker.intake.learning.xml_proposal import propose_stylesheet

#: Rows that are looked at, and bytes of a file.
_MOST_ROWS, MOST_BYTES = 20_000, 32 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """What there is to say of files."""

    #: ``own-xml`` and ``json``: our own formats, which need no mapping.
    format: str
    #: None where a mapping or stylesheet was given, or none is needed.
    proposal: Proposal | None
    readings: Readings


def learn(files: Sequence[tuple[str, bytes]], how: HowToRead | None) -> Learnt:
    """Return what these named files give; without ``how`` a mapping is proposed. Raises ``EventRefused``."""
    formats = {_format(name, raw) for name, raw in files}
    if len(formats) > 1:
        text = f"These files are in several formats ({', '.join(sorted(formats))}); take those of one format together."
        raise refused(EventReason.FILE_UNREADABLE, text)
    name = formats.pop()
    if how is not None:
        return Learnt(format=name, proposal=None, readings=read_with(files, how))
    proposal = _proposal(name, files)
    return Learnt(format=name, proposal=proposal, readings=read_with(files, how_proposed(proposal)))


def how_proposed(proposal: Proposal | None) -> HowToRead:
    """Return how to read by a proposal. Raises ``EventRefused``."""
    if proposal is None:
        return HowToRead()
    if proposal.kind == "stylesheet":
        return HowToRead(stylesheet=Stylesheet(proposal.text.encode()))
    return HowToRead(mapping=read_mapping(proposal.text, "the proposal"))


def _format(name: str, raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        text = f"{name}: a file to learn from may have {MOST_BYTES} bytes; take a shorter one of the same kind."
        raise refused(EventReason.EVENT_TOO_LARGE, text)
    found: FormatName = detect(io.BytesIO(raw), name)
    if found == "xml" and (namespace(root := whole_tree(raw)) == NAMESPACE or local(root) == PERIOD or _is_own(root)):
        return "own-xml"
    return found


def _is_own(root: object) -> bool:
    return local(root) == INVOICE and getattr(root, "find", lambda _: None)("invoiceNumber") is not None


def _proposal(name: str, files: Sequence[tuple[str, bytes]]) -> Proposal | None:
    if name in {"csv", "xlsx"}:
        header, rows = _rows(name, files)
        return propose_mapping(columns_of(header, rows))
    if name in {"xml", "ubl"}:
        roots = [_root(file, raw) for file, raw in files]
        return propose_rules(roots) if name == "ubl" else propose_stylesheet(roots)
    return None


def _root(name: str, raw: bytes) -> object:
    try:
        return whole_tree(raw)
    except EventRefused as refusal:
        raise refused(refusal.problems[0].reason, f"{name}: {refusal.problems[0].description}") from None


def _rows(name: str, files: Sequence[tuple[str, bytes]]) -> tuple[Row, list[Row]]:
    """Return the header, and the rows of all files that have the same one."""
    read = csv_rows if name == "csv" else xlsx_rows
    header: Row | None = None
    found: list[Row] = []
    for _, raw in files:
        rows = read(io.BytesIO(raw), Mapping().table)
        first = next(rows, None)
        header = header or first
        if first is not None and header is not None and first.cells == header.cells:
            found += itertools.islice(rows, _MOST_ROWS)
    if header is None:
        raise refused(
            EventReason.FILE_UNREADABLE, f"{files[0][0]}: The file is empty; its first row names the columns."
        )
    return header, found
