"""The demo, act by act: a period closes, most of it is exported, the rest needs a person, who fixes the causes."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rich.text import Text

from worker.local.demo.compare_vouchers import VoucherSetup, compare_vouchers
from worker.local.demo.comparison import Comparison, compare_invoices, comparison_view
from worker.local.demo.folder import MAPPING, UNNAMED
from worker.local.demo.sample import EXPORT, MISSING_ACCOUNT, PERIOD, PERIOD_ID, Sample, sample
from worker.local.demo.sample_files import source_files, source_mapping
from worker.local.demo.sample_invoices import DEPARTMENT
from worker.local.demo.sample_vouchers import TAX_RATES, print_invoices, voucher_sample
from worker.local.demo.sandbox_export import JOURNAL, Method
from worker.local.demo.stage import Stage
from worker.local.sandbox_control import SandboxControl
from worker.sandbox.seed import CLEARING

#: Shows one thing that a person has done.
Report: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """What differs between the methods: the event, how the causes are fixed, and the comparison."""

    sample: Sample
    #: What to know of the export beforehand: name and value.
    facts: tuple[tuple[str, str], ...] = ()
    #: Does what the failed invoices ask for; the corrected invoice is sent again by the script.
    fix: Callable[[SandboxControl, Report], None]
    #: The agreement's content and the sandbox's findings -> the comparison with what Opter sent last.
    compare: Callable[[Mapping[str, Any], Sequence[str]], Comparison]
    #: The last line when everything is as it must be.
    closing: str = "All booked."


def scenario(method: Method, printed: Path) -> Scenario:
    """Return the scenario of a method; PDFs that are in time are written to the folder ``printed``."""
    return _vouchers(printed) if method == "voucher" else _invoices()


def perform(stage: Stage, scenario: Scenario) -> bool:
    """Play all acts; return whether everything is in e-conomic, once, to the øre.

    Raises ``worker.local.demo.stage.DemoError``, and ``KeyboardInterrupt`` after a signal to end.
    """
    period = until_failed(stage, scenario)
    _fix(stage, scenario, period)
    finished = _follow(stage, period)
    return _compare(stage, scenario, period, finished=finished)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The period as commands name it."""

    #: Opter's number; of files that name no period, one that was made from what is in them.
    number: int
    name: str


def until_failed(stage: Stage, scenario: Scenario) -> Period:
    """Play the acts until what is wrong is shown, and return the period. Raises as ``perform`` does."""
    _start(stage, scenario)
    period = _close_period(stage, scenario.sample)
    _follow(stage, period)
    stage.act("3  What failed, and what to do about it")
    stage.command("failed", "list", "--period", period.name)
    return period


def _start(stage: Stage, scenario: Scenario) -> None:
    stage.act("1  A small haulier's installation starts, with a sandbox in e-conomic's place")
    stage.wait_for("the sandbox", stage.control.answers)
    pids = stage.supervisor.pids
    rows = [
        ("e-conomic", f"sandbox at {stage.folder.sandbox}, agreement of Nordvest Fragt ApS"),
        ("Redis", f"embedded, {stage.redis_url}"),
        ("Intake, worker", f"processes {pids['intake']} and {pids['worker']}"),
        ("Flower", f"http://127.0.0.1:{stage.folder.flower_port}"),
    ]
    stage.facts([*rows, *scenario.facts])


_OPTERS = Period(number=int(str(PERIOD["id"])), name=str(PERIOD["name"]))


def _close_period(stage: Stage, sample: Sample) -> Period:
    stage.act(f"2  Opter closes invoice period {PERIOD['name']}")
    event = sample.event()
    if stage.folder.source != "queue":
        return _put_files(stage, sample, event)
    (stage.folder.path / "event.json").write_bytes(event)
    text = f"One plain JSON document, {len(event) // 1024} KiB, {len(sample.invoices)} invoices, put on a list:"
    stage.out.print(Text(text), soft_wrap=True)
    stage.show_command(f'LPUSH {stage.queue} "$(cat event.json)"')
    stage.push(event)
    stage.wait_for_intake()
    stage.wait_for("the period", lambda: PERIOD_ID in _periods(stage))
    return _OPTERS


def _put_files(stage: Stage, sample: Sample, event: bytes) -> Period:
    """Put the period's files into the watched folder, each under another name until it is whole."""
    source, watched = stage.folder.source, stage.folder.watched
    if mapping := source_mapping(source):
        (stage.folder.path / MAPPING).write_text(mapping, encoding="utf-8")
    files = source_files(source, event, sample.invoices)
    size = sum(map(len, files.values())) // 1024
    what = "One file" if len(files) == 1 else f"{len(files)} files, one for each invoice"
    stage.out.print(Text(f"{what}, {size} KiB, in a watched folder:"), soft_wrap=True)
    stage.show_command(f"cp {next(iter(files)) if len(files) == 1 else '*.xml'} {watched}")
    for name, content in files.items():
        part = watched / f"{name}.part"
        part.write_bytes(content)
        part.rename(watched / name)
    if source not in UNNAMED:
        stage.wait_for("the period", lambda: PERIOD_ID in _periods(stage))
        return _OPTERS
    stage.wait_for("the period", lambda: bool(_periods(stage)))
    [found] = _periods(stage)
    return Period(number=int(found.removeprefix(f"{EXPORT}-p")), name=found)


def _periods(stage: Stage) -> set[str]:
    return {period["id"] for period in stage.ask("status")["periods"]}


def _follow(stage: Stage, period: Period) -> bool:
    """Follow the period until nothing moves; return whether nothing needs a person."""
    stage.out.print()
    return stage.command("status", period.name, "--watch") == 0


def _fix(stage: Stage, scenario: Scenario, period: Period) -> None:
    stage.act("4  A person fixes the causes")
    scenario.fix(stage.control, stage.done)
    corrected = scenario.sample.corrected
    text = f"Opter: invoice {corrected.invoice_number} again, its VAT now on the line's total, not order by order"
    stage.done(text)
    file = stage.folder.path / "corrected.json"
    file.write_text(json.dumps(corrected.model_dump(mode="json", by_alias=True, exclude_none=True)), encoding="utf-8")
    stage.out.print()
    stage.command("publish", str(file), "--period", str(period.number), "--name", period.name)
    stage.wait_for_intake()
    reference = f"{EXPORT}-{corrected.invoice_number}"
    stage.wait_for("the corrected invoice", lambda: reference not in _failed(stage, period))
    stage.command("requeue", "--period", period.name)


def _failed(stage: Stage, period: Period) -> set[str]:
    return {invoice["id"] for invoice in stage.ask("failed", "list", "--period", period.name)}


def _compare(stage: Stage, scenario: Scenario, period: Period, *, finished: bool) -> bool:
    stage.act("5  The demo's own look: the source against what the sandbox holds")
    comparison = scenario.compare(stage.control.state(), stage.control.findings())
    stage.show(comparison_view(comparison))
    stage.show(_calls(stage.control.calls(), len(scenario.sample.final)))
    stage.act("6  The certificate: what the product itself reads back from e-conomic")
    book = stage.folder.path / "certificate.xlsx"
    certified = stage.command("reconcile", period.name, "--xlsx", str(book)) == 0
    stage.facts([("Workbook", str(book))] if book.is_file() else [])
    proven = comparison.holds and finished and certified and book.is_file()
    closing = (scenario.closing, "good") if proven else ("Not everything is as it must be.", "bad")
    stage.out.print(Text.assemble("\n", closing))
    return proven


def _calls(calls: Mapping[str, int], invoices: int) -> Text:
    total = sum(calls.values())
    parts = ", ".join(f"{number} {kind}" for kind, number in calls.items())
    text = (
        f"\n{total} calls to e-conomic for {invoices} invoices, {total / invoices:.2f} an invoice, the start and every"
    )
    return Text(f"{text} failure included: {parts}.")


def _invoices() -> Scenario:
    period = sample()

    def fix(control: SandboxControl, report: Report) -> None:
        report(f"e-conomic: create product group 67 {MISSING_ACCOUNT!r} with its sales accounts")
        control.add_product_group(MISSING_ACCOUNT, (3010, 3110, 3210, 3310), number=67)
        _make_cards_distinct(control, report)

    return Scenario(
        sample=period,
        fix=fix,
        compare=lambda state, findings: compare_invoices(period.final, state, export=EXPORT, findings=findings),
    )


def _vouchers(printed: Path) -> Scenario:
    whole = voucher_sample(printed)
    period, late = whole.sample, whole.late
    print_invoices([invoice for invoice in period.invoices if invoice not in late], printed)
    setup = VoucherSetup(export=EXPORT, journal=JOURNAL, clearing=CLEARING, tax_rates=TAX_RATES)

    def fix(control: SandboxControl, report: Report) -> None:
        report(f"e-conomic: create account {MISSING_ACCOUNT} 'Kranløft'")
        control.put("accounts", MISSING_ACCOUNT, {"name": "Kranløft", "accountType": "profitAndLoss"})
        _make_cards_distinct(control, report)
        report(f"Opter: the {len(late)} invoices that the printer was late with are in {printed.name}/ now")
        print_invoices([*late, period.corrected], printed)

    return Scenario(
        sample=period,
        facts=(("Method", f"vouchers in journal {JOURNAL} over clearing account {CLEARING}, PDFs from {printed}"),),
        fix=fix,
        compare=lambda state, findings: compare_vouchers(period.final, state, setup, findings=findings),
        closing=f"{len(period.final)} vouchers in journal {JOURNAL}, to be booked.",
    )


def _make_cards_distinct(control: SandboxControl, report: Report) -> None:
    report(f"e-conomic: take the company number off card {DEPARTMENT}, which is a mere department")
    control.put("customers", str(DEPARTMENT), {"corporateIdentificationNumber": ""})
