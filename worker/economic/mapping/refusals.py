"""What e-conomic's refusals say by their codes, read together with the property that a code stands under.

A code alone says too little: under ``date`` E04041 is a barred period, under ``account`` an account that is barred or
does not exist (integrators' production logs, August 2026). What is not certain stays refused-by-economic, in
e-conomic's own words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.reasons import ReasonCode, failure
from worker.economic.mapping.reasons import SetUpReason, VoucherReason
from worker.errors import Complaint, Failure

#: Properties of a voucher's entry that name an account.
_ACCOUNTS = frozenset({"account", "contraaccount"})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Meaning:
    """What some codes say under some properties."""

    codes: frozenset[str]
    #: Innermost properties, in lower case; the empty name: the request as a whole.
    properties: frozenset[str]
    reason: ReasonCode
    text: str


_MEANINGS = (
    _Meaning(
        codes=frozenset({"E07150", "E04041"}),
        properties=_ACCOUNTS | {"accountnumber"},
        reason=VoucherReason.LEDGER_ACCOUNT_UNUSABLE,
        text="e-conomic takes no entries on an account of the voucher: it is barred or does not exist",
    ),
    _Meaning(
        codes=frozenset({"E06600"}),
        properties=frozenset({"product", "productnumber", "lines", ""}),
        reason=SetUpReason.PRODUCT_BARRED,
        text="e-conomic refused a product on the invoice, because it is barred",
    ),
    _Meaning(
        codes=frozenset({"E07140"}),
        properties=frozenset({"customergroup", "customergroupnumber", ""}),
        reason=SetUpReason.CUSTOMER_GROUP_MISSING,
        text="e-conomic does not know the customer group that the customer was to be created in",
    ),
)


def names_date(complaints: Sequence[Complaint]) -> bool:
    """Whether E04041 stands under the date: the period is barred."""
    return any(
        complaint.code == "E04041"
        and complaint.properties[-1:] == ("date",)
        and _ACCOUNTS.isdisjoint(complaint.properties)
        for complaint in complaints
    )


def named(refusal: Failure, complaints: Sequence[Complaint]) -> Failure | None:
    """Return the failure that says what a person must change, where the codes make that certain, else None."""
    for complaint in complaints:
        innermost = complaint.properties[-1] if complaint.properties else ""
        for meaning in _MEANINGS:
            if complaint.code in meaning.codes and innermost in meaning.properties:
                return failure(
                    meaning.reason,
                    f"{meaning.text} ({complaint.code}).",
                    field=complaint.field,
                    value=complaint.value,
                    remote_message=refusal.remote_message,
                    log_id=refusal.log_id,
                )
    return None
