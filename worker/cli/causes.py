"""Causes of failed invoices on the command line: asked about in e-conomic, and shown."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from worker.cli import formatting
from worker.cli.context import CommandContext
from worker.cli.formatting import table
from worker.cli.language import mark, say
from worker.cli.lookup import title
from worker.cli.words import described
from worker.domain.causes import Cause, CauseAnswer, CauseState, cause_id
from worker.domain.record import InvoiceRecord
from worker.domain.store_port import Store

#: Causes that one command asks about; the others are asked in the background.
MOST_ASKED = 20
_ANSWERS = {
    CauseState.GONE: (mark("gone"), "good"),
    CauseState.STILL: (mark("still there"), "bad"),
    CauseState.UNKNOWN: (mark("cannot be told"), "wait"),
}


def causes_of(store: Store, records: Iterable[InvoiceRecord]) -> list[Cause]:
    """Return the causes that these failed invoices have, the one with the most money at stake first."""
    wanted = {cause_id(record.export, record.failure) for record in records if record.failure}
    return [cause for cause in store.causes() if cause.id in wanted]


def ask(context: CommandContext, store: Store, causes: Sequence[Cause]) -> list[Cause]:
    """Ask e-conomic about causes, keep the answers, and return the causes with them; only so many are asked."""
    asked = causes[:MOST_ASKED]
    records = {cause.id: _first(store, cause) for cause in asked}
    answers: dict[str, CauseAnswer] = {}
    for export in sorted({cause.export for cause in asked}):
        own = [(cause, record) for cause in asked if cause.export == export and (record := records[cause.id])]
        answers |= dict(zip((cause.id for cause, _ in own), context.ask_about(export, own), strict=True))
    first = context.settings.self_clearing.first_pause
    for key, answer in answers.items():
        store.note_answer(key, answer, again_in=0.0 if answer.state is CauseState.GONE else first)
    return [store.cause(cause.id) or cause for cause in causes]


def causes_view(causes: Sequence[Cause]) -> RenderableType:
    """Return each cause with its invoices, the money at stake, and what was answered when."""
    numbers = (say("Invoices"), say("At stake"))
    rows = table(say("Cause"), say("Export"), *numbers, say("In e-conomic"), say("Asked"), numbers=numbers)
    for cause in causes:
        word, style = _ANSWERS[cause.answer.state] if cause.answer else (mark("not asked yet"), "quiet")
        why = described(cause.answer.why) if cause.answer else ""
        rows.add_row(
            Text.assemble((name_of(cause), "strong"), "\n", (cause.failure.reason, "quiet")),
            cause.export,
            str(cause.invoices),
            money(cause.at_stake),
            Text.assemble((say(word), style), *((f"\n{why}",) if why else ())),
            formatting.moment(cause.answer.at) if cause.answer else "",
        )
    return rows


def causes_data(causes: Sequence[Cause]) -> list[dict[str, Any]]:
    """Return the same for scripts."""
    return [
        {
            "id": cause.id,
            "export": cause.export,
            "reason": cause.failure.reason,
            "field": cause.failure.field,
            "value": cause.failure.value,
            "invoices": cause.invoices,
            "atStake": {currency: str(amount) for currency, amount in cause.at_stake.items()},
            "oldest": formatting.iso(cause.oldest),
            "answer": cause.answer.state.value if cause.answer else None,
            "answeredAt": formatting.iso(cause.answer.at) if cause.answer else None,
            "why": cause.answer.why if cause.answer else "",
            "nextStep": cause.failure.next_step,
        }
        for cause in causes
    ]


def name_of(cause: Cause) -> str:
    """Return a cause in a few words: what its reason is called, and the value that is wrong."""
    value = cause.failure.value
    return f"{title(cause.failure.reason)}: {value}" if value else title(cause.failure.reason)


def money(amounts: Mapping[str, Decimal]) -> str:
    """Return amounts by currency."""
    return ", ".join(f"{formatting.money(amount)} {currency}" for currency, amount in amounts.items())


def _first(store: Store, cause: Cause) -> InvoiceRecord | None:
    failed = store.failed_for(cause.id, most=1)
    return store.invoice(failed[0][0]) if failed else None
