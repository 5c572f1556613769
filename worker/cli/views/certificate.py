"""A certificate for people and for scripts: the sums on both sides, and what a person has to look at."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.formatting import facts, page, printable, section, table
from worker.cli.language import mark, say
from worker.cli.views.certificate_summary import result, when
from worker.domain.certificate import Amounts, Certificate, Finding, OpenDifference, Verdict
from worker.domain.invoice_period import StoredCertificate
from worker.reconcile.reasons import OF_VERDICT

#: Invoices shown for one verdict; files and ``--json`` hold all.
SHOWN = 12
_GOOD = (Verdict.EQUAL, Verdict.LEFT_OUT)
#: What the comparison of an invoice came to.
VERDICTS = {
    Verdict.EQUAL: mark("equal"),
    Verdict.DIFFERS: mark("differs"),
    Verdict.MISSING: mark("missing"),
    Verdict.TWICE: mark("more-than-once"),
    Verdict.EDITED: mark("edited-by-hand"),
    Verdict.NUMBER_TAKEN: mark("number-taken-by-other"),
    Verdict.UNEXPECTED: mark("not-expected"),
    Verdict.UNREAD: mark("cannot-be-read"),
    Verdict.NOT_EXPORTED: mark("not-exported"),
    Verdict.LEFT_OUT: mark("left-out"),
}
_SIDES = (mark("Invoices"), mark("Net"), mark("VAT"), mark("Gross"))


def certificate_view(kept: StoredCertificate, certificate: Certificate) -> RenderableType:
    """Return the whole certificate, differences by what they are."""
    return page(
        Text.assemble(
            (say("Certificate of period {name}", name=printable(certificate.name)), "title"),
            (f"  {kept.id} · ", "quiet"),
            (say("e-conomic read at {when}", when=when(kept.at)), "quiet"),
        ),
        Text(),
        facts(_about(kept, certificate)),
        section(say("In e-conomic"), _currencies(certificate)) if certificate.currencies else None,
        section(say("By account and VAT code"), _accounts(certificate)) if certificate.accounts else None,
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
        return Text(say("No certificate has left a difference."), style="good")
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
    counts = ", ".join(f"{number} {say(VERDICTS[verdict])}" for verdict, number in certificate.counts.items())
    reading = certificate.reading
    calls = formatting.count(reading.calls, "call")
    return [
        (say("Result"), result(kept)),
        (say("Invoices"), counts or say("none")),
        (say("Read"), say("agreement {agreement}, {calls}", agreement=reading.agreement, calls=calls)),
        (say("Not compared"), "\n".join(reading.left_out)),
        ("SHA-256", kept.sha256),
    ]


def _currencies(certificate: Certificate) -> RenderableType:
    sides = tuple(map(say, _SIDES))
    rows = table(say("Currency"), "", *sides, numbers=sides)
    for totals in certificate.currencies:
        rows.add_row(totals.currency, "Opter", *_amounts(totals.opter))
        rows.add_row("", "e-conomic", *_amounts(totals.books))
        difference = _amounts(totals.difference)
        style = "bad" if any(each.strip("0.") for each in difference) else "good"
        rows.add_row("", Text(say("difference"), style=style), *(Text(each, style=style) for each in difference))
    return rows


def _amounts(amounts: Amounts) -> list[str]:
    return [str(amounts.invoices), *map(formatting.money, (amounts.net, amounts.vat, amounts.gross))]


def _accounts(certificate: Certificate) -> RenderableType:
    columns = ("Opter", "e-conomic", say("Difference"))
    rows = table(say("Account"), say("VAT code"), say("Currency"), *columns, numbers=columns)
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
    rows = table(say("Invoice"), say("Field"), "Opter", "e-conomic")
    for finding in found[:SHOWN]:
        for at, each in enumerate(finding.fields or [None]):
            name = finding.id if at == 0 else ""
            rows.add_row(name, *((each.field, each.opter, each.books) if each else ("", "", finding.where)))
    if len(found) > SHOWN:
        more = say("… and {number} more (--json and files hold all)", number=len(found) - SHOWN)
        rows.add_row(Text(more, style="quiet"), "", "", "")
    heading = f"{say(reason.heading)} · {formatting.count(len(found), 'invoice')}"
    return section(heading, Text(reason.value, style="quiet"), f"→ {say(reason.next_step)}", "", rows)


def _accepted(certificate: Certificate) -> RenderableType | None:
    rows = table(say("Invoice"), say("Verdict"), say("Accepted by"), say("Why"))
    accepted = [(finding, finding.accepted) for finding in certificate.findings if finding.accepted]
    for finding, acceptance in accepted[:SHOWN]:
        rows.add_row(finding.id, say(VERDICTS[finding.verdict]), acceptance.by, acceptance.why)
    return section(say("Accepted differences"), rows) if accepted else None


def _unread(certificate: Certificate) -> RenderableType | None:
    unread = certificate.counts.get(Verdict.UNREAD, 0)
    if not unread:
        return None
    text = say(
        "{invoices} could not be read now: e-conomic gave no answer, or does not show yet what was exported a moment "
        "ago. That is no difference; reconcile the period again in some minutes.",
        invoices=formatting.count(unread, "invoice"),
    )
    return section(say("Not read"), Text(text, style="wait"))
