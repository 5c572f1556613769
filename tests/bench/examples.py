"""Somebody's UBL documents in a folder: each to the øre, or refused with its reasons.

``make examples FOLDER=...``. The official examples of Peppol BIS Billing 3 (github.com/OpenPEPPOL/peppol-bis-invoice-3,
rules/examples) and of OIOUBL are not ours to publish; fetch them into a folder. All lines get one account, and letters
before a document's number are taken off, as what is looked at here is amounts, dates and parties.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from worker.intake.event_errors import EventRefused
from worker.intake.format_files import FileHead, HowToRead, read_file
from worker.intake.formats.mapping import Mapping
from worker.intake.formats.safe_xml import whole_tree
from worker.intake.formats.ubl_nodes import CBC, Nodes

#: Reasons that are shown of one document.
_MOST_REASONS = 4


def rows(folder: Path) -> Iterator[str]:
    """Yield a line for each document of a folder, and of those in it."""
    for path in sorted(folder.rglob("*.xml")):
        try:
            yield f"{path.name:<44} {_read(path)}"
        except EventRefused as refused:
            reasons = [problem.description for problem in refused.problems[:_MOST_REASONS]]
            yield f"{path.name:<44} refused\n" + "\n".join(f"    {reason}" for reason in reasons)


def _read(path: Path) -> str:
    number = Nodes(whole_tree(path.read_bytes())).text(f"{CBC}ID")
    rules = {"accounts": [{"account": "3010"}], "payment_days": 30, "number_prefix": number.rstrip("0123456789")}
    how = HowToRead(mapping=Mapping.model_validate({"ubl": rules}))
    with path.open("rb") as file:
        [(invoice, _)] = read_file(file, path.name, how, FileHead())
    amounts = (
        f"net {invoice.net}, VAT {invoice.vat}, rounding {invoice.rounding}, gross {invoice.gross} {invoice.currency}"
    )
    return f"{invoice.invoice_type} {invoice.invoice_number}, {len(invoice.lines)} lines: {amounts}"


if __name__ == "__main__":
    sys.stdout.write("".join(f"{row}\n" for row in rows(Path(sys.argv[1]))))
