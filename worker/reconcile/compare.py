"""The comparison of one invoice with what stands in e-conomic: a verdict, and every field that differs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from worker.domain.certificate import Amounts, FieldDifference, Finding, Verdict
from worker.domain.identity import normal_reference
from worker.domain.money import ZERO
from worker.economic.mapping import customer_matching
from worker.economic.mapping.ledger import Accounts, Standing
from worker.economic.mapping.master_data import EconomicCustomer
from worker.reconcile.expected import Expected

_SAME = (customer_matching.Standing.PROVEN, customer_matching.Standing.BARRED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a comparison goes by, besides the invoice and what stands."""

    #: The customers' cards in e-conomic, by number; those that were not read are left out.
    cards: Mapping[int, EconomicCustomer] = field(default_factory=dict)
    #: Largest accepted difference of an amount (``booking.tolerance``).
    tolerance: Decimal = ZERO
    #: Whether the ledger's entries tell VAT codes at all.
    codes_told: bool = True


def compare(wanted: Expected, standing: Sequence[Standing], terms: Terms, *, unread: bool = False) -> Finding:
    """Return what has become of an invoice.

    ``standing`` is everything that carries its number or its reference; ``unread``: not everything could be read.
    """
    ours = [each for each in standing if _is_ours(wanted, each)]
    if unread or (wanted.fresh and wanted.stands and not _all_shown(wanted, ours)):
        return _finding(wanted, Verdict.UNREAD, ours)
    if not wanted.stands:
        return _not_expected(wanted, standing, ours)
    if len(ours) + _owed_besides(wanted, standing, ours) > 1:
        return _finding(wanted, Verdict.TWICE, standing, _places(standing))
    if not ours:
        verdict = Verdict.NUMBER_TAKEN if standing else Verdict.MISSING
        return _finding(wanted, verdict, (), _places(standing), where=_where(standing))
    differences = tuple(fields(wanted, ours[0], terms))
    edited = wanted.kind == "voucher" and not wanted.by_hand
    verdict = Verdict.EDITED if edited and _edited(differences) else Verdict.DIFFERS
    return _finding(wanted, verdict if differences else Verdict.EQUAL, ours, differences)


def _is_ours(wanted: Expected, each: Standing) -> bool:
    """By our reference; by the recorded voucher, whose text may have been changed; by its number when entered by hand.

    A reference that was not read is no proof against it.
    """
    if each.reference and normal_reference(each.reference) == normal_reference(wanted.id):
        return True
    if wanted.voucher and f"{each.year}-{each.voucher}" == wanted.voucher and each.kind == "voucher":
        return True
    return (wanted.by_hand or each.reference is None) and each.number == wanted.number


def _all_shown(wanted: Expected, ours: Sequence[Standing]) -> bool:
    """Whether everything of it shows already: its entries, and the PDF that is attached after the booking."""
    late = wanted.document and any(each.documents == () for each in ours)
    return bool(ours) and not late and not any(each.contradiction for each in ours)


def _owed_besides(wanted: Expected, standing: Sequence[Standing], ours: Sequence[Standing]) -> int:
    """Count documents with its number that are not ours, beside ours: the customer owes them as well."""
    strangers = [each for each in standing if each not in ours and each.number == wanted.number]
    return len(strangers) if ours else 0


def _not_expected(wanted: Expected, standing: Sequence[Standing], ours: Sequence[Standing]) -> Finding:
    if ours and wanted.moving:
        return _finding(wanted, Verdict.UNREAD, ours)
    if ours:
        return _finding(wanted, Verdict.UNEXPECTED, ours, _places(ours))
    if standing:
        return _finding(wanted, Verdict.NUMBER_TAKEN, (), _places(standing), where=_where(standing))
    return _finding(wanted, Verdict.LEFT_OUT if wanted.left_out else Verdict.NOT_EXPORTED, ())


def _edited(differences: Sequence[FieldDifference]) -> bool:
    """A PDF that was never attached is no edit of a voucher."""
    return any(difference.field != "pdf" for difference in differences)


def fields(wanted: Expected, found: Standing, terms: Terms) -> Iterator[FieldDifference]:
    """Yield every field that is not the source's."""
    if found.number is not None and wanted.number is not None and found.number != wanted.number:
        yield _differs("number", wanted.number, found.number)
    if found.kind != wanted.kind and not wanted.by_hand and wanted.kind != "draft":
        yield _differs("kind", wanted.kind, found.kind)
    if wanted.kind == "voucher" and found.reference == "" and not wanted.by_hand:
        yield _differs("text", f"[{wanted.id}]", "without the reference")
    yield from _customer(wanted, found, terms.cards)
    if found.date and found.date != wanted.date:
        yield _differs("date", wanted.date, found.date)
    if found.due_date and wanted.due_dates and found.due_date not in wanted.due_dates and not wanted.by_hand:
        yield _differs("dueDate", " or ".join(wanted.due_dates), found.due_date)
    yield from _amounts(wanted, found, terms.tolerance)
    if wanted.accounts is not None and found.accounts is not None:
        yield from _accounts(wanted.accounts, found.accounts, codes_told=terms.codes_told)
    if found.contradiction:
        yield _differs("ledger", "as the invoice", found.contradiction)
    yield from _followups(wanted, found)


def _amounts(wanted: Expected, found: Standing, tolerance: Decimal) -> Iterator[FieldDifference]:
    if found.currency != wanted.currency:
        yield _differs("currency", wanted.currency, found.currency)
    ours = wanted.amounts
    for name, opter, economic in (
        ("net", ours.net, found.net),
        ("vat", ours.vat, found.vat),
        ("gross", ours.gross, found.gross),
    ):
        if economic is not None and abs(opter - economic) > tolerance:
            yield _differs(name, opter, economic)


def _customer(wanted: Expected, found: Standing, cards: Mapping[int, EconomicCustomer]) -> Iterator[FieldDifference]:
    number, card = found.customer, cards.get(found.customer or 0)
    if number is None:
        return
    same_number = number == (wanted.customer_number or customer_matching.ledger_number(wanted.customer))
    if card is None:
        fits = same_number or wanted.customer_number is None
    else:
        # Cards may have been merged, and an invoice entered by hand may stand on any card of the company.
        now = customer_matching.standing(wanted.customer, card)
        fits = now is not customer_matching.Standing.OTHER and (same_number or now in _SAME)
    if not fits:
        named = f"{number} {card.name} {card.corporate_id}".strip() if card else str(number)
        ours = wanted.customer
        yield _differs(
            "customer", f"{wanted.customer_number or ours.code} {ours.name} {ours.corporate_id or ''}", named
        )


def _accounts(ours: Accounts, theirs: Accounts, *, codes_told: bool) -> Iterator[FieldDifference]:
    if not codes_told:
        ours, theirs = _by_account(ours), _by_account(theirs)
    for place in sorted(ours.keys() | theirs.keys()):
        opter, economic = ours.get(place, ZERO), theirs.get(place, ZERO)
        if opter != economic:
            account, code = place
            yield _differs(f"account {account}{f' {code}' * bool(code)}", opter, economic)


def _by_account(accounts: Accounts) -> Accounts:
    sums: dict[tuple[int, str], Decimal] = {}
    for (account, _), amount in accounts.items():
        sums[account, ""] = sums.get((account, ""), ZERO) + amount
    return sums


def _followups(wanted: Expected, found: Standing) -> Iterator[FieldDifference]:
    """What is done after the booking: the PDF attached, the credit note matched."""
    if wanted.matched and found.remainder:
        yield _differs("creditMatched", "nothing open", f"{found.remainder} open")
    yield from _documents(wanted, found)


def _documents(wanted: Expected, found: Standing) -> Iterator[FieldDifference]:
    """A document is ours as long as it is the one that was seen before; more than one is another's as well."""
    if found.documents is None or not (wanted.document or wanted.documents):
        return
    ours = " ".join(map(str, wanted.documents)) if wanted.documents else "one document"
    if not found.documents:
        yield _differs("pdf", ours, "none")
    elif len(found.documents) > max(1, len(wanted.documents)):
        yield _differs("pdf", ours, f"{len(found.documents)} documents: {' '.join(map(str, found.documents))}")
    elif wanted.documents and set(found.documents) != set(wanted.documents):
        yield _differs("pdf", ours, f"another document: {' '.join(map(str, found.documents))}")


def _finding(
    wanted: Expected,
    verdict: Verdict,
    standing: Sequence[Standing],
    differences: Sequence[FieldDifference] = (),
    *,
    where: str = "",
) -> Finding:
    read = verdict is not Verdict.UNREAD and standing
    one = standing[0] if len(standing) == 1 else None
    return Finding(
        id=wanted.id,
        invoice_number=wanted.invoice_number,
        currency=wanted.currency,
        verdict=verdict,
        opter=wanted.amounts if wanted.stands or verdict is Verdict.UNREAD else Amounts(),
        books=_held(wanted, standing) if read else None,
        fields=tuple(differences),
        where=where or _where(standing),
        remainder=one.remainder if one and read else None,
        documents=one.documents if one and read else None,
    )


def _held(wanted: Expected, standing: Sequence[Standing]) -> Amounts:
    """Add up what stands; one in another currency is shown by its field, and counts in no sum."""
    amounts = Amounts()
    for each in standing:
        if each.currency == wanted.currency:
            net, vat = each.net, each.vat
            if net is None or vat is None:
                net, vat = each.gross - wanted.amounts.vat, wanted.amounts.vat
            amounts = amounts.plus(Amounts(invoices=1, net=net, vat=vat, gross=each.gross))
    return amounts


def _places(standing: Sequence[Standing]) -> tuple[FieldDifference, ...]:
    return tuple(
        _differs("stands", "", f"{each.place}: {each.gross} {each.currency}, customer {each.customer}")
        for each in standing
    )


def _where(standing: Sequence[Standing]) -> str:
    return "; ".join(each.place for each in standing)


def _differs(name: str, opter: object, economic: object) -> FieldDifference:
    return FieldDifference(field=name, opter=str(opter).strip(), books=str(economic))
