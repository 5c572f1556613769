"""What Celery and Flower are shown of an outcome: failed, retried or succeeded, and nothing of the invoice."""

from typing import Any

import pytest
from celery import Celery
from celery.app.trace import build_tracer
from support.cli import GROUP_MISSING, THROTTLED, Bench, half_done
from support.clock import ManualClock

from tasks import SHOWN_QUIETLY, DeadLetter, Later, show_check, show_invoice
from worker.domain.record import InvoiceRecord
from worker.workflow.exporter import ExecutionResult
from worker.workflow.preflight import PreflightResult


def _record(number: int) -> InvoiceRecord:
    bench = Bench(ManualClock())
    half_done(bench)
    record = bench.memory.invoice(f"main-{number}")
    assert record is not None
    return record


def _state_of(result: ExecutionResult) -> tuple[str, str]:
    """Return the state and the text that Celery tells Flower, from Celery's own tracer."""
    app = Celery("test", set_as_current=False)
    app.conf.update(result_backend=None, task_ignore_result=True)

    @app.task(name="shown", **SHOWN_QUIETLY)  # type: ignore[untyped-decorator]  # Celery ships no types
    def shown() -> Any:
        return show_invoice("main-1", result)

    outcome = build_tracer(shown.name, shown, app=app)("main-1.ab12cd34", (), {}, {})
    retval, info = outcome.retval, outcome.info
    return (info.state if info else "SUCCESS"), repr(info.retval if info else retval)


@pytest.mark.parametrize(
    ("number", "result", "state", "text"),
    [
        (100353, "exported", "SUCCESS", "booked 100353"),
        (100354, "waiting", "RETRY", "main-1: throttled; again 2027-"),
        (100355, "dead", "FAILURE", "main-100355: product-group-missing -> "),
        (100354, "queued", "RETRY", "main-1: export paused: "),
        (100354, "lease-lost", "RETRY", "main-1: lease lost: "),
        (100354, "store-unavailable", "RETRY", "main-1: Redis did not answer: "),
    ],
)
def test_celery_takes_each_outcome_for_what_it_is(number: int, result: str, state: str, text: str) -> None:
    """By Celery's own tracer, as its worker runs it."""
    seen, shown = _state_of(ExecutionResult(record=_record(number), result=result))

    assert seen == state
    assert shown.startswith(text)


@pytest.mark.parametrize("number", [100353, 100354, 100355, 100356])
def test_nothing_of_the_invoice_is_shown_but_ids_and_reasons(number: int) -> None:
    """No name, no amount, no words of e-conomic, which may quote either."""
    record = _record(number)
    result = {"exported": "exported", "waiting": "waiting", "dead": "dead"}[record.state.value]

    _, shown = _state_of(ExecutionResult(record=record, result=result))

    customer = _customer(record)
    assert customer not in shown
    assert not any(word in shown for word in ("1250", "E07180", GROUP_MISSING.description, THROTTLED.description))


def _customer(record: InvoiceRecord) -> str:
    import json  # noqa: PLC0415  # only here

    return str(json.loads(record.content)["customer"]["name"])


@pytest.mark.parametrize(("why", "shown"), [("exported", "nothing to do: exported"), ("unknown", "not in the store")])
def test_a_message_too_many_is_a_success_that_did_nothing(why: str, shown: str) -> None:
    """Messages are hints, and may come twice."""
    assert repr(show_invoice("main-1", ExecutionResult(record=None, result="unclaimed", why=why))).startswith(shown)


def test_a_paused_export_is_told_from_a_message_too_many() -> None:
    """It goes on when the export is resumed."""
    with pytest.raises(Later, match="export paused"):
        show_invoice("main-1", ExecutionResult(record=None, result="unclaimed", why="paused"))


def test_a_check_that_fails_invoices_is_a_failed_task() -> None:
    """Those dead letters never get a task of their own."""
    with pytest.raises(DeadLetter, match="main-p881: 9 dead letters, 231 queued -> opter-economic failed list"):
        show_check("main-p881", PreflightResult(result="checked", queued=231, dead=9))
    assert repr(show_check("main-p881", PreflightResult(result="checked", queued=240))) == "checked, 240 queued"
    with pytest.raises(Later, match="throttled"):
        show_check("main-p881", PreflightResult(result="deferred", reason="throttled"))


def test_an_export_that_is_gone_is_a_failed_task() -> None:
    """Its invoices wait for the entry to come back."""
    with pytest.raises(DeadLetter, match="exports file"):
        show_invoice("gone-1", None)


PAGE = "https://economic.example.dk"


@pytest.mark.parametrize(("number", "result"), [(100353, "exported"), (100354, "waiting"), (100355, "dead")])
def test_the_text_ends_with_the_way_to_the_invoice_on_the_page(number: int, result: str) -> None:
    """Where the page has an address; else nothing is added."""
    outcome = ExecutionResult(record=_record(number), result=result)

    def text(page: str) -> str:
        try:
            return repr(show_invoice(f"main-{number}", outcome, page=page))
        except (DeadLetter, Later) as raised:
            return repr(raised)

    assert f" | {PAGE}/invoices/main-{number}" in text(PAGE)
    assert "http" not in text("")


def test_the_check_of_a_period_leads_to_its_page_and_says_what_waits() -> None:
    """For a second person, or for a fix."""
    held = PreflightResult(result="held", held=7)
    assert repr(show_check("main-p881", held, page=PAGE)) == (
        f"held, 0 queued, 7 wait for a second person's yes | {PAGE}/periods/main-p881"
    )
    with pytest.raises(DeadLetter, match=rf"-> .* \| {PAGE}/periods/main-p881$"):
        show_check("main-p881", PreflightResult(result="checked", dead=1), page=PAGE)
