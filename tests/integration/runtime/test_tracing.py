"""Traces of real processes, taken by a real collector."""

import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.installation import PATIENCE, Installation, event
from support.ports import free_port
from support.samples import customer, invoice, line
from support.trace_collector import TraceCollector, collecting

PERIOD = "main-p881"
NAME = "Aalbæk Tømrerfirma ApS"
KNOWN = customer(ledger_number=1001, corporate_id=None, name=NAME)
INVOICES = [invoice(customer=KNOWN, invoice_number=number) for number in (1, 2, 3)]
#: Its sales account is not there.
FAILING = invoice(line(account="3050"), customer=KNOWN, invoice_number=4)


def _exported(installation: Installation) -> None:
    installation.start_all(workers=2)
    installation.push(event(*INVOICES, FAILING))
    installation.wait_for(lambda: installation.counts() == {"exported": 3, "dead": 1}, "all have come to their end")


def test_a_period_is_one_trace_across_processes(tmp_path: Path) -> None:
    """Event, check, invoices and calls, sent by intake and workers, each below what it is a part of, once."""
    with collecting() as collector:
        settings = {"tracing__endpoint": collector.url, "tracing__headers": "authorization=Bearer a-token"}
        with Installation(tmp_path, **settings) as installation:
            _exported(installation)
            lines = _claimed(installation, "invoice_export")
            [check] = _claimed(installation, "period_preflight")
            installation.wait_for(lambda: _complete(collector, len(lines)), "every span has come")
            calls = sum(line["http_calls"] for line in lines)
    [root] = collector.named("event taken in")
    [checked] = collector.named("period check")
    invoices = [span for span in collector.named("invoice export") if span.trace == root.trace]
    below = Counter(span.parent for span in collector.spans if "url.template" in span.attributes)

    assert root.parent == ""
    assert checked.parent == root.id
    assert {span.attributes["opter_economic.id"]: span.parent for span in invoices} == {
        f"main-{number}": checked.id for number in (1, 2, 3)
    }
    assert {span.trace for span in collector.spans} == {root.trace}
    assert len({span.id for span in collector.spans}) == len(collector.spans)
    assert sum(below[span.id] for span in invoices) == calls
    assert below[checked.id] == check["http_calls"]
    assert {line["trace"] for line in lines} == {root.trace}
    assert root.process not in {checked.process, *(span.process for span in invoices)}
    assert {each["authorization"] for each in collector.headers} == {"Bearer a-token"}
    assert not any(NAME in str(span) or "1250" in str(span.attributes) for span in collector.spans)


def _claimed(installation: Installation, event: str) -> list[Any]:
    """Return the lines of what was claimed: a message may come twice. A span follows its line."""
    lines = [line for number in (1, 2) for line in installation.lines(f"worker-{number}", event)]
    return [line for line in lines if line["result"] not in {"unclaimed", "claimed-elsewhere"}]


def _complete(collector: TraceCollector, executions: int) -> bool:
    """Whether all have come; each process sends its calls before what they are a part of."""
    once = (collector.named("period check"), collector.named("event taken in"))
    return len(collector.named("invoice export")) >= executions and all(once)


@pytest.mark.parametrize("kind", ["refuses", "hangs", "is not there"])
def test_a_collector_that_takes_nothing_holds_up_nothing(kind: str, tmp_path: Path) -> None:
    """Every invoice is exported, the outage is one line of the log, and the worker ends by itself."""
    with collecting(status=503, held=kind == "hangs") as collector:
        url = f"http://127.0.0.1:{free_port()}" if kind == "is not there" else collector.url
        with Installation(tmp_path, tracing__endpoint=url) as installation:
            _exported(installation)
            installation.wait_for(
                lambda: kind == "hangs" or bool(installation.lines("worker-1", "traces_not_taken")), "it is said"
            )
            lines = installation.lines("worker-1", "traces_not_taken")
            began = time.monotonic()
            installation.kill("worker-1", number=signal.SIGTERM)
            took = time.monotonic() - began

    assert len(lines) <= 1
    assert took < PATIENCE / 2
    assert collector.spans == []
