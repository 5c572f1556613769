"""The check of a whole period before its first write: everything that is missing, reported together."""

import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from pydantic import ValidationError

from worker.domain.invoice import Customer, Invoice
from worker.domain.period_hold import PeriodHold, notice_of
from worker.domain.reasons import ProcessReason, failure
from worker.domain.record import InvoiceRecord
from worker.domain.store_port import Due, PreflightPort
from worker.economic.mapping.customer_matching import card_key
from worker.economic.mapping.period_check import PeriodCheck, check_period, grouped_accounts, needs_own_zone
from worker.economic.mapping.reasons import set_up_related
from worker.economic.port import Usage
from worker.errors import ExportError, Failure, LeaseLost, Misconfigured, Stopped, StoreUnavailable
from worker.workflow.context import ExportContext
from worker.workflow.customer_proof import prove_customers
from worker.workflow.customers_and_products import own_vat_zone
from worker.workflow.existing_documents import existing_documents
from worker.workflow.preflight_progress import PreflightProgress, PreflightProgresses
from worker.workflow.requests import with_booked_rates
from worker.workflow.second_person import LOOK_AGAIN, SecondPerson
from worker.workflow.single_flight import known_key

log = structlog.get_logger()

#: Invoices moved on in one trip to the store.
_CHUNK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class PreflightResult:
    """What one preflight came to."""

    #: ``checked``, ``held`` (a second person has to say yes first), ``claimed-elsewhere`` (by another worker, or
    #: nothing due), ``deferred``, ``given-back``, ``lease-lost``.
    result: str
    queued: int = 0
    dead: int = 0
    #: Invoices that wait for a second person.
    held: int = 0
    #: Invoices of which e-conomic has something already.
    found: int = 0
    #: Why it was deferred: a reason code.
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Passing:
    """What becomes of a period's received invoices."""

    #: Id -> hash of the content that was checked, of all of them.
    read: Mapping[str, str]
    dead: Mapping[str, Failure]
    #: Those that stay as they are: a second person has to say yes first.
    held: AbstractSet[str]
    lookup: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preflight:
    """Checks the periods of one store."""

    store: PreflightPort
    #: Sends the messages of queued invoices, and notes that it did.
    publish: Callable[[Sequence[Due]], None]
    second_person: SecondPerson
    #: Longest time until a preflight is tried again when e-conomic gave no answer, in seconds.
    try_again_after: float = 10.0
    #: What checks that broke off have read.
    progresses: PreflightProgresses = field(default_factory=PreflightProgresses)

    def run(self, period_id: str, context: ExportContext) -> PreflightResult:
        """Check a period whose preflight is due, and write the canonical log line.

        Raises ``StoreUnavailable``, and what this program was not written for.
        """
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(period=period_id, check=0), context.metered() as usage:
            try:
                result = self._run(period_id, context, usage)
            except StoreUnavailable:
                log.warning("period_preflight", result="store-unavailable")
                raise
            _write_line(result, usage, time.monotonic() - began)
        return result

    def _run(self, period_id: str, context: ExportContext, usage: Usage) -> PreflightResult:
        fence = self.store.claim_period(period_id)
        if fence is None:
            return PreflightResult(result="claimed-elsewhere")
        structlog.contextvars.bind_contextvars(check=fence)
        try:
            return self._check_or_defer(period_id, fence, context, usage)
        except LeaseLost:  # met by a check as well as by its deferral
            return PreflightResult(result="lease-lost")

    def _check_or_defer(self, period_id: str, fence: int, context: ExportContext, usage: Usage) -> PreflightResult:
        try:
            with context.lease_renewal(partial(self._renew, period_id, fence)):
                return self._check(period_id, fence, context)
        except (LeaseLost, StoreUnavailable):
            raise
        except Stopped as stop:
            notice = f"Not checked yet. {stop.failure.description}"
            self.store.defer_preflight(period_id, fence, until=context.clock(), notice=notice)
            return PreflightResult(result="given-back")
        except ExportError as error:
            self._defer(period_id, fence, context, error, fruitful=usage.calls > 1)  # the last one failed
            return PreflightResult(result="deferred", reason=error.failure.reason)
        except Exception as error:
            text = f"The program failed with {type(error).__name__}."
            fault = ExportError(failure(ProcessReason.INTERNAL_ERROR, text))
            self._defer(period_id, fence, context, fault, fruitful=False)
            raise

    def _renew(self, period_id: str, fence: int) -> None:
        """Passing no invoice renews the lease."""
        self.store.pass_preflight(period_id, fence, read={}, queued=(), lookup=frozenset(), dead={})

    def _check(self, period_id: str, fence: int, context: ExportContext) -> PreflightResult:
        records = list(self.store.received(period_id))
        hold = self.second_person.hold(records, context.export)
        if records and not hold.unasked and len(hold.held) == len(records):
            return self._wait(period_id, fence, context, hold, sorted(hold.held))
        invoices, unreadable = read_invoices(records)
        read = {record.id: record.content_hash for record in records}
        progress = self.progresses.of(period_id, read, context)
        check = period_check(invoices, context, progress)
        with progress.replies.resumed():
            existing = existing_documents(records, invoices, context)
        customers = _known_keys(context, invoices)
        context.period_customers.remember(customers)
        prove_customers(context, customers)
        found, lookup = existing.found, existing.found | existing.resembled
        dead = {key: why for key, why in check.failures.items() if key not in found}
        dead |= {**existing.otherwise, **unreadable}
        passing = _Passing(read=read, dead=dead, held=hold.held - dead.keys(), lookup=lookup)
        self._pass(period_id, fence, context, passing)
        self.progresses.ended(period_id)
        done = PreflightResult(
            result="checked",
            queued=len(records) - len(dead) - len(passing.held),
            dead=len(dead),
            held=len(passing.held),
            found=len(found),
        )
        if not passing.held:
            self.store.finish_preflight(period_id, fence, notice=check.notice)
            return done
        # Those that failed are in the request, too: with that very content they need no other yes once they are fixed.
        self.second_person.ask(period_id, context.export, hold, records)
        self._wait(period_id, fence, context, hold, sorted(passing.held))
        return replace(done, result="held")

    def _pass(self, period_id: str, fence: int, context: ExportContext, passing: "_Passing") -> None:
        """Move a period's invoices on, some in each trip, and have their messages sent."""
        ids = list(passing.read)
        for start in range(0, len(ids), _CHUNK):
            chunk = [key for key in ids[start : start + _CHUNK] if key not in passing.held]
            queued = self.store.pass_preflight(
                period_id,
                fence,
                read=passing.read,
                queued=[key for key in chunk if key not in passing.dead],
                lookup=passing.lookup.intersection(chunk),
                dead={key: passing.dead[key] for key in chunk if key in passing.dead},
            )
            self.publish([Due(invoice_id=key, export=context.export.name) for key in queued])

    def _wait(
        self, period_id: str, fence: int, context: ExportContext, hold: PeriodHold, waiting: Sequence[str]
    ) -> PreflightResult:
        until, notice = context.clock() + LOOK_AGAIN, notice_of(hold, waiting)
        self.store.defer_preflight(period_id, fence, until=until, notice=notice, held=True)
        return PreflightResult(result="held", held=len(waiting))

    def _defer(self, period_id: str, fence: int, context: ExportContext, error: ExportError, *, fruitful: bool) -> None:
        if isinstance(error, Misconfigured):
            context.store.pause(context.export.name, error.failure)
        own = self.progresses.wait(period_id, self.try_again_after, fruitful=fruitful)
        wait = max(own, getattr(error, "retry_after", None) or 0.0)
        self.store.defer_preflight(
            period_id, fence, until=context.clock() + wait, notice=f"Not checked yet. {error.failure.description}"
        )


def _known_keys(context: ExportContext, invoices: Mapping[str, Invoice]) -> dict[str, Customer]:
    if not invoices:
        return {}
    agreement = context.economic.master_data(frozenset()).agreement
    customers = [invoice.customer for invoice in invoices.values()]
    return {known_key(agreement, card_key(customer)): customer for customer in customers}


def _write_line(result: PreflightResult, usage: Usage, seconds: float) -> None:
    log.info(
        "period_preflight",
        result=result.result,
        queued=result.queued,
        dead=result.dead,
        **({"held": result.held} if result.held else {}),
        found=result.found,
        **({"reason": result.reason} if result.reason else {}),
        http_calls=usage.calls,
        tokens=usage.tokens,
        ms=round(seconds * 1000),
    )


def read_invoices(records: Sequence[InvoiceRecord]) -> tuple[dict[str, Invoice], dict[str, Failure]]:
    """Return the invoices, and the failures of unreadable records: these must not hold up their period."""
    invoices: dict[str, Invoice] = {}
    unreadable: dict[str, Failure] = {}
    for record in records:
        try:
            invoices[record.id] = Invoice.model_validate_json(record.content)
        except ValidationError:
            text = "The invoice cannot be read as the store has it."
            unreadable[record.id] = failure(ProcessReason.INTERNAL_ERROR, text)
    return invoices, unreadable


def period_check(
    invoices: Mapping[str, Invoice], context: ExportContext, progress: PreflightProgress | None = None
) -> PeriodCheck:
    """Check against cached master data; what is missing is read once more, in all tries, before it is believed."""
    accounts = grouped_accounts(invoices.values(), context.export)
    economic = context.economic
    known = with_booked_rates(economic, economic.master_data(accounts), invoices.values())
    check = check_period(invoices, context.export, known)
    if any(set_up_related(why) for why in check.failures.values()):
        now = context.clock()
        read = economic.master_data(accounts, newer_than=progress.newer_than(now) if progress else now)
        fresh = with_booked_rates(economic, read, invoices.values())
        check = check_period(invoices, context.export, fresh)
        unsettled = {key: invoices[key] for key, why in check.failures.items() if needs_own_zone(why)}
        zones = {key: own_vat_zone(context, invoice) for key, invoice in unsettled.items()}
        if any(zones.values()):
            own_zones = {key: zone for key, zone in zones.items() if zone}
            check = check_period(invoices, context.export, fresh, own_zones)
    return check
