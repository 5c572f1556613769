"""Events as nobody should send them: each is taken in whole, or refused with a reason, its bytes kept."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import event, invoices, no_fetch, raw
from support.fuzzing import broken_bytes, changed, fuzzed
from support.intake import consumer
from support.memory_queue import MemoryEventQueue, MemoryEvents
from support.memory_store import MemoryStore
from support.samples import export, reference

from worker.domain.invoice import Invoice
from worker.domain.reasons import ProcessReason
from worker.economic.mapping.period_check import check_period
from worker.intake.consumer import Consumer
from worker.intake.event_errors import EventRefused
from worker.intake.file_sources import FileSources
from worker.intake.parsing import parse_lines
from worker.intake.queue import dead_events
from worker.intake.web_sources import Web, WebRules

BEGINNINGS = ("", "file:", "file://", "file:///allowed/", "https://", "https://files.example.dk", "HTTPS:/", "http://")
ADDRESS_PIECES = st.sampled_from(
    ["//", "/", "..", "%2e", "%2f", "%00", "@", "[", "::1", "]", "\\", "\0", "\n", "é", " ", ":", "#", "?", ".evil.dk"]
)


def _consumed(content: bytes) -> None:
    """Let a consumer have it: taken in, or refused; what is written is fit to be checked for its export.

    Of a refused event nothing is written but the invoices beside those that its problems name, if it was countable.
    """
    queue, store = MemoryEventQueue(MemoryEvents(), consumer="first"), MemoryStore()
    queue.publish(content)
    tested: Consumer = consumer(queue, store)
    tested.turn(threading.Event())

    assert queue.waiting() == 0
    dead = dead_events(queue)
    if dead:
        assert [kept for _, kept in dead] == [content]
        assert dead[0][0].problems
        assert dead[0][0].reason is not ProcessReason.INTERNAL_ERROR
    else:
        assert len(store.periods()) == 1
    for period in store.periods():
        bad = {problem.invoice_number for problem in dead[0][0].problems} - {None} if dead else set[int]()
        records = list(store.invoices(period.id, None))
        assert bool(dead) == bool(bad)
        assert len(records) == period.total == period.invoice_count - len(bad)
        assert not bad & {record.invoice_number for record in records}
        check_period(
            {record.id: Invoice.model_validate_json(record.content) for record in records}, export(), reference()
        )


@fuzzed(300)
@given(mutate=broken_bytes())
def test_broken_bytes_are_taken_or_refused(mutate: Any) -> None:
    """Whatever arrives: a period in the store, or a dead event with its problems and nothing written."""
    _consumed(mutate(raw(event())))


@fuzzed(300)
@given(data=st.data())
def test_an_event_with_another_value_is_taken_or_refused(data: st.DataObject) -> None:
    """Well-formed JSON with one value changed reaches deeper than broken bytes do."""
    _consumed(raw(data.draw(st.composite(changed)(event()))))


@fuzzed(200)
@given(data=st.data())
def test_an_event_with_two_other_values_is_taken_or_refused(data: st.DataObject) -> None:
    """A second change may hide the first, for example a count and the list that it counts."""
    once = data.draw(st.composite(changed)(event()))
    _consumed(raw(data.draw(st.composite(changed)(once))))


@fuzzed(200)
@given(mutate=broken_bytes())
def test_broken_lines_of_a_file_are_read_or_told(mutate: Any) -> None:
    """A file that an event refers to: invoices and problems, never another error."""
    content = b"\n".join(json.dumps(invoice).encode() for invoice in invoices(2))

    parsed, problems = parse_lines(mutate(content))

    assert len(parsed) <= 3
    assert all(problem.description for problem in problems)


@fuzzed(300)
@given(pieces=st.lists(st.one_of(ADDRESS_PIECES, st.text(max_size=4)), max_size=8), begin=st.sampled_from(BEGINNINGS))
def test_an_address_is_refused_whatever_it_looks_like(pieces: list[str], begin: str) -> None:
    """No file is there and the only allowed host leads inside: nothing is fetched, and no address breaks its parser."""
    web = Web(WebRules(hosts=("files.example.dk",)), fetch=no_fetch, resolve=_inside, clock=lambda: 0.0)

    with pytest.raises(EventRefused):
        FileSources((Path("/allowed"),), web).read(begin + "".join(pieces), 10)


def _inside(host: str, port: int) -> list[str]:
    assert (host, port) == ("files.example.dk", 443)
    return ["10.0.0.1"]
