"""Proving an export's set-up: reads of its agreement, and the pure checks over what they gave."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.store_port import OperatorPort
from worker.economic.mapping.period_check import sales_accounts
from worker.economic.mapping.setup_check import Check, check_setup
from worker.economic.port import Economic
from worker.errors import Misconfigured, Refused, Throttled, Unavailable, Unreachable

#: Invoices of the ledger that serve as samples: more would tell nothing new.
_SAMPLES = 1000
_UNREACHED = "Check api_url and openapi_url in the exports file, the network, and e-conomic's status page; try again."


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupReport:
    """What was found out about one export."""

    export: str
    checks: tuple[Check, ...]
    #: False: e-conomic did not answer, so nothing is known.
    reached: bool = True


def attempt(
    export: ExportConfig, economic: Economic, store: OperatorPort, given: Sequence[Invoice], today: date
) -> SetupReport:
    """Prove one export of several: an e-conomic that cannot be reached keeps nobody from proving the others."""
    try:
        return SetupReport(export=export.name, checks=prove(export, economic, store, given, today))
    except (Unreachable, Throttled, Unavailable) as error:
        found = f"{export.api_url}: {error.failure.description}"
        check = Check(item="e-conomic", ok=False, found=found, next_step=_UNREACHED)
        return SetupReport(export=export.name, checks=(check,), reached=False)


def prove(
    export: ExportConfig, economic: Economic, store: OperatorPort, given: Sequence[Invoice], today: date
) -> tuple[Check, ...]:
    """Return everything that was looked at. Raises ``Retryable`` errors when e-conomic does not answer.

    The samples are the invoices given, else the latest that the ledger has of this export.
    """
    samples = given or list(islice(_known(export.name, store), _SAMPLES))
    accounts = sales_accounts(samples) | export.codes.sales_accounts.keys()
    try:
        master_data = economic.master_data(frozenset(accounts))
        _touch(economic)
    except (Misconfigured, Refused) as error:
        said = error.failure
        found = f"{said.description} {said.remote_message}".strip()
        return (Check(item="Tokens and roles", ok=False, found=found, next_step=said.next_step),)
    readable = "accepted; set-up, customers, drafts and booked invoices can be read"
    return (
        Check(item="Tokens and roles", ok=True, found=readable),
        *check_setup(export, master_data, samples, today=today),
    )


def _touch(economic: Economic) -> None:
    """Read what the export reads besides reference data: /self lists roles, only a read proves them."""
    economic.customers_by_number([1])
    economic.documents(["set-up-check"])


def _known(export: str, store: OperatorPort) -> Iterator[Invoice]:
    for period in store.periods():
        if period.export == export:
            yield from _contents(record.content for record in store.invoices(period.id, None))


def _contents(texts: Iterable[str]) -> Iterator[Invoice]:
    return (Invoice.model_validate_json(text) for text in texts)
