"""A period of 2,000 at 50 ms a call, beside a plain Celery and httpx script; see ``bench.throughput``."""

from collections.abc import Sequence

from bench import throughput
from fleet.rows import Row


def play(short: bool) -> Sequence[Row]:  # noqa: FBT001  # one of the parts
    """Measure it."""
    count, rounds = (300, 1) if short else (throughput.INVOICES, throughput.ROUNDS)
    figures, _lines = throughput.measure(count, rounds)
    overhead, share = figures["overhead_ratio"], figures["share_of_plain"]
    bars = ("", "") if short else (f"at most {throughput.MOST_OVERHEAD}", f"at least {throughput.LEAST_SHARE}")
    return (
        Row(
            what=f"time of {count:,} invoices at 50 ms a call, 10 slots, over calls x latency / slots",
            bar=bars[0],
            measured=f"{overhead:.2f}",
            held=short or overhead <= throughput.MOST_OVERHEAD,
        ),
        Row(
            what="speed over that of a plain Celery and httpx script, in turn",
            bar=bars[1],
            measured=f"{share:.2f}",
            held=short or share >= throughput.LEAST_SHARE,
        ),
    )
