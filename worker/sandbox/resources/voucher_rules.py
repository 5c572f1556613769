"""Rules for a voucher that fits the schema.

Legacy REST publishes no codes for vouchers. What production logs hold is used (``voucher_refusals`` turns that off),
else the journals service's names, which integrators match. Refusals that nobody recorded carry an empty code.
"""

from collections.abc import Callable, Iterator

from worker.sandbox.failures import refused, voucher_failed
from worker.sandbox.resources.entry_rules import UNKNOWN, entry_violations, unusable_account
from worker.sandbox.resources.lookup import dangling, violation
from worker.sandbox.resources.postings import balance
from worker.sandbox.resources.schema import Violation, refuse_all
from worker.sandbox.resources.voucher_schema import ENTRY_LINKS, KINDS, NOT_KEPT
from worker.sandbox.state import Agreement, Json


def check(agreement: Agreement, journal: Json, body: Json) -> None:
    """Refuse a voucher that e-conomic would not take.

    Raises:
        ApiError: 400 with every violation.
    """
    refuse = refusing(agreement)
    refuse([*_header(agreement, journal, body), *_dangling(agreement, body)])
    refuse(
        [wrong for path, kind, entry in walk(body) for wrong in entry_violations(agreement, body, path, kind, entry)]
    )


def refusing(agreement: Agreement) -> Callable[[list[Violation]], None]:
    """Return what raises when there is any violation, in the shape that the switch names."""
    return _refuse_as_array if agreement.switches.voucher_refusals == "production" else refuse_all


def _refuse_as_array(violations: list[Violation]) -> None:
    if violations:
        raise voucher_failed([violation.invalid for violation in violations])


def check_balance(agreement: Agreement, entries: list[Json]) -> None:
    """Refuse entries that do not add up to zero, unless the switch leaves that to booking."""
    missing = balance(agreement, entries)
    if missing != 0 and agreement.switches.unbalanced_voucher == "refuse":
        refusing(agreement)(
            [violation("entries", f"The voucher does not balance: {missing} is left over.", UNKNOWN, missing)]
        )


def refuse_other_kinds(entries: object) -> None:
    """Say plainly that the sandbox keeps only two kinds of entry, instead of ignoring the others."""
    for kind in NOT_KEPT:
        if isinstance(entries, dict) and kind in entries:
            raise refused(501, f"The sandbox keeps {' and '.join(KINDS)} only, not {kind}.", "E00501")


def walk(body: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield (dotted path, kind, entry) of a voucher's body."""
    for kind in KINDS:
        for index, entry in enumerate(body["entries"].get(kind, [])):
            yield f"entries.{kind}.{index}", kind, entry


def _header(agreement: Agreement, journal: Json, body: Json) -> Iterator[Violation]:
    year = agreement.years.get(body["accountingYear"]["year"])
    name = body["accountingYear"]["year"]
    if year is None:
        yield violation("accountingYear.year", "No such year.", "JournalVoucherAccountingYearDoesNotExist", name)
    elif year.get("closed"):
        yield violation("accountingYear.year", "The year is closed.", "JournalVoucherAccountingYearClosed", name)
    if body.get("journal", {}).get("journalNumber", journal["journalNumber"]) != journal["journalNumber"]:
        yield violation("journal.journalNumber", "Differs from the journal in the path.", UNKNOWN)
    if not any(True for _ in walk(body)):
        yield violation("entries", "A voucher needs at least one entry.", "E04042")
    yield from _restriction(journal, body)
    yield from _number(agreement, journal, body)


def _restriction(journal: Json, body: Json) -> Iterator[Violation]:
    allowed = journal["settings"].get("entryTypeRestrictedTo")
    for kind, singular in KINDS.items():
        if allowed and allowed != singular and body["entries"].get(kind):
            yield violation("entries", f"The journal takes {allowed} entries only.", UNKNOWN, kind)


def _number(agreement: Agreement, journal: Json, body: Json) -> Iterator[Violation]:
    number = body.get("voucherNumber")
    span = journal["settings"]["voucherNumbers"]
    if number is None:
        return
    if not span["minimumVoucherNumber"] <= number <= span["maximumVoucherNumber"]:
        yield violation("voucherNumber", "Outside the journal's voucher numbers.", UNKNOWN, number)
    if is_taken(agreement, body["accountingYear"]["year"], number):
        yield violation("voucherNumber", "The voucher number is already used in this year.", UNKNOWN, number)


def is_taken(agreement: Agreement, year: str, number: int) -> bool:
    """Return whether any journal holds, or the general ledger has booked, this voucher number in this year."""
    waiting = any((year, number) == key[1:] for key in agreement.vouchers)
    return waiting or any((e["year"], e["voucherNumber"]) == (year, number) for e in agreement.booked_entries)


def _dangling(agreement: Agreement, body: Json) -> Iterator[Violation]:
    for path, _, entry in walk(body):
        for missing in dangling(ENTRY_LINKS, agreement, entry):
            invalid = missing.invalid
            side, _, key = invalid.property.partition(".")
            if key == "accountNumber" and agreement.switches.voucher_refusals == "production":
                yield from unusable_account(f"{path}.{side}", invalid.value)
                continue
            yield violation(f"{path}.{invalid.property}", invalid.message, invalid.code, invalid.value)
