"""``make bench``: calls per invoice, and what our part of the work costs. Prints tables, writes ``build/bench.json``.

Every figure is a ratio within one run, or has its conditions beside it: seconds of one machine say little of another.
Exits with 1 when one is beyond what is promised. ``python -m bench cpu redis`` measures these parts alone, quickly,
and writes no file.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import (
    archive,
    batch,
    certificate,
    cli_start,
    cost,
    fairness,
    fan_out,
    live,
    lossy,
    method,
    page,
    recovery,
    throughput,
)
from bench.figures import MOST_CALLS, Line, show, write
from bench.methods import METHODS
from support.installation import Installation

REPORT = Path("build/bench.json")
CONDITIONS = (
    "Real Redis, intake, worker and sandbox, each a process on this machine. Customers, products and master data are"
    " known, the worker is warm. The sandbox's rate limit and the export's are lifted: the rate limiter is passed at"
    " every call, and never waits."
)
#: Part of the report -> its figures by their keys.
Report = dict[str, dict[str, float]]
#: Figure -> the most it may be.
BARS: Mapping[str, float] = {
    **{f"{each.name}.calls_per_invoice": MOST_CALLS for each in METHODS},
    "archive.short_bytes": archive.MOST_SHORT,
    "archive.archived_bytes": archive.MOST_ARCHIVED,
    "certificate.calls_per_invoice": certificate.MOST_CALLS,
    "certificate.ledger_calls_per_invoice": certificate.MOST_LEDGER,
    "certificate.pdf_calls_per_invoice": certificate.MOST_PDF,
    "invoice.cpu_ratio": cost.MOST_CPU_RATIO,
    "invoice.redis_commands": cost.MOST_COMMANDS,
    "invoice.redis_trips": cost.MOST_TRIPS,
    "fairness.worst_ratio": fairness.MOST_RATIO,
    "lossy.ratio": lossy.MOST_RATIO,
    "web.page_ms": page.MOST_MS,
    "web.core_share": live.MOST_SHARE,
    "recovery.ratio": recovery.MOST_RATIO,
    "batch.seconds": batch.MOST_SECONDS,
    "batch.healthy_ratio": batch.MOST_RATIO,
    "cli.help_cpu_s": cli_start.MOST_CPU,
    "cli.status_cpu_s": cli_start.MOST_CPU,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the parts that are asked for; all of them without arguments."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", choices=[*PARTS, []], help=", ".join(PARTS))
    parts = parser.parse_args(arguments).parts
    print(CONDITIONS)  # noqa: T201  # a program for the terminal
    report: Report = {}
    for part in parts or PARTS:
        PARTS[part](report)
    if not parts:
        write(REPORT, report)
    missed = _missed(report)
    for sentence in missed:
        print(sentence)  # noqa: T201  # a program for the terminal
    return 1 if missed else 0


def _missed(report: Report) -> list[str]:
    figures = {f"{part}.{key}": value for part, keys in report.items() for key, value in keys.items()}
    return [
        f"{name} is {figures[name]:.3g}; promised is at most {most:g}"
        for name, most in BARS.items()
        if figures.get(name, 0) > most
    ]


def _add(report: Report, part: str, title: str, measured: tuple[Mapping[str, float], Sequence[Line]]) -> None:
    figures, lines = measured
    report.setdefault(part, {}).update(figures)
    show(title, lines)


def _method(each: method.Method) -> Callable[[Report], None]:
    title = f"{each.name} method, {method.PERIOD} invoices a period, {each.note}"
    return lambda report: _add(report, each.name, title, method.measure(each))


def _certificate(report: Report) -> None:
    title = f"Certificate of a period of {certificate.INVOICES} invoices, invoice method, in one process"
    _add(report, "certificate", title, certificate.measure())


def _cpu(report: Report) -> None:
    title = f"CPU of one invoice, {cost.PERIOD} invoices a period"
    _add(report, "invoice", title, cost.measure_cpu())


def _redis(report: Report) -> None:
    title = f"Redis, per invoice in a period of {cost.PERIOD}, intake and period check included"
    _add(report, "invoice", title, cost.measure_redis())


def _cli(report: Report) -> None:
    with TemporaryDirectory(prefix="bench-") as folder, Installation(Path(folder)) as installation:
        _add(report, "cli", "start of the command line", cli_start.measure(installation))


def _fairness(report: Report) -> None:
    title = f"fairness, {fairness.INVOICES} invoices beside agreements that are sick, at {fairness.LATENCY_MS} ms"
    _add(report, "fairness", title, fairness.measure())


def _lossy(report: Report) -> None:
    title = f"a lossy way: {lossy.INVOICES} invoices, {lossy.SHARE:.0%} of all calls fail in seven ways, simulated"
    _add(report, "lossy", title, lossy.measure())


def _page(report: Report) -> None:
    title = f"CPU of a page over a period of {page.INVOICES:,} invoices, milliseconds"
    _add(report, "web", title, page.measure())


def _live(report: Report) -> None:
    title = f"{live.WATCHERS} live pages of a period of {live.INVOICES:,} invoices, for {live.SECONDS:.0f} s"
    _add(report, "web", title, live.measure())


def _recovery(report: Report) -> None:
    title = f"{recovery.INVOICES} invoices of a resumed export beside idle exports, at {recovery.LATENCY_MS} ms"
    _add(report, "recovery", title, recovery.measure())


def _batch(report: Report) -> None:
    title = (
        f"{len(batch.ACCOUNTS)} causes of {batch.FAILED:,} dead letters each, mended, at {batch.LATENCY_MS} ms a call"
    )
    _add(report, "batch", title, batch.measure())


def _throughput(report: Report) -> None:
    title = f"throughput, {throughput.INVOICES:,} invoices a period, {throughput.LATENCY:.0f} ms a call"
    _add(report, "throughput", title, throughput.measure())


def _archive(report: Report) -> None:
    title = f"archive, a period of {archive.INVOICES:,} invoices of two lines, MEMORY USAGE of all keys"
    _add(report, "archive", title, archive.measure())


def _fan_out(_: Report) -> None:
    show("fan-out", fan_out.measure())


PARTS: Mapping[str, Callable[[Report], None]] = {
    **{each.name: _method(each) for each in METHODS},
    "certificate": _certificate,
    "cpu": _cpu,
    "redis": _redis,
    "cli": _cli,
    "fairness": _fairness,
    "lossy": _lossy,
    "page": _page,
    "live": _live,
    "recovery": _recovery,
    "batch": _batch,
    "throughput": _throughput,
    "archive": _archive,
    "fan-out": _fan_out,
}


if __name__ == "__main__":
    sys.exit(main())
