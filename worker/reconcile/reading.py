"""What stands in e-conomic for the invoices of a period, read back: booked invoices, ledger, journals, documents.

The ledger is read by invoice number in bulk. Where the lines of revenue and VAT do not carry the number, the rest of a
voucher is read by its own number. What is not found is looked up once more in another way before it counts as missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from config.exports import ExportConfig
from worker.domain.identity import normal_reference
from worker.domain.money import ZERO
from worker.economic.ledger import LedgerReader
from worker.economic.mapping.ledger import LedgerEntry, Standing, of_ledger, year_named
from worker.economic.mapping.master_data import Document, EconomicCustomer, MasterData
from worker.economic.mapping.voucher_payload import marked
from worker.economic.port import EconomicVouchers
from worker.errors import Retryable
from worker.reconcile.expected import Expected
from worker.workflow.context import span

#: Booked invoices are listed by date while that takes no more calls than looking references up, so many a call.
_PAGE, _REFERENCES = 1000, 150
#: Invoices that are asked for one by one when nothing else has found them.
_MOST_SINGLE = 50

Key = tuple[str, int]


@dataclass(kw_only=True, slots=True)
class Found:
    """What was read so far."""

    #: Invoice id -> everything that carries its number or its reference.
    standing: dict[str, list[Standing]] = field(default_factory=lambda: defaultdict(list))
    #: Ids of invoices that an answer is missing for.
    unread: set[str] = field(default_factory=set)
    cards: Mapping[int, EconomicCustomer] = field(default_factory=dict)
    #: Whether any entry names a VAT code.
    codes_told: bool = False
    #: What was not compared, in a sentence each.
    left_out: list[str] = field(default_factory=list)


class PeriodReading:
    """One reading of the invoices of one export."""

    def __init__(
        self,
        export: ExportConfig,
        wanted: Sequence[Expected],
        *,
        economic: EconomicVouchers,
        ledger: LedgerReader,
        master_data: MasterData,
    ) -> None:
        self._export, self._wanted = export, wanted
        self._economic, self._ledger, self._master_data = economic, ledger, master_data
        self._by_number = {each.number: each for each in wanted if each.number is not None}
        self._by_id = {each.id: each for each in wanted}
        self._by_reference = {normal_reference(each.id): each for each in wanted}
        self._vat_accounts = frozenset(vat.account for vat in master_data.vat_accounts if vat.account is not None)
        #: What is read follows from what stands there, as the method may be another by now.
        self._invoices = any(each.kind != "voucher" for each in wanted)
        self._vouchers = any(each.kind == "voucher" for each in wanted)
        self._found = Found()

    def read(self) -> Found:
        """Read everything. Raises ``Misconfigured`` and ``Refused``; what does not answer leaves invoices unread."""
        try:
            documents = self._documents()
            if self._vouchers:
                self._add_journals()
            self._add_ledger(documents)
            self._look_again()
            self._found.cards = self._cards()
            if self._export.reconcile.documents:
                self._add_attached()
        except Retryable:
            # Which invoices the missing answer was about is not known any more: none of them was read.
            self._found.unread |= self._by_id.keys()
        return self._found

    def _documents(self) -> tuple[Document, ...]:
        """Return booked invoices that may be ours, and our drafts where invoices are left as drafts."""
        if not self._invoices:
            return ()
        references = [each.id for each in self._wanted if each.kind != "voucher"]
        drafted = [each.id for each in self._wanted if each.kind == "draft"]
        most = max(_PAGE, len(references) // _REFERENCES * _PAGE)
        first = min((date.fromisoformat(each.date) for each in self._wanted), default=date.max)
        booked = self._ledger.booked_since(first, most=most) if references else ()
        if booked is None:
            return tuple(self._economic.documents(references))
        drafts = self._economic.documents(drafted) if drafted else ()
        return (*booked, *(each for each in drafts if not each.booked))

    def _add_journals(self) -> None:
        rates = {vat.code: vat.rate for vat in self._master_data.vat_accounts}
        for standing in self._ledger.in_journals(rates):
            self._found.codes_told |= any(code for _, code in standing.accounts or ())
            self._add(standing)

    def _add_ledger(self, documents: Sequence[Document]) -> None:
        """Put booked invoices and ledger together, each document once."""
        vouchers = self._vouchers_by_number()
        posted: dict[int, list[Standing]] = defaultdict(list)
        for standing, by_hand in vouchers:
            if by_hand or not self._invoices:
                self._add(standing)
            else:
                posted[standing.number or 0].append(standing)
        ours = {each.number: each for each in documents if each.booked and self._concerns(each)}
        lost = [number for number in posted if number not in ours]
        ours |= {each.number: each for each in self._booked_singly(lost)}
        for document in [*ours.values(), *(each for each in documents if not each.booked)]:
            entries = posted.pop(document.number, []) if document.booked else []
            self._add(_merged(document, entries))
        for standings in posted.values():
            for standing in standings:
                self._add(standing)

    def _vouchers_by_number(self) -> list[tuple[Standing, bool]]:
        """Return what the ledger holds under our numbers, and whether it was entered by hand or by a journal."""
        groups: dict[Key, list[LedgerEntry]] = defaultdict(list)
        left = set(self._by_number)
        try:
            for asked, entries in self._ledger.by_invoice_number(sorted(left)):
                left -= set(asked)
                for entry in entries:
                    groups[self._key(entry)].append(entry)
        except Retryable:
            self._found.unread |= {self._by_number[number].id for number in left}
        groups = {key: entries for key, entries in groups.items() if self._owing(entries)}
        self._complete(groups)
        return [standing for entries in groups.values() for standing in self._standings(entries)]

    def _complete(self, groups: dict[Key, list[LedgerEntry]]) -> None:
        """Read the whole of each voucher whose entries do not add up to zero."""
        parts = {key: entries for key, entries in groups.items() if sum(entry.amount for entry in entries) != ZERO}
        left = {voucher for _, voucher in parts}
        try:
            for asked, entries in self._ledger.by_voucher(sorted(left)):
                left -= set(asked)
                whole: dict[Key, list[LedgerEntry]] = defaultdict(list)
                for entry in entries:
                    whole[self._key(entry)].append(entry)
                groups.update({key: whole[key] for key in whole if key in parts})
        except Retryable:
            numbers = [entry.invoice_number for key in parts if key[1] in left for entry in parts[key]]
            self._found.unread |= {self._by_number[n].id for n in numbers if n in self._by_number}

    def _owing(self, entries: Iterable[LedgerEntry]) -> list[LedgerEntry]:
        """Return the entries by which a customer owes one of our numbers: a payment carries the number as well."""
        return [
            entry
            for entry in entries
            if entry.customer is not None and entry.invoice_number in self._by_number and not self._is_payment(entry)
        ]

    def _is_payment(self, entry: LedgerEntry) -> bool:
        kind = entry.kind.casefold()
        return any(word.casefold() in kind for word in self._export.reconcile.payment_words)

    def _standings(self, entries: Sequence[LedgerEntry]) -> Iterator[tuple[Standing, bool]]:
        """Yield each invoice of one voucher; only one that is alone in it can be compared by account."""
        self._found.codes_told |= any(entry.vat_code for entry in entries)
        owing = [entry for entry in entries if entry.customer is not None]
        numbers = {entry.invoice_number for entry in owing}
        for number in sorted({entry.invoice_number or 0 for entry in self._owing(entries)}):
            mine = [
                entry for entry in entries if len(numbers) == 1 or (entry in owing and entry.invoice_number == number)
            ]
            by_hand = "manual" in self._owing(mine)[0].kind.casefold()
            standing = self._of_ledger(mine)
            if not by_hand and self._invoices:
                standing = replace(standing, reference=None)  # on the booked invoice, which is read elsewhere
            if len(numbers) > 1:
                standing = replace(standing, contradiction="its voucher holds other invoices as well")
            elif standing.net is None:
                standing = replace(standing, contradiction="its entries do not add up to zero")
            yield standing, by_hand

    def _of_ledger(self, entries: Sequence[LedgerEntry]) -> Standing:
        references = [reference for entry in entries if (reference := marked(entry.text))]
        return of_ledger(
            entries,
            vat_accounts=self._vat_accounts,
            years=self._master_data.years,
            reference=references[-1] if references else "",
        )

    def _booked_singly(self, numbers: Sequence[int]) -> Iterator[Document]:
        """Read booked invoices that the ledger shows and the listing by date does not."""
        for number in numbers[:_MOST_SINGLE]:
            document = self._economic.booked(number)
            if document:
                yield document

    def _look_again(self) -> None:
        """Look what should stand and was not found up in another way: by reference, by recorded voucher or number."""
        lost = [each for each in self._wanted if each.stands and not self._has_ours(each)]
        vouchers = [each for each in lost if each.kind == "voucher"]
        invoices = [each for each in lost if each.kind != "voucher"]
        if vouchers:
            self._look_for_vouchers(vouchers)
        for document in self._economic.documents([each.id for each in invoices]) if invoices else ():
            self._add(_merged(document, []))
        still = [each.number for each in invoices if not self._has_ours(each) and each.number is not None]
        for document in self._booked_singly(still):
            self._add(_merged(document, []))

    def _look_for_vouchers(self, lost: Sequence[Expected]) -> None:
        days = [date.fromisoformat(each.date) for each in lost]
        found = self._economic.vouchers(frozenset(each.id for each in lost), *span(min(days), max(days)))
        numbers = {voucher.number: voucher.document_reference for voucher in found if voucher.booked}
        numbers |= {int(each.voucher.rpartition("-")[2]): each.id for each in lost if each.voucher}
        groups: dict[Key, list[LedgerEntry]] = defaultdict(list)
        for _, entries in self._ledger.by_voucher(sorted(numbers)):
            for entry in entries:
                groups[self._key(entry)].append(entry)
        for of_voucher in groups.values():
            if any(entry.customer is not None for entry in of_voucher):
                self._add(self._of_ledger(of_voucher))

    def _add(self, standing: Standing) -> None:
        """Give what stands to the invoice whose reference it carries, and to the one whose number or voucher it has."""
        recorded = f"{standing.year}-{standing.voucher}"
        owners = {each.id for each in (self._by_reference.get(normal_reference(standing.reference or "")),) if each}
        number = self._by_number.get(standing.number or 0) if standing.kind != "draft" else None
        if number and not owners:
            owners.add(number.id)
        if standing.kind == "voucher" and not owners:
            owners |= {each.id for each in self._wanted if each.voucher == recorded}
        for owner in owners:
            if standing not in self._found.standing[owner]:
                self._found.standing[owner].append(standing)

    def _has_ours(self, each: Expected) -> bool:
        return bool(self._found.standing.get(each.id))

    def _concerns(self, document: Document) -> bool:
        ours = normal_reference(document.document_reference) in self._by_reference
        return ours or document.number in self._by_number

    def _key(self, entry: LedgerEntry) -> Key:
        return entry.year or year_named(entry.date, self._master_data.years), entry.voucher

    def _cards(self) -> Mapping[int, EconomicCustomer]:
        numbers = {
            each.customer
            for standings in self._found.standing.values()
            for each in standings
            if each.customer is not None
        }
        return {card.number: card for card in self._economic.customers_by_number(sorted(numbers))}

    def _add_attached(self) -> None:
        """Tell of each voucher which documents are attached to it."""
        vouchers = {
            each.voucher
            for standings in self._found.standing.values()
            for each in standings
            if each.voucher is not None
        }
        attached = self._ledger.documents(sorted(vouchers)) if self._wants_documents() else ()
        if attached is None:
            self._found.left_out.append("Attached PDFs: e-conomic does not let them be listed.")
            return
        if not self._wants_documents():
            return
        for owner, standings in self._found.standing.items():
            self._found.standing[owner] = [
                replace(
                    each,
                    documents=tuple(
                        sorted(
                            doc.number
                            for doc in attached
                            if doc.voucher == each.voucher and doc.year in {"", each.year}
                        )
                    ),
                )
                for each in standings
            ]

    def _wants_documents(self) -> bool:
        return any(each.document or each.documents for each in self._wanted)


def _merged(document: Document, entries: Sequence[Standing]) -> Standing:
    """Return a booked invoice or draft with what the ledger says of it; where the two contradict each other, say so."""
    standing = Standing(
        kind="invoice" if document.booked else "draft",
        number=document.number,
        reference=document.document_reference,
        customer=document.customer,
        date=document.date,
        due_date=document.due_date,
        currency=document.currency,
        net=document.net,
        vat=document.vat,
        gross=document.gross,
    )
    if not document.booked:
        return standing
    if not entries:
        return replace(standing, contradiction="the ledger has no entry of it")
    entry = entries[0]
    return replace(
        standing,
        year=entry.year,
        voucher=entry.voucher,
        accounts=entry.accounts,
        remainder=entry.remainder,
        contradiction=entry.contradiction or _contradiction(standing, entry, others=len(entries) - 1),
    )


def _contradiction(standing: Standing, entry: Standing, *, others: int) -> str:
    if others:
        return f"the ledger has it {others + 1} times"
    for name in ("customer", "date", "due_date", "currency", "net", "vat", "gross"):
        ours, theirs = getattr(standing, name), getattr(entry, name)
        if theirs not in (None, "") and ours != theirs:
            return f"the ledger has {name.replace('_', ' ')} {theirs}"
    return ""
