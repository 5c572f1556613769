"""Whom messages about the exports go to: the section of the settings, and the channels of an export."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, SecretStr, StringConstraints

from config.names import NOTICE_KINDS
from config.settings_sections import Names, Seconds, Section, about

if TYPE_CHECKING:
    from config.exports import ExportConfig
    from config.settings import Settings

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_KINDS = ", ".join(f"`{kind}`" for kind in NOTICE_KINDS)


def _kinds(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for value in values or ():
        if value not in NOTICE_KINDS:
            raise ValueError(f"{value!r} is no kind of message; there are: {', '.join(NOTICE_KINDS)}")
    return values


def _quiet(value: str | None) -> str | None:
    if value and (not _QUIET.fullmatch(value) or len(set(value.split("-"))) == 1):
        raise ValueError(f"{value!r} is not written as from and to, such as 20:00-07:00")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{value!r} is no time zone, such as Europe/Copenhagen") from None
    return value


def _url(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _SCHEME.fullmatch(value.get_secret_value().strip()):
        raise ValueError("the address is not written SCHEME://..., without spaces, as apprise reads it")
    return value


Language = Literal["da", "en"]
Kinds = Annotated[Names, AfterValidator(_kinds)]
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,19}$")]


class Notify(Section):
    """Messages to people: the channel of the whole installation, and what those of the exports share."""

    url: Annotated[
        SecretStr,
        AfterValidator(_url),
        about(
            "Where messages about all exports go, as apprise writes it: `mailtos://`, `msteams://`, `slack://`, `jsons://`"
            " (a webhook) and others, or `log://`; none: only exports with `channels` of their own send any"
        ),
    ] = SecretStr("")
    language: Annotated[Language, about("Language of the messages")] = "da"
    kinds: Annotated[Kinds, about(f"What is sent: {_KINDS}; none: all of them")] = ()
    quiet_hours: Annotated[
        str,
        AfterValidator(_quiet),
        about("From and to, such as `20:00-07:00`: what is not urgent waits until then; none: no quiet hours"),
    ] = ""
    urgent: Annotated[Kinds, about("What is sent in quiet hours, too")] = ("paused", "no-worker", "no-intake")
    time_zone: Annotated[str, AfterValidator(_zone), about("Time zone of quiet hours and of the times in messages")] = (
        "Europe/Copenhagen"
    )
    look_seconds: Annotated[Seconds, about("Seconds between two looks at what there is to tell", le=3600)] = 15.0
    gather_seconds: Annotated[
        float, about("Seconds for which new causes gather before they are told, in one message", ge=0, le=3600)
    ] = 60.0
    wait_minutes: Annotated[
        float,
        about("Minutes that a period's message waits for its certificate, and a gap in a series for its invoice", ge=0),
    ] = 30.0
    longest_pause: Annotated[
        Seconds, about("Upper bound of the seconds between two attempts at a channel that fails; they double from 15")
    ] = 3600.0


class Channel(Section):
    """A channel of messages about this export alone; what is left out is as in the settings."""

    url_env: Annotated[
        str | None, about("Environment variable with the channel's address, as apprise writes it", "NOTIFY_MAIN")
    ] = None
    url_file: Annotated[
        str | None,
        about("File with the address instead, in `/run/secrets` unless its path is absolute", "notify_main"),
    ] = None
    language: Annotated[Language | None, about("Language of the messages", "en")] = None
    kinds: Annotated[
        Annotated[tuple[str, ...] | None, AfterValidator(_kinds)],
        about("What is sent here, as in the settings", ("period-done", "to-fix")),
    ] = None
    quiet_hours: Annotated[
        Annotated[str | None, AfterValidator(_quiet)],
        about("Quiet hours of this channel; an empty text: none", "18:00-07:30"),
    ] = None
    urgent: Annotated[
        Annotated[tuple[str, ...] | None, AfterValidator(_kinds)],
        about("What is sent in quiet hours, too", ("paused",)),
    ] = None
    customer_values: Annotated[
        bool,
        about("Whether a cause that lies with a customer is named with its value, such as the customer's number", True),
    ] = False


#: By name.
Channels = dict[ChannelName, Channel]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelSetup:
    """A channel as it is used."""

    #: ``installation``, or ``EXPORT:NAME``.
    id: str
    #: The export that it is about; empty: all of them.
    export: str
    #: Where its address stands: a variable, or a file; both empty: in ``url``.
    url: SecretStr
    url_env: str
    url_file: str
    language: str
    kinds: frozenset[str]
    #: Empty: none.
    quiet_hours: str
    urgent: frozenset[str]
    customer_values: bool


class ChannelUnreadable(Exception):
    """A channel's address that cannot be read; the text says why and what to do, never the address."""


def channels_of(settings: "Settings", exports: "Mapping[str, ExportConfig]") -> Iterator[ChannelSetup]:
    """Yield every channel: that of the installation, then those of the exports."""
    shared = settings.notify
    if shared.url.get_secret_value():
        yield _setup(shared, "installation", "", Channel())
    for name, export in sorted(exports.items()):
        for channel, own in export.channels.items():
            yield _setup(shared, f"{name}:{channel}", name, own)


def _setup(shared: Notify, channel: str, export: str, own: Channel) -> ChannelSetup:
    kinds = shared.kinds if own.kinds is None else own.kinds
    return ChannelSetup(
        id=channel,
        export=export,
        url=SecretStr("") if export else shared.url,
        url_env=own.url_env or "",
        url_file=own.url_file or "",
        language=own.language or shared.language,
        kinds=frozenset(kinds or NOTICE_KINDS),
        quiet_hours=shared.quiet_hours if own.quiet_hours is None else own.quiet_hours,
        urgent=frozenset(shared.urgent if own.urgent is None else own.urgent),
        customer_values=own.customer_values,
    )


def address_of(channel: ChannelSetup, secrets: Path) -> str:
    """Return a channel's address, read anew so that it can be replaced. Raises ``ChannelUnreadable``."""
    if channel.url_env:
        address, where = os.environ.get(channel.url_env, ""), f"environment variable {channel.url_env}"
    elif channel.url_file:
        where = f"file {secrets / channel.url_file}"
        try:
            address = (secrets / channel.url_file).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ChannelUnreadable(
                f"{where} cannot be read ({type(error).__name__}). Put the address there."
            ) from None
    else:
        address, where = channel.url.get_secret_value(), "the setting"
    if not _SCHEME.fullmatch(address.strip()):
        raise ChannelUnreadable(f"{where} holds no address. Put one there, as apprise writes it: SCHEME://...")
    return address.strip()


def channel_errors(export: "ExportConfig") -> Iterator[tuple[str, str, str]]:
    """Yield (key, problem, next step) of channels without an address, or with two."""
    for name, channel in export.channels.items():
        if bool(channel.url_env) == bool(channel.url_file):
            count = "has no address" if not channel.url_env else "has two addresses"
            yield f"channels.{name}", f"{count}.", "Give either url_env (a variable) or url_file (a file)."


def quiet_bounds(hours: str) -> tuple[int, int] | None:
    """Return from and to in minutes of the day; None for no quiet hours."""
    found = _QUIET.fullmatch(hours)
    if not found:
        return None
    start, minute, end, last = map(int, found.groups())
    return start * 60 + minute, end * 60 + last
