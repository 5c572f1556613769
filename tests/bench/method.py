"""How one method of export is measured: warm, with the latency of an API far away, and with none."""

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import bare
from bench.figures import MOST_CALLS, Figures, Line, median
from bench.stage import Exported, Stage, stage

from config.settings_sections import Worker
from worker.domain.invoice import Invoice

#: Milliseconds that e-conomic is taken to need for a call.
LATENCY = 50.0
PERIOD = 500
ROUNDS = 3
SLOTS: int = Worker().concurrency


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One method of export."""

    name: str
    #: What is worth knowing about its invoices.
    note: str
    #: Further lines of its entry in the exports file.
    entry: str
    #: So many invoices of known customers, numbered from the second figure; their files lie in the folder.
    invoices: Callable[[Path, int, int], list[Invoice]]


def measure(method: Method) -> tuple[dict[str, float], list[Line]]:
    """Return the figures of a method and the table that explains them."""
    with TemporaryDirectory(prefix="bench-") as folder:
        files = Path(folder, "files")
        files.mkdir()
        with stage(Path(folder), method.entry, intake__allowed_folders=str(files)) as on:
            slow, quick, idle = _rounds(on, lambda count, first: method.invoices(files, count, first))
    return asdict(_figures(slow, quick, idle)), _lines(slow, quick, idle)


def _rounds(
    on: Stage, invoices: Callable[[int, int], list[Invoice]]
) -> tuple[list[Exported], list[Exported], list[float]]:
    """Return measurements with latency, without, and of a bare worker."""
    on.installation.start("worker", "worker")
    on.latency(LATENCY)
    on.export(invoices(60, 100_000))  # warms master data, customers, products and every slot
    slow = [on.export(invoices(PERIOD, 200_000 + PERIOD * n)) for n in range(ROUNDS)]
    on.latency(0)
    quick, idle = [], []
    for n in range(ROUNDS):  # in turn, as the machine may be busier at one time than at another
        quick.append(on.export(invoices(PERIOD, 300_000 + PERIOD * n)))
        idle.append(bare.tasks_per_second(on.installation, SLOTS))
    return slow, quick, idle


def _figures(slow: list[Exported], quick: list[Exported], idle: list[float]) -> Figures:
    return Figures(
        calls_per_invoice=max(map(_calls, (*slow, *quick))),
        invoices_per_s=statistics.median(map(_rate, slow)),
        slots=SLOTS,
        api_latency_ms=LATENCY,
        overhead_ratio=statistics.median(map(_overhead, slow)),
        of_bare_celery=statistics.median(_shares(quick, idle)),
    )


def _lines(slow: list[Exported], quick: list[Exported], idle: list[float]) -> list[Line]:
    seconds = [exported.before_first_write for exported in slow]
    return [
        median("calls per invoice", map(_calls, (*slow, *quick)), f"all of the period's calls; at most {MOST_CALLS}"),
        median("invoices/s", map(_rate, slow), f"{LATENCY:.0f} ms a call, {SLOTS} slots; from LPUSH to the last end"),
        median("overhead ratio", map(_overhead, slow), "time taken / (calls x latency / slots)"),
        median("s before the first write", seconds, "intake and preflight; contained in the above"),
        median("invoices/s, no latency", map(_rate, quick), "from LPUSH; the sandbox shares the machine"),
        median("bare Celery tasks/s", idle, f"a task that does nothing, {SLOTS} threads, measured in turn with ours"),
        median("of bare Celery", _shares(quick, idle), "the one over the other"),
    ]


def _calls(exported: Exported) -> float:
    return exported.calls / exported.invoices


def _rate(exported: Exported) -> float:
    return exported.invoices / exported.wall


def _overhead(exported: Exported) -> float:
    return exported.wall / (exported.calls * LATENCY / 1000 / SLOTS)


def _shares(quick: list[Exported], idle: list[float]) -> list[float]:
    return [_rate(ours) / theirs for ours, theirs in zip(quick, idle, strict=True)]
