"""The check of an export's set-up against its agreement, as ``export check`` and the page of an export show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from config.exports import ExportConfig
from worker.domain.invoice import Invoice
from worker.domain.store_port import OperatorPort
from worker.economic.mapping.period_check import sales_accounts
from worker.economic.mapping.setup_check import Check, check_setup
from worker.economic.port import Economic
from worker.errors import ExportError, Misconfigured, Refused, Throttled, Unavailable, Unreachable
from worker.reconcile.agreement_watch import AgreementWatch

#: Invoices of the store that serve as samples: more would show nothing new.
_SAMPLES = 1000
_UNREACHED = "Check api_url and openapi_url in the exports file, the network, and e-conomic's status page; try again."


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupReport:
    """The checks of one export's set-up."""

    export: str
    checks: tuple[Check, ...]
    #: False: e-conomic or Redis did not answer, so not everything is known.
    reached: bool = True


def report_setup(
    export: ExportConfig, economic: Economic, store: OperatorPort | None, invoices: Sequence[Invoice], today: date
) -> SetupReport:
    """Check one export of several: an e-conomic that cannot be reached does not stop the check of the others."""
    try:
        return SetupReport(export=export.name, checks=setup_checks(export, economic, store, invoices, today))
    except (Unreachable, Throttled, Unavailable) as error:
        found = f"{export.api_url}: {error.failure.description}"
        check = Check(item="e-conomic", ok=False, found=found, next_step=_UNREACHED)
        return SetupReport(export=export.name, checks=(check,), reached=False)


def with_agreement(report: SetupReport, watch: AgreementWatch, *, accept: bool) -> SetupReport:
    """Return the report with the check of the agreement as a whole; ``accept``: keep what was found as expected."""
    if not report.reached or not all(check.ok for check in report.checks[:1]):
        return report
    try:
        checks = watch.look(report.export, accept=accept)
    except ExportError as error:
        failure = error.failure
        checks = (
            Check(
                item="Agreement",
                ok=False,
                found=failure.description,
                next_step=failure.next_step,
                reason=failure.reason,
            ),
        )
    return replace(report, checks=(*report.checks, *checks))


def setup_checks(
    export: ExportConfig, economic: Economic, store: OperatorPort | None, invoices: Sequence[Invoice], today: date
) -> tuple[Check, ...]:
    """Return every check with its result. Raises ``Retryable`` errors when e-conomic does not answer.

    The samples are these invoices, else the latest that the store, if there is one, has of this export.
    """
    samples = invoices or (list(islice(_stored_invoices(export.name, store), _SAMPLES)) if store else [])
    accounts = sales_accounts(samples) | export.codes.sales_accounts.keys()
    try:
        master_data = economic.master_data(frozenset(accounts))
        _read_once(economic)
    except (Misconfigured, Refused) as error:
        failure = error.failure
        found = f"{failure.description} {failure.remote_message}".strip()
        return (
            Check(
                item="Tokens and roles",
                ok=False,
                found=found,
                next_step=failure.next_step,
                reason=failure.reason,
                about=failure.remote_message,
            ),
        )
    readable = "accepted; set-up, customers, drafts and booked invoices can be read"
    return (
        Check(item="Tokens and roles", ok=True, found=readable),
        *check_setup(export, master_data, samples, today=today),
    )


def _read_once(economic: Economic) -> None:
    """Read what the export reads besides master data: /self lists roles, only a read proves them."""
    economic.customers_by_number([1])
    economic.documents(["set-up-check"])


def _stored_invoices(export: str, store: OperatorPort) -> Iterator[Invoice]:
    for period in store.periods():
        if period.export == export:
            yield from (Invoice.model_validate_json(record.content) for record in store.invoices(period.id, None))
