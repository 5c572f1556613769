"""The one message about a period: what is missing in e-conomic, each thing once, for the person who sets it up."""

from collections.abc import Iterable, Sequence

from worker.errors import Failure
from worker.invoicing.reasons import CATALOGUE, Reason

#: More values than a person wants to read in one line.
_MOST_VALUES = 50


def notice(failing: Sequence[Sequence[Failure]], total: int, sales_accounts: Iterable[str]) -> str:
    """Return the message for the failures of each failing invoice; empty when there are none.

    Missing product groups are told together with all sales accounts used in the period, as Opter's own export does
    (docs.opter.com, integration-001).
    """
    if not failing:
        return ""
    accounts = ", ".join(sorted(sales_accounts))
    told = {one.reason for found in failing for one in found}
    return "\n".join(
        [
            f"{len(failing)} of {total} invoices cannot be exported yet; the others go on.",
            *(_paragraph(reason, failing) for reason in Reason if reason in told),
            f"Sales accounts used in this export: {accounts}.",
        ]
    )


def _paragraph(reason: Reason, failing: Sequence[Sequence[Failure]]) -> str:
    values = sorted({one.value for found in failing for one in found if one.reason == reason and one.value})
    count = sum(any(one.reason == reason for one in found) for found in failing)
    listed = ", ".join(values[:_MOST_VALUES]) + (
        f" and {len(values) - _MOST_VALUES} more" * (len(values) > _MOST_VALUES)
    )
    invoices = f"{count} {'invoice' if count == 1 else 'invoices'}"
    return f"{CATALOGUE[reason].title}: {listed or 'see the invoices'} ({invoices}). {CATALOGUE[reason].next_step}"
