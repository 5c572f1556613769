"""Files to rehearse with: an exports file that goes to the sandbox, its environment, and an event that fits both."""

import json
import shlex
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.settings import variable
from worker.domain.invoice import Invoice
from worker.local.demo.sample import EXPORT, event_document
from worker.local.demo.sample_invoices import InvoicePlan, Numbers, known, make_invoice, new
from worker.local.demo.sample_vouchers import announced, print_invoices
from worker.local.demo.sandbox_export import Method, sandbox_export
from worker.sandbox.server import DEFAULT_TOKENS

PERIOD = {"id": 870, "name": "2026-46A", "region": None, "closedAt": "2026-11-13T15:04:05Z"}
EXPORTS_FILE, ENVIRONMENT, EVENT, PRINTED = "exports.toml", "environment", "event.json", "printed"
_TOKENS = ("ECONOMIC_APP_SECRET_TOKEN", f"ECONOMIC_GRANT_TOKEN_{EXPORT.upper()}")
_FIRST_NUMBER = 100_201

_HEADING = """\
# For rehearsals: its only export goes to the sandbox, so nothing of it is in your books.
# Every key with default and example: deploy/docs/exports.md. A change is taken in while everything runs.
"""


def rehearsal_files(folder: Path, method: Method, *, sandbox: str) -> dict[Path, str]:
    """Return what ``sandbox init`` writes: file -> content. ``folder`` is absolute, ``sandbox`` an address."""
    app, grant = _TOKENS
    tokens = f'app_secret_token_env = "{app}"\ngrant_token_env = "{grant}"\n'
    return {
        folder / EXPORTS_FILE: sandbox_export(method, heading=_HEADING, tokens=tokens, sandbox=sandbox),
        folder / ENVIRONMENT: _environment(folder, method),
        folder / EVENT: _event(invoices(folder, method)),
    }


def invoices(folder: Path, method: Method) -> tuple[Invoice, ...]:
    """Return six invoices that a fresh sandbox takes; for vouchers each announces its PDF in the folder ``printed``."""
    numbers, danish, fresh = Numbers(_FIRST_NUMBER), known(), new()
    plain = [make_invoice(_plan(customer), numbers.take()) for customer in (*danish[:4], *fresh[:2])]
    return tuple(announced(invoice, folder / PRINTED) for invoice in plain) if method == "voucher" else tuple(plain)


def print_rehearsal(folder: Path, method: Method) -> None:
    """Write the PDFs that the event announces."""
    if method == "voucher":
        print_invoices(invoices(folder, method), folder / PRINTED)


def refused_event(folder: Path, method: Method) -> bytes:
    """Return the event with one krone too much in what it says that its invoices come to: the intake refuses it."""
    document = json.loads(_event(invoices(folder, method)))
    [total] = document["data"]["controlTotals"]
    total |= {name: str(Decimal(total[name]) + 1) for name in ("net", "gross")}
    return json.dumps(document, ensure_ascii=False, indent=2).encode()


def _plan(customer: Any) -> InvoicePlan:
    lines = (("3010", Decimal(25), 100_000), ("3020", Decimal(25), 12_000))
    return InvoicePlan(customer=customer, lines=lines, terms=2, orders=1)


def _event(sent: Sequence[Invoice]) -> str:
    document = event_document(sent)
    document |= {"id": f"rehearsal-{PERIOD['id']}", "time": PERIOD["closedAt"]}
    data = document["data"]
    totals = [total for total in data["controlTotals"] if total["currency"] == "DKK"]
    document["data"] = data | {"period": PERIOD, "controlTotals": totals}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _environment(folder: Path, method: Method) -> str:
    values = dict(zip(_TOKENS, DEFAULT_TOKENS, strict=True)) | {
        variable("environment"): "rehearsal",
        variable("exports_file"): str(folder / EXPORTS_FILE),
        # A store of its own: its records and pinned agreements are not those of real exports.
        variable("data_folder"): str(folder / "data"),
    }
    if method == "voucher":
        values[variable("intake", "allowed_folders")] = str(folder / PRINTED)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return "\n".join(
        [
            "# Read it into each terminal of the rehearsal:  . " + shlex.quote(str(folder / ENVIRONMENT)),
            f"unset REDIS_URL {variable('redis', 'url')}  # the rehearsal has a Redis of its own",
            *lines,
            "",
        ]
    )
