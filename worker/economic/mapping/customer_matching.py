"""Customer matching: by number, else by id and EAN, else by the whole address; never by name alone, never guessed.

What ids, EAN and names prove is decided in ``worker.domain.debtor``; here it meets e-conomic's customers.
"""

from collections.abc import Iterable, Sequence
from enum import Enum

from worker.domain.debtor import Mark, Party, Proof, compare, mark_of, party
from worker.domain.identity import fingerprint
from worker.domain.invoice import Customer
from worker.domain.reasons import invalid
from worker.economic.mapping.master_data import EconomicCustomer
from worker.economic.mapping.reasons import CustomerReason
from worker.economic.mapping.vat_zones import code_of
from worker.errors import InvalidInvoice

#: e-conomic REST schema, customers: ``customerNumber``.
_LARGEST_NUMBER = 999_999_999


class Standing(Enum):
    """What a customer that e-conomic has under a number is to an invoice's customer."""

    #: It is the invoice's customer.
    PROVEN = "proven"
    #: It is another debtor by now.
    OTHER = "other"
    #: It is the invoice's customer, and barred.
    BARRED = "barred"
    #: Nothing contradicts, and nothing but the number says that it is the one: its name is another.
    UNPROVEN = "unproven"


def our_party(customer: Customer) -> Party:
    """Return Opter's customer as a debtor."""
    return party(
        name=customer.name,
        corporate_id=customer.corporate_id,
        vat_number=customer.vat_number,
        gln=customer.ean,
        address=customer.address,
        zip_code=customer.zip,
        city=customer.city,
        country=customer.country,
    )


def their_party(theirs: EconomicCustomer, *, home: str = "DK") -> Party:
    """Return e-conomic's customer as a debtor; a blank country is the agreement's ``home`` country."""
    return party(
        name=theirs.name,
        corporate_id=theirs.corporate_id,
        vat_number=theirs.vat_number,
        gln=theirs.ean,
        address=theirs.address,
        zip_code=theirs.zip,
        city=theirs.city,
        country=code_of(theirs.country),
        home=home,
    )


def written_id(customer: Customer) -> str:
    """Return the corporate id to write on a new customer: a CVR number in eight digits, another as Opter has it.

    Empty for what identifies nobody.
    """
    typed = (customer.corporate_id or "").strip()
    mark = mark_of(typed, customer.country)
    if mark is None:
        return ""
    return mark.value if mark.scheme == "DK" else typed.upper()


def spellings(customer: Customer) -> tuple[str, ...]:
    """Return how e-conomic may have stored these ids: filters compare whole texts, so every usual spelling is tried.

    A VAT number is looked for among the corporate ids too, where many write it.
    """
    typed = [text.strip() for text in (customer.corporate_id, customer.vat_number) if text]
    read = [(mark, text) for text in typed if (mark := mark_of(text, customer.country))]
    return tuple(dict.fromkeys(spelling for mark, text in read for spelling in _spelt(mark, text)))


def _spelt(mark: Mark, typed: str) -> tuple[str, ...]:
    value = mark.value
    if mark.scheme == "DK":
        spaced = " ".join(value[at : at + 2] for at in range(0, 8, 2))
        return (value, f"DK{value}", f"DK-{value}", f"DK {value}", spaced, f"DK {spaced}")
    if mark.scheme == "SE":
        return (typed, value, f"{value[:6]}-{value[6:]}", f"SE{value}01", f"SE{value}", f"{value}01")
    if mark.scheme == "NO":
        spaced = f"{value[:3]} {value[3:6]} {value[6:]}"
        return (typed, value, spaced, f"{value}MVA", f"{spaced} MVA", f"NO{value}MVA", f"NO{value}")
    if mark.scheme == "FI":
        return (typed, value, f"{value[:7]}-{value[7:]}", f"FI{value}")
    if mark.comparable:
        return (typed, value, f"{mark.scheme}{value}", f"{mark.scheme} {value}")
    return (typed, "".join(typed.upper().split()))


def ledger_number(customer: Customer) -> int | None:
    """Return Opter's sales ledger number if it fits e-conomic, where it then is the customer number."""
    number = customer.ledger_number
    return number if number and number <= _LARGEST_NUMBER else None


def by_address(customer: Customer) -> bool:
    """Whether only its address can identify this customer, and the address is complete."""
    ours = our_party(customer)
    return not (ledger_number(customer) or ours.marks or ours.gln) and ours.card_complete


def card_key(customer: Customer) -> str:
    """Return a key for Opter's data of this customer, free of them: another number or id needs a new lookup."""
    ours = our_party(customer)
    marks = sorted(f"{mark.scheme} {mark.value}" for mark in ours.marks)
    gln = ours.gln.value if ours.gln else ""
    return fingerprint("card", customer.code, customer.ledger_number or "", *marks, gln, ours.name)


def identity_key(customer: Customer, *, match_address: bool = True) -> str:
    """Return a key for the one customer that may be created, free of its data; Opter codes of one company share it.

    Id and EAN when present, with the name where check digits are wrong; else ledger number, else what can still
    distinguish customers: the address when it would be matched by it, or Opter's code.
    """
    ours = our_party(customer)
    mark = min(ours.marks, key=lambda it: not it.certain, default=None)
    if mark or ours.gln:
        certain = mark.certain if mark else bool(ours.gln and ours.gln.certain)
        id_ = f"{mark.scheme} {mark.value}" if mark else ""
        gln = ours.gln.value if ours.gln else ""
        return fingerprint("corporate-id", id_, gln, "" if certain else ours.name)
    if number := ledger_number(customer):
        return fingerprint("ledger-number", number)
    if match_address and by_address(customer):
        return fingerprint("address", *ours.card)
    return fingerprint("code", customer.code)


def address_key(customer: Customer) -> str | None:
    """Return a key for the whole address, under which customers are looked up one after the other; None without one.

    An id that is filled in later would otherwise let two invoices of one debtor create it side by side.
    """
    ours = our_party(customer)
    return fingerprint("address-turn", *ours.card) if ours.card_complete and not ledger_number(customer) else None


def standing(customer: Customer, theirs: EconomicCustomer, *, home: str = "DK") -> Standing:
    """Return what e-conomic's customer is to Opter's; a sales ledger number counts as Opter's word for it."""
    ours, other = our_party(customer), their_party(theirs, home=home)
    proof = compare(ours, other)
    if proof is Proof.OTHER:
        return Standing.OTHER
    named = ours.name == other.name or theirs.number == ledger_number(customer)
    if proof is not Proof.SAME and not named:
        return Standing.UNPROVEN
    return Standing.BARRED if theirs.barred else Standing.PROVEN


def contradicts_recipient(customer: Customer, recipient_id: str) -> bool:
    """Whether a document's recipient, as e-conomic copied it from the customer, has the id of another debtor."""
    theirs = EconomicCustomer(number=0, name="", corporate_id=recipient_id, country=customer.country)
    return compare(our_party(customer), their_party(theirs)) is Proof.OTHER


def match(  # noqa: PLR0913  # the candidates of each step, and two settings
    customer: Customer,
    by_number: Sequence[EconomicCustomer] = (),
    by_id: Sequence[EconomicCustomer] = (),
    by_card: Sequence[EconomicCustomer] = (),
    *,
    ask_about_names: bool = False,
    home: str = "DK",
) -> EconomicCustomer | None:
    """Return the one customer that fits: by ledger number, else by id and EAN, else by its whole address.

    The candidates are what e-conomic's filters found; those that do not really fit are left out here. None: create it.
    ``ask_about_names``: a number whose customer has another name, with no id to confirm it, is a question. Raises
    ``InvalidInvoice`` when several fit, or the one is barred, contradicted, or not confirmed.
    """
    numbered = [theirs for theirs in by_number if theirs.number == ledger_number(customer)]
    if numbered:
        return _only(customer, _checked(customer, numbered, ask=ask_about_names, home=home))
    ours = our_party(customer)
    known = _with_id(customer, ours, by_id, home=home)
    if known:
        return _only(customer, known)
    cards = [theirs for theirs in by_card if _same_card(ours, their_party(theirs, home=home))]
    return _only(customer, cards) if cards and ours.card_complete and not ledger_number(customer) else None


def _checked(
    customer: Customer, numbered: Sequence[EconomicCustomer], *, ask: bool, home: str
) -> Sequence[EconomicCustomer]:
    """Refuse a customer of the right number that is another debtor, or may be."""
    for theirs in numbered:
        ours, other = our_party(customer), their_party(theirs, home=home)
        proof = compare(ours, other)
        if proof is Proof.OTHER:
            raise contradiction(customer, theirs)
        if ask and proof is not Proof.SAME and ours.name != other.name:
            raise unconfirmed(customer, theirs)
    return numbered


def _with_id(
    customer: Customer, ours: Party, candidates: Sequence[EconomicCustomer], *, home: str
) -> Sequence[EconomicCustomer]:
    """Return those that id and EAN name; the name decides where they leave it open. Raises ``InvalidInvoice``."""
    parties = {theirs.number: (theirs, their_party(theirs, home=home)) for theirs in candidates}
    proofs = {number: compare(ours, other) for number, (_, other) in parties.items()}
    fitting = [parties[number] for number, proof in proofs.items() if proof in (Proof.SAME, Proof.LIKELY)]
    exact = [pair for pair in fitting if ours.gln and pair[1].gln]
    if exact:
        return [theirs for theirs, _ in exact]
    # One id may stand for many institutions, told apart by their EAN: where one side has none, the name must agree.
    open_ = [
        (theirs, other)
        for theirs, other in fitting
        if bool(ours.gln) != bool(other.gln) or proofs[theirs.number] is Proof.LIKELY
    ]
    closed = [pair for pair in fitting if pair not in open_]
    named = [pair for pair in open_ if pair[1].name == ours.name]
    if closed or named:
        return [theirs for theirs, _ in (*closed, *named)]
    if open_:
        raise unconfirmed(customer, *(theirs for theirs, _ in open_))
    return ()


def _same_card(ours: Party, other: Party) -> bool:
    """Whether the whole address is the same, and no id or EAN says that it is somebody else at it."""
    return ours.card == other.card and compare(ours, other) is not Proof.OTHER


def _only(customer: Customer, fitting: Sequence[EconomicCustomer]) -> EconomicCustomer:
    if len({theirs.number for theirs in fitting}) > 1:
        raise _ambiguous(customer, fitting)
    theirs = fitting[0]
    if theirs.barred:
        raise barred(customer, theirs)
    return theirs


def match_remarks(customer: Customer, theirs: EconomicCustomer, *, home: str = "DK") -> tuple[str, ...]:
    """Return remarks on a customer that was taken although not everything agrees: fields, never their values."""
    ours, other = our_party(customer), their_party(theirs, home=home)
    remarks = list(ours.remarks)
    if compare(ours, other) is not Proof.SAME and ours.name != other.name:
        remarks.append(f"customer.name: customer {theirs.number} has another name in e-conomic, and no id confirms it")
    if ours.marks and not other.marks:
        remarks.append(f"customer.corporateId: customer {theirs.number} has none in e-conomic")
    return tuple(remarks)


def contradiction(customer: Customer, theirs: EconomicCustomer) -> InvalidInvoice:
    """Return the refusal of a customer that is another debtor."""
    text = (
        f"Opter's customer {customer.code} has {_described(customer.corporate_id, customer.vat_number, customer.ean)}, "
        f"but customer {theirs.number} in e-conomic has "
        f"{_described(theirs.corporate_id, theirs.vat_number, theirs.ean)}."
    )
    field, number = "customer.ledgerNumber" if ledger_number(customer) else "customer", theirs.number
    return invalid(CustomerReason.CUSTOMER_CONTRADICTION, text, field=field, value=number)


def barred(customer: Customer, theirs: EconomicCustomer) -> InvalidInvoice:
    """Return the refusal of a customer that is barred."""
    text = f"Customer {theirs.number} is barred in e-conomic."
    return invalid(CustomerReason.CUSTOMER_BARRED, text, field="customer", value=customer.code)


def unconfirmed(customer: Customer, *candidates: EconomicCustomer) -> InvalidInvoice:
    """Return the question whether a customer of another name is the one."""
    numbers = ", ".join(sorted(str(theirs.number) for theirs in candidates))
    text = (
        f"Opter's customer {customer.code} may be customer {numbers} in e-conomic, which has another name; "
        "no id and EAN together confirm it."
    )
    return invalid(CustomerReason.CUSTOMER_UNCONFIRMED, text, field="customer.name", value=numbers)


def merged(
    customer: Customer, number: int, theirs: EconomicCustomer | None, others: Iterable[int], *, home: str = "DK"
) -> InvalidInvoice:
    """Return the refusal of a remembered number, ``theirs`` as it is now, where other customers are or may be the one.

    e-conomic does not tell that customers were merged: it is concluded from what both numbers show.
    """
    now = standing(customer, theirs, home=home) if theirs else None
    states = (
        ("is not in e-conomic any more", theirs is None),
        ("is another company's by now", now is Standing.OTHER),
        ("is barred", theirs is not None and theirs.barred),
        ("has another name", now is Standing.UNPROVEN),
    )
    was = " and ".join(words for words, holds in states if holds)
    elsewhere = " or ".join(map(str, sorted(others)))
    text = (
        f"Customer {number}, which Opter's customer {customer.code} had in e-conomic so far, {was}. "
        f"Customer {elsewhere} has its id, or name and address."
    )
    return invalid(CustomerReason.CUSTOMER_MERGED, text, field="customer", value=number)


def _described(corporate_id: str | None, vat_number: str | None, gln: str | None) -> str:
    parts = (("corporate id", corporate_id), ("VAT number", vat_number), ("EAN", gln))
    return " and ".join(f"{name} {value}" for name, value in parts if value) or "no id"


def _ambiguous(customer: Customer, fitting: Iterable[EconomicCustomer]) -> InvalidInvoice:
    candidates = ", ".join(sorted({f"{theirs.number}{' (barred)' * theirs.barred}" for theirs in fitting}))
    shared = f"the corporate id {customer.corporate_id}" if customer.corporate_id else "this name and address"
    text = f"Opter's customer {customer.code} fits several customers in e-conomic with {shared}: {candidates}."
    field = "customer.corporateId" if customer.corporate_id else "customer"
    return invalid(CustomerReason.CUSTOMER_AMBIGUOUS, text, field=field, value=customer.corporate_id or "")
