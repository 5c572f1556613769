"""The sweeps on Redis."""

from collections.abc import Sequence

from typing_extensions import override

from worker.invoicing.ports import Due, SweepPort
from worker.ledger import codec, rules
from worker.ledger.adapter.store import Store, texts, token

#: Invoices that one script notes as published.
CHUNK = 500


class RedisSweeps(Store, SweepPort):
    """See ``SweepPort``."""

    @override
    def published(self, invoice_ids: Sequence[str]) -> None:
        for start in range(0, len(invoice_ids), CHUNK):
            self.run("published", *invoice_ids[start : start + CHUNK])

    @override
    def sweep(self, *, idle_exports: frozenset[str], limit: int = 500) -> Sequence[Due]:
        policy, killed = self.policy, rules.worker_killed(self.policy.max_crashes)
        suspected = rules.worker_suspected(self.policy.max_crashes - 1)
        found = texts(
            self.run(
                "sweep",
                token(),
                limit,
                policy.lost_after,
                policy.idle_after,
                policy.overtaken_by,
                policy.max_crashes,
                codec.dump_failure(killed),
                killed.reason,
                codec.dump_failure(suspected),
                policy.alone_for,
                *sorted(idle_exports),
            )
        )
        dues = zip(found[::3], found[1::3], found[2::3], strict=True)
        return [Due(invoice_id=one, export=export, recovered=died == "1") for one, export, died in dues]

    @override
    def periods_due(self) -> Sequence[tuple[str, str]]:
        found = texts(self.run("preflights_due"))
        return list(zip(found[::2], found[1::2], strict=True))
