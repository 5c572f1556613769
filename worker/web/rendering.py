"""Templates with their filters: amounts, times and words in the reader's language."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import Any

from babel import Locale
from babel.dates import LOCALTZ, format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from worker.domain.invoice_period import held
from worker.domain.record import HistoryEntry
from worker.economic.mapping.reasons import REASONS
from worker.web.descriptions import described, detail
from worker.web.language import translations
from worker.web.sentences import check_found, said
from worker.web.words import (
    ACTS,
    APPROVALS,
    ASKED,
    BATCH_ACTIONS,
    BATCH_RESULTS,
    BATCH_STATES,
    CAUSE_STATES,
    HISTORY,
    METHODS,
    PARTS,
    PHASES,
    STATES,
    VERDICTS,
)


def template(name: str, language: str) -> Template:
    """Return a template in a language."""
    return _environment(language).get_template(name)


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(str(files("worker.web").joinpath("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue = translations(language)
    environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]  # of the extension
    environment.filters |= _filters(catalogue, language)
    return environment


def _filters(catalogue: NullTranslations, language: str) -> dict[str, Callable[..., Any]]:
    """Return what templates say values with, in a language."""
    say, locale = catalogue.gettext, Locale(language)

    def heading(reason: str) -> str:
        return say(REASONS[reason].heading) if reason in REASONS else reason

    def next_step(text: str) -> str:
        return say(text) if text else ""

    return {
        "money": lambda amount: format_decimal(amount, format="#,##0.00", locale=locale),
        "count": lambda number: format_decimal(number, locale=locale),
        "moment": lambda at: format_datetime(datetime.fromtimestamp(at, UTC), "medium", LOCALTZ, locale) if at else "",
        "instant": lambda text: format_datetime(datetime.fromisoformat(text), "medium", LOCALTZ, locale),
        "day": lambda day: format_date(day if isinstance(day, date) else date.fromisoformat(day), locale=locale),
        "state": lambda state: say(STATES[state]),
        "phase": lambda phase: say(PHASES[phase]),
        "address": _address,
        "part": lambda part: say(PARTS[part]),
        "span": lambda seconds: format_timedelta(round(seconds), locale=locale),
        "act": lambda act: say(ACTS.get(act, act)),
        "verdict": lambda verdict: say(VERDICTS.get(verdict, verdict)),
        "batch_action": lambda action: say(BATCH_ACTIONS[action]),
        "batch_state": lambda state: say(BATCH_STATES[state]),
        "batch_result": lambda result: _result(result, say),
        "cause_state": lambda state: say(CAUSE_STATES[state]),
        "held": held,
        "heading": heading,
        "said": lambda text: said(text, say),
        "described": lambda text: described(text, say),
        "detail": lambda text: detail(text, say),
        "found": lambda check: check_found(check, say) if language != "en" else check.found,
        "method": lambda method: say(METHODS[method]),
        "cause": lambda reason: say(REASONS[reason].cause) if reason in REASONS else "",
        "next_step": next_step,
        "approval": lambda state: say(APPROVALS[state]),
        "asked": lambda action: say(ASKED.get(action, action)),
        "history": lambda entry: _history(entry, say),
        "amounts": lambda sums: _amounts(sums, locale),
    }


def _result(result: str, say: Callable[[str], str]) -> str:
    """Return what became of an invoice of a batch, with the reason where it failed again."""
    kind, _, detail = result.partition(" ")
    why = say(REASONS[detail].heading) if kind == "dead" and detail in REASONS else ""
    return ": ".join(filter(None, (say(BATCH_RESULTS.get(kind, kind)), why)))


def _address(key: str) -> str:
    """Return the page of what an id names; empty for what has none."""
    if re.fullmatch("[A-Za-z0-9]+-batch-[0-9a-f]+", key):
        return f"/batches/{key}"
    if re.fullmatch("[A-Za-z0-9]+(-[A-Za-z0-9]+)?-p[0-9]+", key):
        return f"/periods/{key}"
    return f"/invoices/{key}" if re.fullmatch("[A-Za-z0-9]+(-[A-Za-z0-9]+)*-[0-9]+", key) else ""


def _history(entry: HistoryEntry, say: Callable[[str], str]) -> str:
    return say(HISTORY[entry.event]) if entry.event in HISTORY else entry.event


def _amounts(sums: Mapping[str, Decimal], locale: Locale) -> str:
    return ", ".join(
        f"{format_decimal(amount, format='#,##0.00', locale=locale)} {currency}" for currency, amount in sums.items()
    )
