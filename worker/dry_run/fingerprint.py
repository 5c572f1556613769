"""A plan's hash: it tells whether two plans are the same, and roughly in what they differ, with nothing kept anywhere.

``plan1-<whole>-<part>-<part>...``: the whole decides, the marks of the parts explain.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from worker.dry_run.mark import Marks, changed, digest, marks, marks_changed, read_marks
from worker.dry_run.plan import Created, Plan, PlannedInvoice, Request
from worker.errors import Failure

_VERSION = "plan1"
#: Letters of the whole: some 54 bits, against accidents.
_WHOLE = 12
#: Names listed in one sentence.
_MOST_NAMED = 8

Items = Mapping[str, str]


class NotAHash(ValueError):
    """A text that no plan of this version ends in."""


def plan_hash(plan: Plan) -> str:
    """Return the hash of everything that matters in a plan."""
    parts = _parts(plan)
    whole = repr([(part, sorted(items.items())) for part, items in parts.items()])
    return "-".join((_VERSION, digest(whole, _WHOLE), *(str(marks(items)) for items in parts.values())))


def differences(before: str, now: Plan) -> tuple[str, ...]:
    """Return in sentences what has changed since the plan with this hash; none: nothing. Raises ``NotAHash``."""
    told = _read(before)
    if before == plan_hash(now):
        return ()
    parts = _parts(now)
    found = [
        line
        for part, say in _SAYINGS.items()
        if told[part] != marks(parts[part])
        for line in say(told[part], parts[part])
    ]
    return tuple(found) or ("Something has changed that a short hash cannot name.",)


def _read(text: str) -> Mapping[str, Marks]:
    version, *parts = text.split("-")
    if version != _VERSION or len(parts) != len(_SAYINGS) + 1:
        raise NotAHash("This is not the hash that a plan of this version ends in.")
    try:
        return {name: read_marks(part) for name, part in zip(_SAYINGS, parts[1:], strict=True)}
    except ValueError:
        raise NotAHash("This is not the whole hash of a plan: it has been cut or changed.") from None


def _parts(plan: Plan) -> Mapping[str, Items]:
    return {
        "identity": {"export": plan.export, "period": plan.period, "agreement": str(plan.agreement)},
        "set-up": plan.set_up,
        "ground": plan.ground,
        "contents": {one.id: one.content_hash for one in plan.invoices},
        "outcomes": {one.id: _outcome(one) for one in plan.invoices},
        "customers": {**_created(plan.customers), **{one.path: repr(_request(one)) for one in plan.updates}},
        "products": _created(plan.products),
    }


def _outcome(one: PlannedInvoice) -> str:
    problems, requests = [_problem(failure) for failure in one.problems], [_request(each) for each in one.requests]
    return repr((one.action.value, problems, requests, one.predicted, one.remarks, one.found))


def _problem(failure: Failure) -> tuple[str, ...]:
    return tuple(value for name, value in asdict(failure).items() if name != "log_id")


def _request(request: Request) -> tuple[str, ...]:
    return (request.method, request.path, request.body)


def _created(creations: Sequence[Created]) -> Items:
    return {one.number: repr(_request(one.request)) for one in creations}


def _identity(before: Marks, now: Items) -> Iterator[str]:
    for name in changed(before, now):
        yield f"The plan was for another {name} than {now[name]}."


def _set_up(before: Marks, now: Items) -> Iterator[str]:
    for name in changed(before, now):
        yield f"{name} has changed in the exports file."


def _ground(before: Marks, now: Items) -> Iterator[str]:
    named = changed(before, now)
    for name, how in named.items():
        yield f"In e-conomic, {name} {how}."
    if not named:
        yield "The invoices need other things in e-conomic than before."


def _invoices(before: Marks, now: Items, *, verb: str) -> Iterator[str]:
    ours, named = marks(now), list(changed(before, now))
    if before.count != ours.count:
        yield f"{before.count} invoices before, {ours.count} now."
    elif before.names != ours.names:
        yield "There are other invoices than before."
    elif named:
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        yield f"{_counted(len(named))} {verb}: {', '.join(named[:_MOST_NAMED])}{more}."
    else:
        yield f"At least {_counted(marks_changed(before, ours))} {verb}."


def _outcomes(before: Marks, now: Items) -> Iterator[str]:
    if (before.count, before.names) == (marks(now).count, marks(now).names):
        yield from _invoices(before, now, verb="would be exported differently")


def _creations(before: Marks, now: Items, *, noun: str) -> Iterator[str]:
    if before.count != len(now):
        yield f"{before.count} {noun} before, {len(now)} now."
    else:
        yield f"There are other {noun}, or with other data."


def _counted(number: int) -> str:
    return f"{number} invoice{'' if number == 1 else 's'}"


#: In the order in which the parts stand in the hash: what is said when one of them differs.
_SAYINGS: Mapping[str, Callable[[Marks, Items], Iterator[str]]] = {
    "identity": _identity,
    "set-up": _set_up,
    "ground": _ground,
    "contents": partial(_invoices, verb="changed"),
    "outcomes": _outcomes,
    "customers": partial(_creations, noun="new or updated customers"),
    "products": partial(_creations, noun="new products"),
}
