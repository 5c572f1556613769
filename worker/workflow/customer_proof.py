"""Whose account it is: customers found by identity, and remembered numbers proved again before they are used."""

from collections.abc import Callable, Mapping, Sequence

from worker.domain.invoice import Customer
from worker.domain.reasons import invalid
from worker.economic.mapping import customer_matching
from worker.economic.mapping.customer_matching import Standing
from worker.economic.mapping.master_data import EconomicCustomer
from worker.economic.mapping.reasons import CustomerReason
from worker.errors import Failure, InvalidInvoice
from worker.workflow.context import ExportContext
from worker.workflow.execution import Execution

#: Seconds for which a number is used after e-conomic has shown whose it is. A person who gives it to another company
#: takes longer than an invoice takes from this to its booking.
PROOF_HOLDS = 900.0
#: The same for a voucher, whose answer does not tell whose number it is, as a draft's does.
VOUCHER_PROOF_HOLDS = 120.0


def find_customer(execution: Execution) -> str | None:
    """Look the invoice's customer up; None when it is certainly not there. Raises ``InvalidInvoice`` for a question."""
    found = matching_customer(execution.context, execution.invoice.customer)
    if found is None:
        return None
    for remark in customer_matching.match_remarks(execution.invoice.customer, found, home=_home(execution.context)):
        execution.note(remark)
    return str(found.number)


def still_theirs(execution: Execution, number: int) -> bool:
    """Tell whether a number is still the customer's; False: look it up anew.

    Raises ``InvalidInvoice`` when nothing but the number says so and nothing else is found: to create the customer
    again might double it, to use the number might charge somebody else. Where another customer may be the one, it names
    both.
    """
    context, customer = execution.context, execution.invoice.customer
    theirs = _by_number(context, number)
    now = _standing(context, customer, theirs)
    if now is Standing.PROVEN:
        return True
    others = _elsewhere(context, customer, number, theirs)
    if theirs and now is Standing.UNPROVEN and not others:
        raise customer_matching.unconfirmed(customer, theirs)
    return False


def proved_together(context: ExportContext, key: str, number: str) -> bool:
    """Prove a number along with those of the customers whose invoices come next, if their period was checked here.

    So the numbers of a long period cost one call for some hundred invoices, however short a proof holds. False: it is
    not proved, or nothing is known of its period here; it has to be asked for by itself.
    """
    known = context.period_customers
    following = known.following(key)
    if len(following) <= 1:
        return False
    with known.turn() as ours:
        if not ours:
            return False
        now = context.clock()
        if not known.proved_since(key, number, now - VOUCHER_PROOF_HOLDS):
            known.note(prove_customers(context, following), now)
        return known.proved_since(key, number, now - VOUCHER_PROOF_HOLDS)


def prove_customers(context: ExportContext, known_keys: Mapping[str, Customer]) -> Mapping[str, str]:
    """Prove the remembered numbers of customers together, 200 a call; return those that are.

    What is not proved is doubted, however short a time ago it was proved: it is asked for again before it is used.
    ``known_keys``: the store's key of each customer.
    """
    numbers = context.store.shared_numbers(list(known_keys))
    if not numbers:
        return {}
    read = context.economic.customers_by_number(sorted({int(number) for number in numbers.values()}))
    theirs = {customer.number: customer for customer in read}
    proved = {
        key: number
        for key, number in numbers.items()
        if int(number) in theirs and _proves(context, known_keys[key], theirs[int(number)])
    }
    context.store.prove_shared(proved)
    context.store.doubt_shared([key for key in numbers if key not in proved])
    return proved


def objection(execution: Execution, number: int) -> Failure | None:
    """Ask e-conomic whose number this is, and return why the invoice may not be booked on it; None: it may."""
    context, customer = execution.context, execution.invoice.customer
    theirs = _by_number(context, number)
    now = _standing(context, customer, theirs)
    if now is Standing.PROVEN:
        return None
    try:
        others = _elsewhere(context, customer, number, theirs)
    except InvalidInvoice as question:
        return question.failure
    if others:
        return customer_matching.merged(customer, number, theirs, others, home=_home(context)).failure
    if theirs is None:
        text = f"Customer {number}, on which the invoice was to be booked, is not in e-conomic any more."
        return invalid(CustomerReason.CUSTOMER_CONTRADICTION, text, field="customer", value=number).failure
    refusals: Mapping[Standing, Callable[[Customer, EconomicCustomer], InvalidInvoice]] = {
        Standing.OTHER: customer_matching.contradiction,
        Standing.UNPROVEN: customer_matching.unconfirmed,
        Standing.BARRED: customer_matching.barred,
    }
    return refusals[now](customer, theirs).failure


def _by_number(context: ExportContext, number: int) -> EconomicCustomer | None:
    return next(iter(context.economic.customers_by_number([number])), None)


def _standing(context: ExportContext, customer: Customer, theirs: EconomicCustomer | None) -> Standing:
    return customer_matching.standing(customer, theirs, home=_home(context)) if theirs else Standing.OTHER


def _elsewhere(
    context: ExportContext, customer: Customer, number: int, theirs: EconomicCustomer | None
) -> tuple[int, ...]:
    """Return which other customer is the invoice's, now that the remembered one is not; none: nothing is found.

    Raises ``InvalidInvoice`` for a question, which names the remembered number too where another may be the one.
    """
    try:
        found = matching_customer(context, customer)
    except InvalidInvoice as question:
        if question.failure.reason != CustomerReason.CUSTOMER_UNCONFIRMED:
            raise
        others = {int(candidate) for candidate in question.failure.value.split(", ")} - {number}
        if not others:
            raise
        raise customer_matching.merged(customer, number, theirs, others, home=_home(context)) from question
    return (found.number,) if found and found.number != number else ()


def matching_customer(context: ExportContext, customer: Customer) -> EconomicCustomer | None:
    """Look a customer up; None when it is certainly not there. Raises ``InvalidInvoice`` for a question to a person."""
    number = customer_matching.ledger_number(customer)
    by_number = context.economic.customers_by_number([number]) if number else ()
    by_id = () if by_number else _by_id(context, customer)
    by_card = _by_card(context, customer) if not (by_number or number) else ()
    ask = context.export.customers.other_name == "question"
    return customer_matching.match(customer, by_number, by_id, by_card, ask_about_names=ask, home=_home(context))


def _by_id(context: ExportContext, customer: Customer) -> Sequence[EconomicCustomer]:
    written, gln = customer_matching.spellings(customer), customer_matching.our_party(customer).gln
    by_id = context.economic.customers_by_corporate_id(written) if written else ()
    return [*by_id, *(context.economic.customers_by_ean(gln.value) if gln else ())]


def _by_card(context: ExportContext, customer: Customer) -> Sequence[EconomicCustomer]:
    wanted = context.export.customers.match_address and customer_matching.our_party(customer).card_complete
    return context.economic.customers_by_name(customer.name) if wanted else ()


def _proves(context: ExportContext, customer: Customer, theirs: EconomicCustomer) -> bool:
    return customer_matching.standing(customer, theirs, home=_home(context)) is Standing.PROVEN


def _home(context: ExportContext) -> str:
    return context.export.vat.home_country
