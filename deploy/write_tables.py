# ruff: noqa: INP001  # a script beside the documents that it writes, not a package
"""Write the documents' tables from the code: ``python deploy/write_tables.py``; ``--check`` only compares.

A table stands between ``<!-- name -->`` and ``<!-- /name -->``; what stands there is replaced as a whole.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from config.docs_tables import KeyRow, exports_tables, settings_table, store_table
from worker.domain.reasons import EventReason, ProcessReason, ReasonCode
from worker.economic.mapping.reasons import CustomerReason, SetUpReason, VoucherReason
from worker.economic.mapping.vat_zones import TERRITORIES, ZONE_RULES
from worker.economic.reasons import EconomicReason
from worker.reconcile.reasons import ReconcileReason

DOCS = Path(__file__).parent / "docs"

_HEADINGS = (
    (EventReason, "The event or its invoices contradict themselves"),
    (SetUpReason, "The agreement or the exports file lacks something"),
    (VoucherReason, "Vouchers and their PDFs"),
    (CustomerReason, "The customer cannot be identified"),
    (EconomicReason, "e-conomic refuses, or has something else"),
    (ReconcileReason, "Read back from e-conomic, and found to differ"),
    (ProcessReason, "Our own processes"),
)


def settings() -> str:
    """Return the table of all settings."""
    rows = (f"| `{row.variable}` |{_code(row.default)}| {row.meaning} |" for row in settings_table())
    return "\n".join(["| Variable | Default | Meaning |", "| --- | --- | --- |", *rows])


def exports() -> str:
    """Return every table of the exports file under its own heading."""
    head = ["| Key | Default | Example | Meaning |", "| --- | --- | --- | --- |"]
    tables = (
        "\n".join([f"### `[{table.name}]`", "", table.meaning, "", *head, *map(_key, table.rows)])
        for table in (*exports_tables(), store_table())
    )
    return "\n\n".join(tables)


def vat_zones() -> str:
    """Return the rules that put an invoice into a VAT zone, in the order in which they are tried."""
    rules = (f"| {n} | `{rule.zone.key}` | {rule.meaning} |" for n, rule in enumerate(ZONE_RULES, start=1))
    return "\n".join(["| Order | Zone | Invoices to |", "| --- | --- | --- |", *rules])


def territories() -> str:
    """Return the territories with VAT rules of their own, and how each is recognised."""
    head = ["| Territory | Country codes | Postcodes | Counts as |", "| --- | --- | --- | --- |"]
    rows = (
        f"| `{each.key}` | {', '.join(sorted(each.codes))} | "
        f"{'; '.join(' '.join((country, *starts)) for country, starts in each.postcodes.items())} | "
        f"{each.counts_as} |"
        for each in TERRITORIES
    )
    return "\n".join([*head, *rows])


def reasons() -> str:
    """Return every reason code with cause and remedy, under a heading for each origin."""
    return "\n\n".join(f"### {heading}\n\n{_reason_table(table)}" for table, heading in _HEADINGS)


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """Return the text with these tables in place. Raises ``LookupError`` for a table without its two marks."""
    for name, table in tables.items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not between.search(text):
            raise LookupError(f"there are no marks <!-- {name} --> and <!-- /{name} -->")
        text = between.sub(lambda marks, table=table: f"{marks[1]}\n{table}\n\n{marks[2]}", text)
    return text


def documents() -> Iterator[tuple[Path, str]]:
    """Yield every document that holds tables, as it should be."""
    for name, tables in (
        ("settings.md", {"settings": settings()}),
        ("exports.md", {"exports": exports(), "vat-zones": vat_zones(), "territories": territories()}),
        ("reasons.md", {"reasons": reasons()}),
    ):
        path = DOCS / name
        yield path, with_tables(path.read_text(encoding="utf-8"), tables)


def main(*, check: bool) -> int:
    """Write or compare; return 1 when something differed and was only to be compared."""
    outdated = [(path, text) for path, text in documents() if path.read_text(encoding="utf-8") != text]
    for path, text in outdated:
        if not check:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {'differs from the code' if check else 'written'}\n")
    return int(check and bool(outdated))


def _reason_table(reasons: type[ReasonCode]) -> str:
    rows = (f"| **{code.heading}**<br>`{code}` | {code.cause} | {code.next_step} |" for code in reasons)
    return "\n".join(["| Reason | Cause | What to do |", "| --- | --- | --- |", *rows])


def _key(row: KeyRow) -> str:
    default = " required " if row.required else _code(row.default)
    return f"| `{row.key}` |{default}|{_code(row.example)}| {row.meaning} |"


def _code(default: str) -> str:
    return f" `{default}` " if default else " "


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
