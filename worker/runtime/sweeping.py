"""What a sweep looks after besides invoices that stand still, and the sweeper that sends messages for all of it."""

from dataclasses import dataclass

from worker.archive.keeper import Keeper
from worker.reconcile.agreement_watch import AgreementWatch
from worker.reconcile.certify import Certifier
from worker.runtime.broker import Broker, waiting
from worker.runtime.publisher import Publisher
from worker.store.redis_store import RedisStore
from worker.workflow.cause_watch import CauseWatch
from worker.workflow.sweeper import Sweeper


@dataclass(frozen=True, kw_only=True, slots=True)
class Watches:
    """What says at each sweep what else is due."""

    certifier: Certifier
    agreements: AgreementWatch
    causes: CauseWatch
    keeper: Keeper


def build_sweeper(
    exports: tuple[str, ...], store: RedisStore, broker: Broker, publisher: Publisher, watches: Watches
) -> Sweeper:
    """Build the sweeper; ``watches`` say what is due."""
    return Sweeper(
        store=store,
        exports=exports,
        waiting=waiting(broker),
        publish=publisher.export,
        publish_preflight=publisher.preflight,
        reconciles_due=watches.certifier.due,
        publish_reconcile=publisher.reconcile,
        agreements_due=watches.agreements.due,
        publish_agreement=publisher.agreement,
        causes_due=watches.causes.due,
        publish_causes=publisher.causes,
        archives_due=watches.keeper.due,
        publish_archive=publisher.archive,
        advance_batches=store.advance_batches,
    )
