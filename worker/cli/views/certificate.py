"""A certificate for people and for scripts: the sums on both sides, and what a person has to look at."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import facts, page, printable, section, table
from worker.cli.views.certificate_summary import result, when
from worker.domain.certificate import Amounts, Certificate, Finding, OpenDifference, Verdict
from worker.domain.invoice_period import StoredCertificate
from worker.reconcile.reasons import OF_VERDICT

#: Invoices shown for one verdict; files and ``--json`` hold all.
SHOWN = 12
_GOOD = (Verdict.EQUAL, Verdict.LEFT_OUT)
_SIDES = ("Invoices", "Net", "VAT", "Gross")


def certificate_view(kept: StoredCertificate, certificate: Certificate) -> RenderableType:
    """Return the whole certificate, differences by what they are."""
    return page(
        Text.assemble(
            (f"Certificate of period {printable(certificate.name)}", "title"),
            (f"  {kept.id} · e-conomic read at {when(kept.at)}", "quiet"),
        ),
        Text(),
        facts(_about(kept, certificate)),
        section("In e-conomic", _currencies(certificate)) if certificate.currencies else None,
        section("By account and VAT code", _accounts(certificate)) if certificate.accounts else None,
        *(_differences(verdict, certificate) for verdict in OF_VERDICT),
        _accepted(certificate),
        _unread(certificate),
    )


def certificate_data(kept: StoredCertificate) -> dict[str, Any]:
    """Return the same for scripts: the document as it is kept, with its id and hash."""
    return {"id": kept.id, "sha256": kept.sha256, **json.loads(kept.text)}


def differences_view(differences: Sequence[OpenDifference]) -> RenderableType:
    """Return what certificates have left to persons, with what to do about each kind."""
    if not differences:
        return Text("No certificate has left a difference.", style="good")
    by_verdict: dict[Verdict, list[OpenDifference]] = {}
    for difference in differences:
        by_verdict.setdefault(difference.finding.verdict, []).append(difference)
    return page(*(_group(verdict, [each.finding for each in group]) for verdict, group in by_verdict.items()))


def difference_data(difference: OpenDifference) -> dict[str, Any]:
    """Return one for scripts."""
    reason = OF_VERDICT[difference.finding.verdict]
    return {
        "period": difference.period,
        "reason": reason.value,
        "nextStep": reason.next_step,
        **difference.finding.model_dump(mode="json", by_alias=True, exclude_none=True),
    }


def _about(kept: StoredCertificate, certificate: Certificate) -> list[tuple[str, RenderableType]]:
    counts = ", ".join(f"{number} {verdict.value}" for verdict, number in certificate.counts.items())
    reading = certificate.reading
    return [
        ("Result", result(kept)),
        ("Invoices", counts or "none"),
        ("Read", f"agreement {reading.agreement}, {formatting.count(reading.calls, 'call')}"),
        ("Not compared", "\n".join(reading.left_out)),
        ("SHA-256", kept.sha256),
    ]


def _currencies(certificate: Certificate) -> RenderableType:
    rows = table("Currency", "", *_SIDES, numbers=_SIDES)
    for totals in certificate.currencies:
        rows.add_row(totals.currency, "Opter", *_amounts(totals.opter))
        rows.add_row("", "e-conomic", *_amounts(totals.books))
        difference = _amounts(totals.difference)
        style = "bad" if any(each.strip("0.") for each in difference) else "good"
        rows.add_row("", Text("difference", style=style), *(Text(each, style=style) for each in difference))
    return rows


def _amounts(amounts: Amounts) -> list[str]:
    return [str(amounts.invoices), *map(formatting.money, (amounts.net, amounts.vat, amounts.gross))]


def _accounts(certificate: Certificate) -> RenderableType:
    columns = ("Opter", "e-conomic", "Difference")
    rows = table("Account", "VAT code", "Currency", *columns, numbers=columns)
    for totals in certificate.accounts:
        amounts = map(formatting.money, (totals.opter, totals.books))
        style = "bad" if totals.difference else "good"
        difference = Text(formatting.money(totals.difference), style=style)
        rows.add_row(str(totals.account), totals.vat_code, totals.currency, *amounts, difference)
    return rows


def _differences(verdict: Verdict, certificate: Certificate) -> RenderableType | None:
    found = [finding for finding in certificate.differences if finding.verdict is verdict]
    return _group(verdict, found) if found else None


def _group(verdict: Verdict, found: Sequence[Finding]) -> RenderableType:
    reason = OF_VERDICT[verdict]
    rows = table("Invoice", "Field", "Opter", "e-conomic")
    for finding in found[:SHOWN]:
        for at, each in enumerate(finding.fields or [None]):
            name = finding.id if at == 0 else ""
            rows.add_row(name, *((each.field, each.opter, each.books) if each else ("", "", finding.where)))
    if len(found) > SHOWN:
        rows.add_row(Text(f"… and {len(found) - SHOWN} more (--json and files hold all)", style="quiet"), "", "", "")
    heading = f"{reason.heading} · {formatting.count(len(found), 'invoice')}"
    return section(heading, Text(reason.value, style="quiet"), f"→ {reason.next_step}", "", rows)


def _accepted(certificate: Certificate) -> RenderableType | None:
    rows = table("Invoice", "Verdict", "Accepted by", "Why")
    accepted = [(finding, finding.accepted) for finding in certificate.findings if finding.accepted]
    for finding, acceptance in accepted[:SHOWN]:
        rows.add_row(finding.id, finding.verdict.value, acceptance.by, acceptance.why)
    return section("Accepted differences", rows) if accepted else None


def _unread(certificate: Certificate) -> RenderableType | None:
    unread = certificate.counts.get(Verdict.UNREAD, 0)
    if not unread:
        return None
    text = (
        f"{formatting.count(unread, 'invoice')} could not be read now: e-conomic gave no answer, or does not show yet "
        "what was exported a moment ago. That is no difference; reconcile the period again in some minutes."
    )
    return section("Not read", Text(text, style="wait"))
