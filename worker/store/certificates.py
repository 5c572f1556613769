"""Certificates on Redis: documents that are written once, and the differences that they leave to persons."""

# ruff: noqa: PLC0415  # the models of a certificate are slow to load: `status` needs the store without them

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from config.names import export_of
from worker.domain.invoice_period import StoredCertificate
from worker.domain.reconcile_ports import CertificatePort
from worker.errors import LeaseLost
from worker.store import records
from worker.store.connection import StoreConnection, Word, mapping, text, texts, token

if TYPE_CHECKING:
    from worker.domain.attachment import PdfAttachment
    from worker.domain.certificate import Acceptance, Finding, OpenDifference
    from worker.domain.credit_match import CreditMatch


class RedisCertificates(StoreConnection, CertificatePort):
    """See ``CertificatePort``."""

    @override
    def add_certificate(self, kept: StoredCertificate, findings: Sequence[Finding], *, claimed: str = "") -> bool:
        from worker.domain.certificate import outline_of

        texts_of = [(finding.id, finding.model_dump_json(by_alias=True, exclude_none=True)) for finding in findings]
        differences = [word for pair in texts_of for word in pair]
        answer = self.run(
            "add_certificate",
            kept.period,
            kept.id,
            records.dump_summary(kept),
            kept.text,
            int(kept.complete),
            kept.open_differences,
            claimed,
            outline_of(kept.text),
            *differences,
        )
        return texts(answer) == ["ok"]

    @override
    def certificates(self, period_id: str) -> Sequence[StoredCertificate]:
        ids = texts(self.ask(["LRANGE", self.key("certificates", period_id), 0, -1])[0])
        if not ids:
            return []
        summaries = self.ask(*(["HGET", self.key("certificate", each), "summary"] for each in ids))
        return [records.load_summary(text(summary)) for summary in summaries]

    @override
    def certificate(self, certificate_id: str) -> StoredCertificate | None:
        record = self.key("certificate", certificate_id)
        summary, whole, packed = self.ask(["HMGET", record, "summary", "text", "packed"])[0]
        return records.load_summary(text(summary), certificate_text(whole, packed)) if summary is not None else None

    @override
    def outline(self, certificate_id: str) -> str | None:
        from worker.domain.certificate import outline_of

        (outline,) = self.ask(["HGET", self.key("certificate", certificate_id), "outline"])
        if outline is not None:
            return text(outline)
        kept = self.certificate(certificate_id)  # one of a version that wrote none
        return outline_of(kept.text) if kept else None

    @override
    def differences(self, period_id: str | None, *, most: int | None = None) -> Sequence[OpenDifference]:
        from worker.domain.certificate import Finding, OpenDifference

        every = [period_id] if period_id else texts(self.ask(["ZREVRANGE", self.key("periods"), 0, -1])[0])
        if not every:
            return []
        if most is None:
            answers = self.ask(*(["HGETALL", self.key("differences", period)] for period in every))
        else:
            scans: list[list[Word]] = [["HSCAN", self.key("differences", each), 0, "COUNT", most] for each in every]
            answers = [found for _, found in self.ask(*scans)]
        found = [
            OpenDifference(period=period, invoice_id=key, finding=Finding.model_validate_json(finding))
            for period, answer in zip(every, answers, strict=True)
            for key, finding in mapping(answer).items()
        ]
        return sorted(found, key=lambda each: (every.index(each.period), each.finding.invoice_number, each.invoice_id))

    @override
    def accept_difference(self, period_id: str, invoice_id: str, acceptance: Acceptance) -> bool:
        detail = f"{acceptance.by}: {acceptance.why}"
        said = acceptance.model_dump_json(by_alias=True)
        logged = (token(), export_of(invoice_id), acceptance.by, acceptance.why)
        answer = self.run("accept_difference", period_id, invoice_id, said, detail, *logged)
        return texts(answer) == ["ok"]

    @override
    def acceptances(self, period_id: str) -> Mapping[str, Acceptance]:
        from worker.domain.certificate import Acceptance

        accepted = mapping(self.ask(["HGETALL", self.key("accepted", period_id)])[0])
        return {key: Acceptance.model_validate_json(acceptance) for key, acceptance in accepted.items()}

    @override
    def reconciles_due(self) -> Sequence[tuple[str, str]]:
        answer = texts(self.run("reconciles_due"))
        return list(zip(answer[::2], answer[1::2], strict=True))

    @override
    def claim_reconcile(self, period_id: str, *, lease: float) -> str | None:
        answer = texts(self.run("claim_reconcile", period_id, token(), lease))
        return answer[1] if answer[0] == "claimed" else None

    @override
    def defer_reconcile(self, period_id: str, claimed: str, *, until: float) -> None:
        self.run("defer_reconcile", period_id, claimed, repr(until))

    @override
    def save_attachment(  # see the port
        self, period_id: str, claimed: str, invoice_id: str, pdf: PdfAttachment, *, event: str = "", detail: str = ""
    ) -> None:
        self._save_followup(period_id, claimed, invoice_id, "pdf", records.dump_followup(pdf), event, detail)

    @override
    def save_credit_match(  # see the port
        self, period_id: str, claimed: str, invoice_id: str, match: CreditMatch, *, event: str = "", detail: str = ""
    ) -> None:
        self._save_followup(period_id, claimed, invoice_id, "credit", records.dump_followup(match), event, detail)

    def _save_followup(self, period_id: str, *words: str) -> None:
        if texts(self.run("save_followup", period_id, *words)) != ["ok"]:
            raise LeaseLost(f"another worker has taken over the certificate of period {period_id}")

    @override
    def schedule_reconciles(self, night: str, *, since: float) -> None:
        self.run("schedule_reconciles", night, repr(since))


def certificate_text(whole: Any, packed: Any) -> str:
    """Return the text of a certificate, however the store keeps it."""
    import zlib

    return text(whole) if whole is not None else zlib.decompress(packed).decode() if packed is not None else ""
