"""Credit notes matched with the invoices that they name: exactly once, as a second match of the two is impossible.

Matched entries have nothing left to pay, which the ledger shows: so the intent is saved, the request sent, and what
became of it read. Where the two do not cancel each other out, nothing is sent and a person decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from config.exports import ExportConfig
from worker.domain.credit_match import REFUSED, CreditMatch, MatchState, MatchStep, OpenEntry, next_match_step
from worker.domain.export_rules import original_references
from worker.domain.identity import idempotency_key
from worker.domain.invoice import Invoice
from worker.domain.money import ZERO
from worker.domain.reconcile_ports import CertificatePort
from worker.domain.record import InvoiceRecord, Outcome, State
from worker.domain.store_port import OperatorPort
from worker.economic.failures import KEY_CLASHES
from worker.economic.ledger import LedgerReader
from worker.errors import Refused
from worker.workflow.context import ExportContext

_POSTED = (Outcome.BOOKED, Outcome.VOUCHER)


class MatchStore(CertificatePort, OperatorPort, Protocol):
    """What matching needs of the store."""


class EntryMatcher(Protocol):
    """The one call that matches."""

    def match_entries(self, path: str, entries: Sequence[int], *, key: str) -> None:
        """See ``worker.economic.client.EconomicClient``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditMatcher:
    """Matches the credit notes of one claimed period."""

    context: ExportContext
    writer: EntryMatcher
    store: MatchStore
    ledger: LedgerReader
    period: str
    claimed: str

    def match(self, records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice]) -> int:
        """Do what is to be done of each; return how many requests were sent. Raises what reading and writing raises."""
        pairs = self._pairs(records, invoices)
        numbers = {_number(record) for pair in pairs for record in pair}
        entries = self._entries(numbers) if numbers else {}
        sent = 0
        for credit, original in pairs:
            ours, theirs = entries.get(_number(credit)), entries.get(_number(original))
            if ours and theirs:
                sent += self._one(credit, ours, theirs)
        return sent

    def _pairs(
        self, records: Sequence[InvoiceRecord], invoices: Mapping[str, Invoice]
    ) -> list[tuple[InvoiceRecord, InvoiceRecord]]:
        """Return the posted credit notes, each with the posted invoice that it names."""
        pairs = []
        for record in records:
            done = record.credit is not None and record.credit.state is MatchState.MATCHED
            if done or not _posted(record) or invoices[record.id].gross >= ZERO:
                continue
            original = self._original(invoices[record.id], self.context.export, record.region)
            if original:
                pairs.append((record, original))
        return pairs

    def _original(self, invoice: Invoice, export: ExportConfig, region: str | None) -> InvoiceRecord | None:
        known = (self.store.invoice(key) for key in original_references(invoice, export, region))
        return next((record for record in known if record and _posted(record)), None)

    def _entries(self, numbers: set[int]) -> dict[int, OpenEntry]:
        """Return the one entry by which a customer owes each number; a number with several is a person's."""
        words = [word.casefold() for word in self.context.export.reconcile.payment_words]
        found: dict[int, list[OpenEntry]] = {}
        for _, part in self.ledger.by_invoice_number(sorted(numbers)):
            for entry in part:
                payment = any(word in entry.kind.casefold() for word in words)
                if entry.customer is None or entry.remainder is None or entry.invoice_number is None or payment:
                    continue
                one = OpenEntry(
                    number=entry.number,
                    customer=entry.customer,
                    currency=entry.currency,
                    amount=entry.amount,
                    remainder=entry.remainder,
                )
                found.setdefault(entry.invoice_number, []).append(one)
        return {number: entries[0] for number, entries in found.items() if len(entries) == 1}

    def _one(self, record: InvoiceRecord, credit: OpenEntry, original: OpenEntry) -> bool:
        now, known = self.context.clock(), record.credit
        step, why = next_match_step(known, credit, original, now=now, key_memory=self.context.key_memory)
        if step is MatchStep.NOTHING:
            return False
        if step is MatchStep.ADOPT:
            self._save(record, replace(known or _NEW, state=MatchState.MATCHED), "credit-matched")
            return False
        if step is MatchStep.LEAVE:
            self._save(record, replace(known or _NEW, state=MatchState.LEFT, detail=why), "credit-left", why)
            return False
        intent = known if step is MatchStep.REPEAT and known else self._intended(record, known, now)
        self._send(record, intent, (credit.number, original.number))
        return True

    def _intended(self, record: InvoiceRecord, known: CreditMatch | None, now: float) -> CreditMatch:
        generation = known.generation + 1 if known else 0
        key = idempotency_key(self.context.environment, record.id, "match-credit", generation)
        intent = CreditMatch(state=MatchState.INTENDED, key=key, at=now, generation=generation)
        self._save(record, intent, "credit-match-intended")
        return intent

    def _send(self, record: InvoiceRecord, intent: CreditMatch, entries: tuple[int, int]) -> None:
        try:
            self.writer.match_entries(self.ledger.match_path, entries, key=intent.key)
        except Refused as refusal:
            if refusal.codes & KEY_CLASHES:
                return  # about the key and not about the two: the next reading tells what is open
            why = f"{REFUSED}{' '.join(sorted(refusal.codes)) or refusal.status}"
            self._save(record, replace(intent, state=MatchState.LEFT, detail=why), "credit-left", why)
        else:
            self._save(record, replace(intent, state=MatchState.MATCHED), "credit-matched")

    def _save(self, record: InvoiceRecord, match: CreditMatch, event: str, detail: str = "") -> None:
        self.store.save_credit_match(self.period, self.claimed, record.id, match, event=event, detail=detail)


_NEW = CreditMatch(state=MatchState.INTENDED)


def _posted(record: InvoiceRecord) -> bool:
    return record.state is State.EXPORTED and record.outcome in _POSTED


def _number(record: InvoiceRecord) -> int:
    return record.progress.booked_number or record.invoice_number
