"""Payments reported to Opter: each once, whole, with its sign; partial, over, foreign, reversed, settled by credit."""

import json
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reconciled import Reconciled, reconciled
from support.reconciling_bench import ReconcilingBench
from support.samples import customer, invoice, line

from config.reconcile_schema import Payments
from worker.domain.payments import (
    PaidEntry,
    Payment,
    PaymentKind,
    PaymentRun,
    ReportedPayments,
    RunRules,
    Settled,
    collect,
)
from worker.errors import Unavailable
from worker.runtime.payment_delivery import deliver
from worker.sandbox.resources.payments import open_entry, pay

D = Decimal


def _settled(remainder: str, *entries: tuple[int, str, str], gross: str = "100.00", credited: str = "0.00") -> Settled:
    paid = tuple(
        PaidEntry(number=number, amount=D(amount), matched=D(matched), date="2026-12-01")
        for number, amount, matched in entries
    )
    return Settled(
        id="main-1",
        invoice_number=1,
        region=None,
        currency="DKK",
        customer=1001,
        gross=D(gross),
        remainder=D(remainder),
        entries=paid,
        credited=D(credited),
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([_settled("100.00")], []),
        ([_settled("60.00", (7, "40.00", "40.00"))], ["payment 40.00"]),
        (
            [_settled("60.00", (7, "40.00", "40.00")), _settled("0.00", (7, "40.00", "40.00"), (9, "60.00", "60.00"))],
            ["payment 40.00", "payment 60.00"],
        ),
        ([_settled("0.00", (7, "150.00", "100.00"))], ["payment 150.00"]),
        (
            [
                _settled("0.00", (7, "100.00", "100.00")),
                _settled("100.00", (7, "100.00", "100.00"), (8, "-100.00", "-100.00")),
            ],
            ["payment 100.00", "payment -100.00"],
        ),
        (
            [_settled("25.00"), _settled("100.00"), _settled("25.00")],
            ["matched 75.00", "matched -75.00", "matched 75.00"],
        ),
        ([_settled("50.00", credited="50.00"), _settled("0.00", credited="50.00")], ["matched 50.00"]),
        ([_settled("-50.00", gross="-100.00")], ["matched -50.00"]),
    ],
    ids=["unpaid", "part", "in two", "over", "reversed", "matched", "credit", "credit note paid out"],
)
def test_what_is_told_in_each_case(steps: list[Settled], expected: list[str]) -> None:
    """One record a payment; a second look at the same ledger tells nothing."""
    reported: dict[str, ReportedPayments] = {}
    seen: list[Payment] = []
    for number, settled in enumerate([each for each in steps for _ in "ab"], start=1):
        new, changed = collect([settled], reported, RunRules(run=number, day="2026-12-05"))
        reported |= changed
        seen += new

    assert [f"{each.kind} {each.amount}" for each in seen] == expected
    assert len({each.payment_id for each in seen}) == len(seen)


def test_what_a_credit_note_settled_is_told_where_that_is_asked_for() -> None:
    """By default it is left out, as Opter knows its own credit notes."""
    settled = _settled("50.00", credited="50.00")
    new, _ = collect([settled], {}, RunRules(run=1, day="2026-12-05", credit_notes=True))

    assert [(each.kind, each.amount) for each in new] == [(PaymentKind.CREDIT, D("50.00"))]


amounts = st.decimals(-1000, 1000, places=2, allow_nan=False)


@given(st.lists(st.tuples(amounts, st.booleans()), max_size=8))
def test_what_is_told_adds_up_to_what_was_settled(moves: list[tuple[Decimal, bool]]) -> None:
    """However payments and matches come and go, the sum reported is gross less remainder."""
    remainder, total = D("500.00"), D("0.00")
    entries: list[tuple[int, str, str]] = []
    reported: dict[str, ReportedPayments] = {}
    for number, (amount, by_entry) in enumerate(moves, start=1):
        remainder -= amount
        if by_entry:
            entries.append((number, str(amount), str(amount)))
        settled = _settled(str(remainder), *entries, gross="500.00")
        new, changed = collect([settled], reported, RunRules(run=number, day="2026-12-05"))
        again, _ = collect([settled], reported | changed, RunRules(run=number + 1, day="2026-12-06"))
        reported = {**reported, **changed}
        total += sum((each.amount for each in new), D("0.00"))

        assert again == ()
    assert total == D("500.00") - remainder


RUN = PaymentRun(
    export="main",
    number=12,
    at="2026-12-05T08:00:00+00:00",
    payments=(
        Payment(
            payment_id="main-1-e7",
            kind=PaymentKind.PAYMENT,
            id="main-1",
            invoice_number=1,
            region=None,
            customer=1001,
            amount=D("1234.50"),
            currency="EUR",
            date="2026-12-01",
            rate=D("746.110000"),
            remainder=D("0.00"),
        ),
    ),
)


def test_the_file_is_as_the_exports_file_describes_it(tmp_path: Path) -> None:
    """Columns, delimiter, decimal sign, header; JSON lines as they are."""
    settings = Payments(folder=str(tmp_path), columns=("invoiceNumber", "amount", "exchangeRate", "date"))
    deliver(RUN, settings, lambda _: None)
    deliver(RUN, settings.model_copy(update={"format": "jsonl"}), lambda _: None)

    assert (tmp_path / "payments-main-000012.csv").read_text(encoding="utf-8").splitlines() == [
        "invoiceNumber;amount;exchangeRate;date",
        "1;1234,50;746,110000;2026-12-01",
    ]
    [document] = (tmp_path / "payments-main-000012.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(document)["amount"] == "1234.50"


class _Killed(BaseException):
    pass


class _Process:
    """Hands a run over and is killed once, before or after it notes a phase; an importer takes files away at once."""

    def __init__(self, folder: Path, when: str) -> None:
        self.folder, self.when = folder, when
        self.phase = "pending"
        self.taken: list[str] = []

    def run(self) -> None:
        with suppress(_Killed):
            run = replace(RUN, phase=self.phase)
            deliver(run, Payments(folder=str(self.folder)), self._advance)
        for file in self.folder.glob("payments-*"):
            self.taken.append(file.name)
            file.unlink()

    def _advance(self, to: str) -> None:
        if self.when == f"before {to}":
            self.when = ""
            raise _Killed
        self.phase = to
        if self.when == f"after {to}":
            self.when = ""
            raise _Killed


@pytest.mark.parametrize("when", ["before staged", "after staged", "before delivered", "after delivered"])
def test_a_kill_at_any_step_hands_a_file_over_once(tmp_path: Path, when: str) -> None:
    """Not twice where the importer was faster, and not never."""
    process = _Process(tmp_path, when)
    while process.phase != "delivered":
        process.run()

    assert process.when == ""
    assert process.taken == ["payments-main-000012.csv"]
    assert list(tmp_path.iterdir()) == []


def test_a_post_carries_its_run_as_key_and_is_repeated_when_not_taken() -> None:
    """A receiver that says 500 gets the very same run again."""
    seen: list[tuple[str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["Idempotency-Key"], request.read()))
        return httpx.Response(500 if len(seen) == 1 else 200)

    settings = Payments(url="https://opter.example/payments")
    phases: list[str] = []
    with pytest.raises(Unavailable, match=r"opter\.example: status 500"):
        deliver(RUN, settings, phases.append, transport=httpx.MockTransport(answer))
    deliver(RUN, settings, phases.append, transport=httpx.MockTransport(answer))

    assert phases == ["delivered"]
    assert seen[0] == seen[1]
    assert seen[0][0] == "payments-main-12"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With its reason; the run stays to be handed over."""
    with pytest.raises(Unavailable, match="cannot be written"):
        deliver(RUN, Payments(folder=str(tmp_path / "no")), lambda _: None)


def _bench(world: Reconciled, folder: Path) -> ReconcilingBench:
    settings = Payments(folder=str(folder))
    world.export = world.export.model_copy(update={"payments": settings})
    world.harness.export = world.export
    return ReconcilingBench(world)


def _pay(world: Reconciled, key: str, amount: Decimal) -> None:
    pay(world.agreement, world.invoices[key].invoice_number, amount, "2026-12-01", world.call())


def test_the_command_tells_each_payment_once(tmp_path: Path) -> None:
    """Partial, over, reversed; a second run tells nothing and writes no file; a dry run notes nothing."""
    world = reconciled(92, size=4)
    bench = _bench(world, tmp_path)
    gross = {key: each.gross for key, each in world.invoices.items()}
    keys = [key for key, amount in gross.items() if amount > 2]
    _pay(world, keys[0], D("1.00"))
    _pay(world, keys[1], gross[keys[1]] + 5)
    dry = bench.json("payments", "--dry-run")[0]["payments"]
    first, second = bench.json("payments")[0], bench.json("payments")[0]
    _pay(world, keys[0], D("-1.00"))
    third = bench.json("payments")[0]

    assert [(each["invoiceId"], each["amount"]) for each in first["payments"]] == sorted(
        [(keys[0], "1.00"), (keys[1], f"{gross[keys[1]] + 5:.2f}")]
    )
    assert dry == first["payments"]
    assert second["payments"] == []
    assert [(each["invoiceId"], each["amount"]) for each in third["payments"]] == [(keys[0], "-1.00")]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["payments-main-000001.csv", "payments-main-000002.csv"]


def test_a_foreign_payment_tells_its_rate(tmp_path: Path) -> None:
    """Per 100 units, as the ledger's base amount says."""
    world = reconciled(93, size=8)
    bench = _bench(world, tmp_path)
    key = next(key for key, each in world.invoices.items() if each.currency == "EUR" and each.gross > 1)
    _pay(world, key, D("1.00"))
    [payment] = bench.json("payments")[0]["payments"]

    assert (payment["currency"], payment["exchangeRate"]) == ("EUR", "746.000000")  # 7.46 DKK for 1.00, to the øre


def test_an_invoice_that_stands_with_another_amount_is_not_told(tmp_path: Path) -> None:
    """A payment of somebody else's invoice under our number would be reported to the wrong customer."""
    world = reconciled(94, size=2)
    bench = _bench(world, tmp_path)
    key = next(iter(world.invoices))
    owing = open_entry(world.agreement, world.invoices[key].invoice_number)
    _pay(world, key, D("1.00"))
    owing["amount"] += 1

    assert bench.run("payments") == 1
    assert key in bench.shown
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_not_handed_over_goes_first(tmp_path: Path) -> None:
    """Killed between keeping and writing it: the next run hands both over, in order."""
    world = reconciled(95, size=2)
    bench = _bench(world, tmp_path / "later")
    key = next(key for key, each in world.invoices.items() if each.gross > 2)
    _pay(world, key, D("1.00"))
    failed = bench.run("payments")
    _pay(world, key, D("0.50"))
    (tmp_path / "later").mkdir()
    done = bench.run("payments")

    assert (failed, done) == (3, 0)
    assert sorted(file.name for file in (tmp_path / "later").iterdir()) == [
        "payments-main-000001.csv",
        "payments-main-000002.csv",
    ]


def test_an_export_that_says_nowhere_is_refused() -> None:
    """Exit code 2 with the settings to make; a dry run is possible all the same."""
    bench = ReconcilingBench(reconciled(96, size=1))

    assert bench.run("payments") == 2
    assert "payments.folder" in bench.stderr.getvalue()
    assert bench.run("payments", "--dry-run") == 0


def test_a_credit_note_settles_without_a_payment(tmp_path: Path) -> None:
    """Matched with the invoice that it names: reported to nobody, as Opter made both."""
    world = reconciled(97, size=1)
    bench = _bench(world, tmp_path)
    known = customer(ledger_number=1001, corporate_id=None)
    credit = invoice(
        line("-40.00", account="3012", rate="0.00"),
        invoice_number=800_001,
        credits_invoice_number=800_000,
        customer=known,
    )
    original = invoice(line("100.00", account="3012", rate="0.00"), invoice_number=800_000, customer=known)
    world.harness.close_period(original, credit, event="/opter/acme/1#e2", number=882)
    world.harness.until_rest()
    owing, owed = open_entry(world.agreement, 800_000), open_entry(world.agreement, 800_001)
    owing["remainder"], owed["remainder"] = owing["remainder"] - 40, D("0.00")

    assert bench.json("payments")[0]["payments"] == []
    assert bench.json("payments", "--dry-run")[0]["payments"] == []
