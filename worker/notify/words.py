"""Notices in words: one text for all notices of a message, in the language of its channel."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from worker.domain.notices import Kind, Notice
from worker.domain.reasons import ProcessReason
from worker.economic.mapping.reasons import REASONS
from worker.notify.tone import Text, Tone

#: The gravest comes first, and gives a message its subject.
_ORDER = (
    *(Kind.NO_WORKER, Kind.NO_INTAKE, Kind.PAUSED, Kind.DRIFT, Kind.REFUSED_EVENT, Kind.CAUSE_BACK, Kind.NEW_CAUSE),
    *(Kind.TO_FIX, Kind.SERIES_GAP, Kind.PERIOD_DONE, Kind.CAUSE_CLEARED, Kind.RESUMED, Kind.ARCHIVE_CHECKPOINT),
)


def text_of(notices: Sequence[Notice], tone: Tone) -> Text:
    """Return the message that says all of these."""
    ordered = sorted(notices, key=lambda notice: (_ORDER.index(notice.kind), notice.at))
    parts = [_said(notice, tone) for notice in ordered]
    subject, more = parts[0][0], len(parts) - 1
    if more:
        said = tone.catalogue.gettext("%(first)s, and %(number)s more")
        subject = said % {"first": subject, "number": tone.count(more)}
    return Text(subject=subject, body="\n\n".join("\n".join(part) for part in parts))


def test_text(tone: Tone, channel: str) -> Text:
    """Return a message that only shows that a channel works."""
    say = tone.catalogue.gettext
    body = say("Channel %(channel)s works: messages about the export from Opter to e-conomic come here.")
    lines = [body % {"channel": channel}, *([tone.page] if tone.page else [])]
    return Text(subject=say("Test message of opter-economic"), body="\n".join(lines))


def _said(notice: Notice, tone: Tone) -> list[str]:
    lines = list(_WORDS[notice.kind](notice, notice.facts, tone))
    link = _link(notice, tone)
    return [*lines, link] if link else lines


def _link(notice: Notice, tone: Tone) -> str:
    facts = notice.facts
    if not tone.page:
        return ""
    if facts.get("period"):
        return f"{tone.page}/periods/{facts['period']}"
    if notice.kind in {Kind.NEW_CAUSE, Kind.CAUSE_BACK}:
        return f"{tone.page}/to-fix/{facts['cause']}" if facts.get("cause") else f"{tone.page}/to-fix"
    places = {Kind.REFUSED_EVENT: "/events", Kind.CAUSE_CLEARED: "/batches", Kind.NO_WORKER: "/health"}
    return tone.page + places.get(notice.kind, f"/exports/{notice.export}" if notice.export else "/health")


def _period_done(_: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    phrase = tone.catalogue.ngettext(
        "Period %(name)s is done: %(number)s invoice", "Period %(name)s is done: %(number)s invoices", facts["invoices"]
    )
    yield phrase % {"name": facts["name"], "number": tone.count(facts["invoices"])}
    yield from _sums(facts, tone)


def _sums(facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    """Say what stands in e-conomic, as read there, else what this program has reported; and what is beside it."""
    _ = tone.catalogue.gettext
    read = facts["certificate"]
    if read:
        at = tone.moment(datetime.fromisoformat(read["at"]).timestamp())
        yield _("Read in e-conomic on %(at)s:") % {"at": at}
        for currency, (number, gross) in read["books"].items():
            phrase = tone.catalogue.ngettext("%(number)s invoice, %(sum)s", "%(number)s invoices, %(sum)s", number)
            yield "  " + phrase % {"number": tone.count(number), "sum": tone.money({currency: gross})}
        if not read["differences"]:
            yield _("No difference between Opter and e-conomic.")
    else:
        yield _("Not read back from e-conomic yet. Reported by the export: %(sums)s") % {
            "sums": tone.money(facts["reported"])
        }
    if facts["left_out"]:
        yield _("Left out on purpose: %(number)s") % {"number": tone.count(facts["left_out"])}
    if facts["by_hand"]:
        yield _("Entered by hand: %(number)s") % {"number": tone.count(facts["by_hand"])}


def _to_fix(_: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    say = tone.catalogue.gettext
    differences = facts["certificate"]["differences"] if facts["certificate"] else 0
    number = facts["failed"] + facts["conflicts"] + facts["missing"] + differences
    phrase = tone.catalogue.ngettext(
        "Period %(name)s: %(number)s to fix, of %(all)s invoice",
        "Period %(name)s: %(number)s to fix, of %(all)s invoices",
        facts["invoices"],
    )
    yield phrase % {
        "name": facts["name"],
        "number": tone.count(number),
        "all": tone.count(facts["invoices"]),
    }
    for group in facts["groups"]:
        yield "- " + _group_line(group, tone)
        yield from _remedy(group["reason"], tone, before="  ")
    beside = (
        (facts["more_groups"], say("More causes: %(number)s")),
        (differences, say("Differences between Opter and e-conomic: %(number)s")),
        (facts["conflicts"], say("Came again with other content after they were posted: %(number)s")),
        (facts["missing"], say("Announced by Opter and not taken in: %(number)s")),
    )
    yield from ("- " + phrase % {"number": tone.count(each)} for each, phrase in beside if each)
    yield from _sums(facts, tone)


def _group_line(group: Mapping[str, Any], tone: Tone) -> str:
    phrase = tone.catalogue.ngettext(
        "%(cause)s: %(number)s invoice, %(sums)s", "%(cause)s: %(number)s invoices, %(sums)s", group["invoices"]
    )
    sums = tone.money(group["amounts"]) or "-"
    return phrase % {"cause": _cause(group, tone), "number": tone.count(group["invoices"]), "sums": sums}


def _cause(facts: Mapping[str, Any], tone: Tone) -> str:
    """Return a cause with its value, or its first values where they may be named."""
    values = facts["value"] or (", ".join(facts.get("values", ())) if tone.customer_values else "")
    return f"{_heading(facts['reason'], tone)}: {values}" if values else _heading(facts["reason"], tone)


def _heading(reason: str, tone: Tone) -> str:
    return tone.catalogue.gettext(REASONS[reason].heading) if reason in REASONS else reason


def _remedy(reason: str, tone: Tone, *, before: str = "") -> Iterator[str]:
    if reason in REASONS:
        yield f"{before}→ {tone.catalogue.gettext(REASONS[reason].next_step)}"


def _new_cause(_: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    yield tone.catalogue.gettext("New cause of failures: %(cause)s") % {"cause": _group_line(facts, tone)}
    yield from _remedy(facts["reason"], tone)


def _cause_back(_: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    yield tone.catalogue.gettext("A cause that was gone is back: %(cause)s") % {"cause": _group_line(facts, tone)}
    yield from _remedy(facts["reason"], tone)


def _cause_cleared(_: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    say = tone.catalogue
    yield say.gettext("A cause is gone, and its invoices went on by themselves: %(cause)s") % {
        "cause": _cause(facts, tone)
    }
    phrase = say.ngettext(
        "%(number)s invoice was queued again: %(exported)s exported, %(failed)s failed again",
        "%(number)s invoices were queued again: %(exported)s exported, %(failed)s failed again",
        facts["invoices"],
    )
    names = {"number": "invoices", "exported": "exported", "failed": "failed"}
    yield phrase % {name: tone.count(facts[fact]) for name, fact in names.items()}


def _refused(_: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    phrase = tone.catalogue.ngettext("%(number)s event was refused", "%(number)s events were refused", facts["events"])
    periods = f": {', '.join(facts['periods'])}" if facts["periods"] else ""
    yield phrase % {"number": tone.count(facts["events"])} + periods
    for reason, number in facts["reasons"].items():
        yield f"- {_heading(reason, tone)} ({tone.count(number)})"
        yield from _remedy(reason, tone, before="  ")


def _paused(notice: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    say, names = tone.catalogue.gettext, {"export": notice.export, "why": _heading(facts["reason"], tone)}
    by_a_person = facts["reason"] == ProcessReason.EXPORT_PAUSED
    yield (say("Export %(export)s is paused") if by_a_person else say("Export %(export)s is paused: %(why)s")) % names
    yield from _remedy(facts["reason"], tone)


def _resumed(notice: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    say = tone.catalogue.gettext
    if facts.get("part") == "worker":
        yield say("A worker is running again")
    elif facts.get("part"):
        yield say("An intake is running again")
    else:
        yield say("Export %(export)s goes on") % {"export": notice.export}


def _silent(notice: Notice, _: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    yield _heading(notice.kind.value, tone)
    yield from _remedy(notice.kind.value, tone)


def _drift(notice: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    say = tone.catalogue.gettext
    if "agreement" in facts:
        phrase = tone.catalogue.ngettext(
            "The agreement of export %(export)s is not as it should be: %(number)s thing to look at",
            "The agreement of export %(export)s is not as it should be: %(number)s things to look at",
            facts["agreement"],
        )
        yield phrase % {"export": notice.export, "number": tone.count(facts["agreement"])}
        return
    phrase = say("Period %(name)s differs from e-conomic since it was done; invoices to look at: %(number)s")
    yield phrase % {"name": facts["name"], "number": tone.count(facts["differences"])}


def _gap(_: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    phrase = tone.catalogue.ngettext(
        "Period %(name)s: %(number)s number of the series never came: %(numbers)s",
        "Period %(name)s: %(number)s numbers of the series never came: %(numbers)s",
        facts["numbers"],
    )
    spans = [str(first) if first == last else f"{first}-{last}" for first, last in facts["gaps"]]
    numbers = ", ".join(spans) + (" …" if facts["more"] else "")
    yield phrase % {"name": facts["name"], "number": tone.count(facts["numbers"]), "numbers": numbers}


def _checkpoint(notice: Notice, facts: Mapping[str, Any], tone: Tone) -> Iterator[str]:
    phrase = tone.catalogue.ngettext(
        "The archive holds %(number)s entry on %(at)s",
        "The archive holds %(number)s entries on %(at)s",
        facts["entries"],
    )
    yield phrase % {"number": tone.count(facts["entries"]), "at": tone.moment(notice.at)}
    say = tone.catalogue.gettext
    yield say("Root of its Merkle tree: %(root)s") % {"root": facts["root"]}
    yield say("Name of the archive: %(archive)s") % {"archive": facts["archive"]}
    yield say("Keep this message: whoever changes the archive cannot change what was said of it here.")


_WORDS = {
    Kind.PERIOD_DONE: _period_done,
    Kind.TO_FIX: _to_fix,
    Kind.NEW_CAUSE: _new_cause,
    Kind.CAUSE_BACK: _cause_back,
    Kind.CAUSE_CLEARED: _cause_cleared,
    Kind.REFUSED_EVENT: _refused,
    Kind.PAUSED: _paused,
    Kind.RESUMED: _resumed,
    Kind.NO_WORKER: _silent,
    Kind.NO_INTAKE: _silent,
    Kind.DRIFT: _drift,
    Kind.SERIES_GAP: _gap,
    Kind.ARCHIVE_CHECKPOINT: _checkpoint,
}
