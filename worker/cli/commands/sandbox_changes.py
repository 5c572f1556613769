"""Commands of ``sandbox`` that change what a running one holds, or have it fail for a while."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import typer

from config.errors import ConfigurationErrors
from config.targets import at_economic
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.language import say
from worker.local.sandbox_control import SandboxControl, SandboxRefused, SandboxUnreachable
from worker.sandbox.seed import standard_agreement
from worker.sandbox.server import DEFAULT_PORT

group = typer.Typer(help="Add or remove a product group.", no_args_is_help=True)
period = typer.Typer(help="Close or open a month of an accounting year.", no_args_is_help=True)
customer = typer.Typer(help="Bar a customer, or let it be invoiced again.", no_args_is_help=True)
token = typer.Typer(help="Revoke the agreement grant token, or restore it.", no_args_is_help=True)

At = Annotated[
    str,
    typer.Option(
        "--at", metavar="URL", help="Address of the sandbox.", show_default="that of the exports file, else port 8765"
    ),
]
Agreement = Annotated[int, typer.Option("--agreement", metavar="NUMBER", help="Number of the agreement.")]
Group = Annotated[str, typer.Argument(metavar="NAME", help="Its name: Opter's sales account.")]
Account = Annotated[int, typer.Option("--account", metavar="NUMBER", help="Its sales account, for every VAT zone.")]
Month = Annotated[str, typer.Argument(metavar="MONTH", help="Year and month, for example 2026-11.")]
CustomerNumber = Annotated[int, typer.Argument(metavar="NUMBER", help="The customer number in e-conomic.")]
InvoiceNumber = Annotated[int, typer.Argument(metavar="INVOICE", help="Number of a booked invoice.")]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="What is paid, in the invoice's currency.")]
Failing: TypeAlias = Literal["503", "500", "429", "slow", "cut"]
What = Annotated[
    Failing,
    typer.Argument(help="Answer this status; slow: answer late; cut: close the connection without an answer."),
]
For = Annotated[float, typer.Option("--for", metavar="SECONDS", min=0.1, help="How long it goes on.")]
Late = Annotated[float, typer.Option("--late", metavar="SECONDS", min=0, help="How late `slow` answers.")]
Only = Annotated[
    str, typer.Option("--only", metavar="ROUTE", help="Only such calls, for example 'POST /invoices/booked'.")
]

_STANDARD = standard_agreement().number
_ZONES = 4
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@group.command("add")
def add_group(
    ctx: typer.Context, name: Group, account: Account = 3010, at: At = "", agreement: Agreement = _STANDARD
) -> None:
    """Add a product group with a sales account, the remedy of `product-group-missing`."""
    with _Sandbox(ctx.obj, at, agreement) as control:
        if str(account) not in control.state()["accounts"]:
            raise WrongUsage(
                say("The sandbox has no account {account}.", account=account),
                say("Name one that it has, for example 3010."),
            )
        number = control.add_product_group(name, (account,) * _ZONES)
        _say(
            ctx,
            say(
                "Product group {number} {name} is there, with account {account}.",
                number=number,
                name=repr(name),
                account=account,
            ),
        )


@group.command("remove")
def remove_group(ctx: typer.Context, name: Group, at: At = "", agreement: Agreement = _STANDARD) -> None:
    """Remove a product group."""
    with _Sandbox(ctx.obj, at, agreement) as control:
        groups = control.state()["product_groups"]
        found = [number for number, each in groups.items() if name in {number, each["name"]}]
        if not found:
            raise WrongUsage(
                say("The sandbox has no product group {name}.", name=repr(name)),
                say("It has: {named}.", named=_named(groups)),
            )
        for number in found:
            control.remove("product_groups", number)
        _say(ctx, say("Product group {name} is gone.", name=repr(name)))


@period.command("close")
def close_period(ctx: typer.Context, month: Month, at: At = "", agreement: Agreement = _STANDARD) -> None:
    """Close a month: nothing dated in it can be booked."""
    _set_period(ctx, month, at, agreement, closed=True)


@period.command("open")
def open_period(ctx: typer.Context, month: Month, at: At = "", agreement: Agreement = _STANDARD) -> None:
    """Open a month again."""
    _set_period(ctx, month, at, agreement, closed=False)


@customer.command("bar")
def bar_customer(ctx: typer.Context, number: CustomerNumber, at: At = "", agreement: Agreement = _STANDARD) -> None:
    """Bar a customer: nothing can be invoiced to it."""
    _set_customer(ctx, number, at, agreement, barred=True)


@customer.command("unbar")
def unbar_customer(ctx: typer.Context, number: CustomerNumber, at: At = "", agreement: Agreement = _STANDARD) -> None:
    """Let a customer be invoiced again."""
    _set_customer(ctx, number, at, agreement, barred=False)


@token.command("revoke")
def revoke_token(ctx: typer.Context, at: At = "", agreement: Agreement = _STANDARD) -> None:
    """Answer every call with 401, as after the app was removed from the agreement."""
    with _Sandbox(ctx.obj, at, agreement) as control:
        control.change(revoked=True)
        _say(ctx, say("The grant of agreement {agreement} is revoked.", agreement=agreement))


@token.command("restore")
def restore_token(ctx: typer.Context, at: At = "", agreement: Agreement = _STANDARD) -> None:
    """Take the token again; `opter-economic export resume` lets the export go on."""
    with _Sandbox(ctx.obj, at, agreement) as control:
        control.change(revoked=False)
        _say(
            ctx,
            say(
                "The grant of agreement {agreement} holds again. Next: opter-economic export resume NAME",
                agreement=agreement,
            ),
        )


def faults(  # noqa: PLR0913  # every option of the command
    ctx: typer.Context,
    what: What,
    *,
    seconds: For = 60.0,
    late: Late = 8.0,
    only: Only = "*",
    at: At = "",
    agreement: Agreement = _STANDARD,
) -> None:
    """Have every call fail for a while: 503, 500, 429, slow, cut."""
    fault = {"route": only, "times": None, "lasts": seconds, "agreement": agreement} | _fault(what, late)
    with _Sandbox(ctx.obj, at, agreement) as control:
        control.state()  # an agreement that is not there is no success
        control.call("POST", "faults", fault)
        _say(
            ctx,
            say(
                "For {seconds} s: {what}. `opter-economic sandbox fixed` ends it at once.",
                seconds=f"{seconds:g}",
                what=what,
            ),
        )


def _fault(what: Failing, late: float) -> dict[str, Any]:
    """Return how a call fails, as the control path takes it."""
    if what == "slow":
        return {"action": "delay", "delay": late}
    if what == "cut":
        return {"action": "drop"}
    return {"status": int(what)} | ({"retry_after": 2} if what == "429" else {})


def fixed(ctx: typer.Context, at: At = "") -> None:
    """End everything that `fail` has begun."""
    with _Sandbox(ctx.obj, at, _STANDARD) as control:
        control.call("DELETE", "faults")
        _say(ctx, say("The sandbox answers as it should again."))


def paid(
    ctx: typer.Context, invoice: InvoiceNumber, amount: Amount, at: At = "", agreement: Agreement = _STANDARD
) -> None:
    """Enter a payment of a booked invoice, for `payments` to find."""
    with _Sandbox(ctx.obj, at, agreement) as control:
        control.call("POST", f"agreements/{agreement}/payments", {"invoice": invoice, "amount": amount})
        _say(ctx, say("{amount} is paid on invoice {invoice}.", amount=amount, invoice=invoice))


class _Sandbox:
    """The sandbox that is meant, and its errors as usage errors; never e-conomic itself."""

    def __init__(self, context: CommandContext, at: str, agreement: int) -> None:
        self._control = SandboxControl(at or _address(context), agreement)

    def __enter__(self) -> SandboxControl:
        return self._control

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, SandboxUnreachable):
            next_step = say("Start it with `opter-economic sandbox`, or name it with --at.")
            raise WrongUsage(str(error), next_step, code=ExitCode.UNREACHABLE) from None
        if isinstance(error, SandboxRefused):
            raise WrongUsage(str(error), say("See `opter-economic sandbox -h`.")) from None


def _address(context: CommandContext) -> str:
    """Return where the exports go that do not go to e-conomic. Raises ``WrongUsage`` when that is several places."""
    try:
        if at_economic(context.exports):
            text = say(
                "Exports of this environment go to e-conomic itself, where nothing is changed by these commands."
            )
            raise WrongUsage(text, say("Name the sandbox that is meant with --at."))
    except ConfigurationErrors:
        pass
    found = sorted(set(context.non_production_targets().values()))
    if len(found) > 1:
        raise WrongUsage(
            say("The exports go to several places: {names}.", names=", ".join(found)), say("Name one with --at.")
        )
    return found[0] if found else f"http://127.0.0.1:{DEFAULT_PORT}"


def _set_period(ctx: typer.Context, month: str, at: str, agreement: int, *, closed: bool) -> None:
    parts = _MONTH.fullmatch(month)
    if parts is None:
        raise WrongUsage(
            say("{month} is no month.", month=repr(month)), say("Write year and month, for example 2026-11.")
        )
    with _Sandbox(ctx.obj, at, agreement) as control:
        control.set_period(parts[1], int(parts[2]), closed=closed)
        text = say("{month} is closed.", month=month) if closed else say("{month} is open.", month=month)
        _say(ctx, text)


def _set_customer(ctx: typer.Context, number: int, at: str, agreement: int, *, barred: bool) -> None:
    with _Sandbox(ctx.obj, at, agreement) as control:
        known = control.state()["customers"]
        if str(number) not in known:
            raise WrongUsage(
                say("The sandbox has no customer {number}.", number=number),
                say("It has {min} to {max}.", min=min(known), max=max(known)),
            )
        control.put("customers", str(number), {"barred": barred})
        text = (
            say("Customer {number} is barred.", number=number)
            if barred
            else say("Customer {number} is open.", number=number)
        )
        _say(ctx, text)


def _named(groups: Mapping[str, Any]) -> str:
    return ", ".join(f"{number} {each['name']!r}" for number, each in groups.items())


def _say(ctx: typer.Context, text: str) -> None:
    context: CommandContext = ctx.obj
    context.out.print(text)
