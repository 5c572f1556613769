"""``notify``: the channels by which people are told, a test message on each, and what waits in one discarded."""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from config.notify_section import ChannelSetup, channels_of
from config.settings import SECRETS, variable
from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import count, iso, moment, page, print_json, table
from worker.cli.language import say
from worker.cli.lookup import AsJson, By
from worker.domain.action_log import Act
from worker.domain.notices import ChannelState

notify = typer.Typer(
    help="Show the channels by which people are told, and how they are; `test` sends a message on each.",
    invoke_without_command=True,
)

#: Digits of a test message's id.
_DIGITS = 6
OnlyChannel = Annotated[
    str | None, typer.Option("--channel", metavar="NAME", help="Only this one, as `notify` shows it.")
]
ChannelName = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its name, as `notify` shows it.")]
Why = Annotated[str, typer.Option("--why", help="Why nobody needs to be told of what waits there.")]


@notify.callback()
def notify_default(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show every channel: what waits, what was sent, what fails and why. Exit code 1 when one fails."""
    if ctx.invoked_subcommand is not None:
        return
    context: CommandContext = ctx.obj
    channels = _channels(context)
    with context.store() as store:
        states = store.channel_states([channel.id for channel in channels])
    if as_json:
        print_json(context.out, [_data(state) for state in states])
    elif states:
        context.out.print(_view(states, {channel.id for channel in channels}))
    else:
        context.out.print(page(Text(say("Nobody is told of anything: there is no channel."), style="wait"), _how()))
    raise typer.Exit(ExitCode.PERSON if any(state.failures for state in states) else ExitCode.OK)


@notify.command("test")
def notify_test(ctx: typer.Context, channel: OnlyChannel = None) -> None:
    """Send a test message on every channel, and say what became of it. Exit code 1 when one was not accepted.

    It needs neither Redis nor a worker, and changes nothing of what waits.
    """
    # Slow to load: apprise, and the words in both languages.
    from worker.notify.channels import send  # noqa: PLC0415  # as above
    from worker.notify.courier import hand_over  # noqa: PLC0415  # as above
    from worker.notify.delivery import Letter, Outcome  # noqa: PLC0415  # as above
    from worker.notify.words import test_text  # noqa: PLC0415  # as above
    from worker.runtime.notifying import tone_of  # noqa: PLC0415  # as above
    from worker.web.language import translations  # noqa: PLC0415  # as above

    context: CommandContext = ctx.obj
    failed = False
    for each in _chosen(context, channel):
        text = test_text(tone_of(context.settings, translations, each), each.id)
        letter = Letter(id=f"test-{secrets.token_hex(_DIGITS)}", subject=text.subject, body=text.body)
        delivery = hand_over(each, lambda letter=letter, **_: letter, send=send, secrets=SECRETS)
        accepted = delivery.outcome is Outcome.ACCEPTED
        failed = failed or not accepted
        said = Text(say("accepted, as {id}", id=letter.id)) if accepted else Text(f"{delivery.outcome}: {delivery.why}")
        mark, style = ("✓", "good") if accepted else ("✗", "bad")
        context.out.print(Text.assemble((f"{mark} ", style), (each.id, "strong"), ": ", said), soft_wrap=True)
    raise typer.Exit(ExitCode.PERSON if failed else ExitCode.OK)


@notify.command("discard")
def notify_discard(ctx: typer.Context, channel: ChannelName, *, why: Why, by: By) -> None:
    """Forget what waits in a channel, for example in one that is no more. It stands in the log of actions."""
    context: CommandContext = ctx.obj
    known = {each.id for each in _channels(context)}
    with context.store() as store:
        states = {state.channel: state for state in store.channel_states(sorted(known))}
        if channel not in states:
            raise WrongUsage(
                say("There is no channel {name}.", name=repr(channel)),
                say("There are: {names}.", names=", ".join(states) or say("none")),
            )
        store.log_action(who=by, what=Act.DISCARD_MESSAGES, why=why, of=[channel])
        number = store.discard_notices(channel)
    context.out.print(
        say("{notices} of channel {channel} discarded.", notices=count(number, "notice"), channel=channel)
    )


def _channels(context: CommandContext) -> list[ChannelSetup]:
    return list(channels_of(context.settings, context.exports))


def _chosen(context: CommandContext, name: str | None) -> Sequence[ChannelSetup]:
    channels = _channels(context)
    chosen = [channel for channel in channels if name in (None, channel.id)]
    if not channels:
        raise WrongUsage(say("There is no channel."), _how().plain)
    if not chosen:
        raise WrongUsage(
            say("There is no channel {name}.", name=repr(name)),
            say("There are: {names}.", names=", ".join(each.id for each in channels)),
        )
    return chosen


def _how() -> Text:
    setting = variable("notify", "url")
    return Text(
        say(
            "Set {setting}, or give an export a channel: [exports.NAME.channels.CHANNEL] in the exports file.",
            setting=setting,
        )
    )


def _view(states: Sequence[ChannelState], known: set[str]) -> RenderableType:
    rows = table(
        say("Channel"),
        say("State"),
        say("Waiting"),
        say("Sent"),
        say("Last"),
        numbers=(say("Waiting"), say("Sent")),
        keys=(say("Channel"),),
    )
    for state in states:
        rows.add_row(
            state.channel,
            _state(state, named=state.channel in known),
            str(state.waiting),
            str(state.sent),
            moment(state.last_sent) if state.last_sent else "",
        )
    return rows


def _state(state: ChannelState, *, named: bool) -> Text:
    if not named:
        return Text(say("in no configuration any more: name it again, or `notify discard` what waits"), style="bad")
    if not state.failures:
        return Text(say("waiting for its time") if state.waiting else say("well"), style="good")
    since = moment(state.failing_since)
    again = say(", again at {moment}", moment=moment(state.next_at)) if state.next_at else ""
    return Text(say("failing since {since}: {error}{again}", since=since, error=state.error, again=again), style="bad")


def _data(state: ChannelState) -> dict[str, Any]:
    return {
        "channel": state.channel,
        "waiting": state.waiting,
        "waitingSince": _time(state.oldest),
        "failures": state.failures,
        "failingSince": _time(state.failing_since),
        "error": state.error or None,
        "nextAttempt": _time(state.next_at),
        "sent": state.sent,
        "lastSent": _time(state.last_sent),
    }


def _time(at: float) -> str | None:
    return iso(at) if at else None
