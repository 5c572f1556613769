"""The check of an agreement as a whole: plan, roles, modules, services, shapes of answers, clock."""

import re
from collections.abc import Iterator, Mapping

from config.exports import ExportConfig
from worker.domain.agreement import Rights, Shape
from worker.economic.mapping.setup_check import Check

#: Each of these roles allows it (the services' documentation, per tag).
_SALES, _BOOKKEEPING = ("SuperUser", "Sales"), ("SuperUser", "Bookkeeping")
_WRITE = "Move the agreement to a plan that can write (Plus, Smart or Komplet), or correct expects.read_only_plans."
_ROLE = "Have the app's role changed in e-conomic's developer pages, and grant it anew."
_MODULE = "Have the module opened in e-conomic, or take it out of expects.modules."
_DRIFT = (
    "Read e-conomic's change log and look at the next certificate closely; then "
    "`opter-economic export check NAME --accept-drift` takes it as it is now."
)
_SERVICE = (
    "Give the app the role Bookkeeping or SuperUser, or name the version that e-conomic offers in the table reconcile: "
    "certificates, attached PDFs and payments need it, the export itself does not."
)
_CLOCK = "Correct the clock of the server that Redis runs on (NTP)."
#: Properties that are named in one check; the others are counted.
_NAMED = 8


def rights_checks(export: ExportConfig, rights: Rights) -> Iterator[Check]:
    """Yield what ``/self`` tells; what it leaves out is said to be unknown, and is no error."""
    words = set(re.findall(r"\w+", rights.plan.casefold()))
    stuck = [plan for plan in export.expects.read_only_plans if plan.casefold() in words]
    plan = rights.plan or "not named"
    yield _check("Plan", f"{plan}: cannot write" if stuck else plan, "" if not stuck else _WRITE)
    yield _roles(export, rights)
    lacking = sorted(set(export.expects.modules) - set(rights.modules))
    there = ", ".join(rights.modules) or "none named"
    yield _check(
        "Modules", f"missing: {', '.join(lacking)}; there are: {there}" if lacking else there, lacking and _MODULE
    )


def _roles(export: ExportConfig, rights: Rights) -> Check:
    known = {role.replace(" ", "").casefold(): role for role in (*_SALES, *_BOOKKEEPING)}
    ours = {known[name] for role in rights.roles if (name := role.replace(" ", "").casefold()) in known}
    found = ", ".join(rights.roles) or "not named"
    if not ours:
        return _check("Roles", f"{found}; not compared, as none is known")
    needed = {"customers and invoices": _SALES}
    if export.method == "voucher":
        needed["journals"] = _BOOKKEEPING
    lacking = [f"{what}: {' or '.join(roles)}" for what, roles in needed.items() if not ours & set(roles)]
    return _check("Roles", f"{found}; missing for {'; '.join(lacking)}" if lacking else found, lacking and _ROLE)


def service_checks(spoken: Mapping[str, bool]) -> Iterator[Check]:
    """Yield of each service which version is spoken, and whether it can be read."""
    for path, readable in spoken.items():
        found = f"{path}: {'can be read' if readable else 'cannot be read'}"
        yield Check(item="Read back", ok=readable, found=found, next_step="" if readable else _SERVICE)


def version_checks(further: Mapping[str, bool]) -> Iterator[Check]:
    """Yield which versions that are not spoken e-conomic offers too."""
    for path, offered in further.items():
        yield _check("Version", f"{path}: {'offered too' if offered else 'not offered'}; not spoken")


def shape_checks(before: Mapping[str, Shape], now: Mapping[str, Shape]) -> Iterator[Check]:
    """Yield what has vanished from answers or come into them; only what has vanished is an error."""
    known = {path: before[path] for path in before if path in now}
    for path, shape in known.items():
        if vanished := shape.vanished(now[path]):
            yield _check("Answers", f"GET {path} no longer tells {_named(vanished)}", _DRIFT)
        if appeared := shape.appeared(now[path]):
            yield _check("Answers", f"GET {path} also tells {_named(appeared)}")
    for path in sorted(before.keys() - now.keys()):
        yield _check("Answers", f"GET {path} cannot be read any more", _DRIFT)
    if not known:
        yield _check("Answers", f"recorded for the first time: {len(now)} resources")
    elif not any(shape.vanished(now[path]) or shape.appeared(now[path]) for path, shape in known.items()):
        yield _check("Answers", f"as recorded: {len(known)} resources")


def clock_check(gap: float, bound: float) -> Check:
    """Return how far the clocks are apart; beyond the bound nothing is sent until they agree."""
    found = f"e-conomic's is {abs(gap):.0f} s {'ahead of' if gap > 0 else 'behind'} ours" if gap else "agrees"
    return _check("Clock", found, _CLOCK if abs(gap) > bound else "")


def _named(properties: tuple[str, ...]) -> str:
    rest = len(properties) - _NAMED
    return ", ".join(properties[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _check(item: str, found: str, next_step: object = "") -> Check:
    return Check(item=item, ok=not next_step, found=found, next_step=str(next_step or ""))
