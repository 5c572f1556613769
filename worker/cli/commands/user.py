"""``user``: the people who sign in to the page with a password, and their roles."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from config.errors import ConfigurationErrors
from config.settings import variable
from worker.cli.context import CommandContext
from worker.cli.error_output import WrongUsage
from worker.cli.formatting import count, print_json, table
from worker.cli.language import say
from worker.cli.lookup import AsJson, By
from worker.domain.access import EVERY, Role
from worker.domain.action_log import Act
from worker.errors import StoreUnavailable
from worker.web.users import (
    LONGEST,
    SHORTEST,
    User,
    UsersFileError,
    changing,
    hashed,
    hasher,
    is_name,
    known_as,
    read_users,
)

user = typer.Typer(help="Look after the people who sign in to the page with a password.", no_args_is_help=True)

UserName = Annotated[str, typer.Argument(metavar="NAME", help="As the person signs in, and as the history names them.")]
RoleOption = Annotated[Role, typer.Option("--role", help="What the person may do.")]
Exports = Annotated[
    list[str] | None,
    typer.Option("--export", metavar="NAME", help="For this export only; repeat it for several.", show_default="all"),
]
NoPassword = Annotated[
    bool, typer.Option("--no-password", help="The person signs in at a proxy before the page, never with a password.")
]


@user.command("add")
def user_add(  # noqa: PLR0913  # one parameter for each option of the command
    ctx: typer.Context,
    name: UserName,
    role: RoleOption,
    exports: Exports = None,
    *,
    no_password: NoPassword = False,
    by: By,
) -> None:
    """Let a person sign in. The password is asked for, or read from standard input; the page needs no restart."""
    context: CommandContext = ctx.obj
    if not is_name(name):
        raise WrongUsage(
            say("Nobody can be called {name}.", name=repr(name)),
            say("Letters, digits, and . @ + - _ within, at most 60."),
        )
    roles = _roles(context, role, exports)
    _require(context, name, known=False)
    password = "" if no_password else hashed(_password(name), hasher())
    with _changing(context) as users:
        users[known_as(name)] = _signed(context, User(name=name, roles=roles, password=password), by)
    _log(context, Act.ADD_USER, name, by=by, why=_kept(roles))
    context.out.print(Text.assemble((name, "strong"), say(" may sign in: {words}.", words=_words(roles))))


@user.command("role")
def user_role(ctx: typer.Context, name: UserName, role: RoleOption, exports: Exports = None, *, by: By) -> None:
    """Give a person another role, for all exports or, beside the roles there are, for some. Sessions of theirs end."""
    context: CommandContext = ctx.obj
    added = _roles(context, role, exports)
    with _changing(context) as users:
        found = _find(users, name)
        roles = {**found.roles, **added} if exports else added
        users[known_as(name)] = _signed(context, replace(found, roles=roles), by)
    _log(context, Act.CHANGE_ROLE, found.name, by=by, why=_kept(roles))
    context.out.print(Text.assemble((found.name, "strong"), say(" has now: {words}.", words=_words(roles))))


@user.command("password")
def user_password(ctx: typer.Context, name: UserName, *, by: By) -> None:
    """Give a person another password. It is asked for, or read from standard input. Sessions of theirs end."""
    context: CommandContext = ctx.obj
    _require(context, name, known=True)
    password = hashed(_password(name), hasher())
    with _changing(context) as users:
        found = _find(users, name)
        users[known_as(name)] = _signed(context, replace(found, password=password), by)
    _log(context, Act.CHANGE_PASSWORD, found.name, by=by)
    context.out.print(Text.assemble((found.name, "strong"), say(" has another password; sessions of theirs are over.")))


@user.command("remove")
def user_remove(ctx: typer.Context, name: UserName, *, by: By) -> None:
    """Let a person sign in no longer. Sessions of theirs end at once; their name stays in the histories."""
    context: CommandContext = ctx.obj
    with _changing(context) as users:
        found = users.pop(known_as(_find(users, name).name))
    _log(context, Act.REMOVE_USER, found.name, by=by)
    context.out.print(Text.assemble((found.name, "strong"), say(" cannot sign in any more.")))


@user.command("list")
def user_list(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the people of the users file with their roles."""
    context: CommandContext = ctx.obj
    users = sorted(_read(context).values(), key=lambda each: known_as(each.name))
    if as_json:
        print_json(context.out, [_data(each) for each in users])
        return
    context.out.print(
        _view(users)
        if users
        else say("There is nobody in {users_file}.", users_file=context.settings.sign_in.users_file)
    )


def _password(name: str) -> str:
    """Ask for a password, twice; without a terminal read one line. Raises ``WrongUsage``."""
    if sys.stdin.isatty():
        password = typer.prompt(
            say("Password of {name}", name=name), hide_input=True, confirmation_prompt=True, err=True
        )
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongUsage(
            say("The password has {characters}; nothing was changed.", characters=count(len(password), "character")),
            say(
                "Between {shortest} and {longest}: a few words are easy to remember and hard to guess.",
                shortest=SHORTEST,
                longest=LONGEST,
            ),
        )
    if known_as(name) in known_as(password):
        raise WrongUsage(
            say("The password holds the name; nothing was changed."), say("Choose one that nobody guesses.")
        )
    return str(password)


def _roles(context: CommandContext, role: Role, exports: Sequence[str] | None) -> Mapping[str, Role]:
    """Return export -> role. Raises ``WrongUsage`` for an export that is not there, where that can be told."""
    for name in exports or ():
        try:
            context.export(name)
        except ConfigurationErrors:
            context.err.print(
                Text(say("The exports file cannot be used, so that names were not compared with it."), "wait")
            )
            break
    return dict.fromkeys(exports or (EVERY,), role)


def _require(context: CommandContext, name: str, *, known: bool) -> None:
    """Refuse before a password is asked for. Raises ``WrongUsage``."""
    users = _read(context)
    if known:
        _find(users, name)
    elif known_as(name) in users:
        advice = say(
            "`opter-economic user role {name} --role ...` gives another role, `user password {name}` a password.",
            name=name,
        )
        raise WrongUsage(say("There is a user {name} already.", name=users[known_as(name)].name), advice)


def _find(users: Mapping[str, User], name: str) -> User:
    if known_as(name) not in users:
        known = ", ".join(sorted(each.name for each in users.values())) or "nobody"
        raise WrongUsage(say("There is no user {name}.", name=repr(name)), say("There is: {known}.", known=known))
    return users[known_as(name)]


def _signed(context: CommandContext, changed: User, by: str) -> User:
    at = datetime.fromtimestamp(context.clock(), UTC).isoformat(timespec="seconds")
    return replace(changed, changed_by=by, changed_at=at)


def _read(context: CommandContext) -> Mapping[str, User]:
    path = context.settings.sign_in.users_file
    try:
        return read_users(path)
    except UsersFileError as error:
        raise _unusable(path, str(error)) from None


@contextmanager
def _changing(context: CommandContext) -> Iterator[dict[str, User]]:
    """Yield the users to be changed. Raises ``WrongUsage`` when the file cannot be used or written."""
    path = context.settings.sign_in.users_file
    try:
        with changing(path) as users:
            yield users
    except UsersFileError as error:
        raise _unusable(path, str(error)) from None
    except OSError as error:
        raise _unusable(path, say("It cannot be written: {strerror}.", strerror=error.strerror)) from None


def _unusable(path: Path, why: str) -> WrongUsage:
    advice = say(
        "Make it this account's own (chmod 600), or name another by {variable}.",
        variable=variable("sign_in", "users_file"),
    )
    return WrongUsage(
        say("{path} cannot be used as the users file; nothing was changed. {why}", path=path, why=why), advice
    )


def _log(context: CommandContext, what: Act, name: str, *, by: str, why: str = "") -> None:
    """Log what was done. The file counts: it stays changed while the store is away, as before the first start."""
    try:
        with context.store() as store:
            store.log_action(who=by, what=what, why=f"{name}: {why}" if why else name)
    except StoreUnavailable:
        text = say("The store does not answer: this stands in the users file, and not in the log of actions.")
        context.err.print(Text(text, "wait"))


def _kept(roles: Mapping[str, Role]) -> str:
    """Return roles as the log of actions keeps them, whatever the language of who gave them."""
    return ", ".join(f"{role.value} of {'every export' if name == EVERY else name}" for name, role in roles.items())


def _words(roles: Mapping[str, Role]) -> str:
    return ", ".join(
        say("{role} of every export", role=role.value)
        if name == EVERY
        else say("{role} of {export}", role=role.value, export=name)
        for name, role in roles.items()
    )


def _data(each: User) -> Mapping[str, object]:
    return {
        "name": each.name,
        "roles": dict(each.roles),
        "password": bool(each.password),
        "changedBy": each.changed_by,
        "changedAt": each.changed_at,
    }


def _view(users: Sequence[User]) -> RenderableType:
    rows = table(say("Name"), say("Roles"), say("Signs in"), say("Changed"))
    for each in users:
        how = say("with a password") if each.password else say("at the proxy")
        rows.add_row(
            each.name, _words(each.roles), how, say("{when} by {who}", when=each.changed_at, who=each.changed_by)
        )
    return rows
