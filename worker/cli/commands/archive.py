"""``archive``: completed periods where nobody can change them unseen, for as long as the law asks."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from worker.cli.context import CommandContext
from worker.cli.error_output import ExitCode, WrongUsage
from worker.cli.formatting import count, data_of, facts, moment, page, print_json, section, table
from worker.cli.language import say
from worker.cli.lookup import AsJson
from worker.cli.views.archive import status_data, status_facts
from worker.domain.archive import EntryKind, KeptEntry

archive = typer.Typer(
    help="Look after the archive: completed periods under a Merkle tree, out of Redis.", no_args_is_help=True
)

_KINDS = {EntryKind.INVOICE, EntryKind.PERIOD, EntryKind.CERTIFICATE, EntryKind.EVENT}

Which = Annotated[
    str, typer.Argument(metavar="ID|PLACE", help="An invoice, period, certificate or event; or a place in the log.")
]
Checkpoints = Annotated[
    list[Path] | None,
    typer.Option("--checkpoints", metavar="FILE", help="Checkpoints kept elsewhere, besides the installation's own."),
]
StoreName = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="NAME",
        help="The archive of this store of the exports file.",
        show_default="that of the default store",
    ),
]
File = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to write; it must not exist.")]


@archive.command("run")
def archive_run(ctx: typer.Context, *, store: StoreName = "", as_json: AsJson = False) -> None:
    """Look at every period now: write short what is completed, move what is old enough. Workers do it by themselves."""
    context: CommandContext = ctx.obj
    done: dict[str, Any] = {"looked": 0, "archivedPeriods": 0, "archivedInvoices": 0, "shortened": 0}
    with context.keeper(store) as (keeper, live):
        before = keeper.check()
        for period in live.periods():
            done["looked"] += 1
            moved = True
            while moved:  # a large period in several turns
                turn = keeper.mover.turn(period.id)
                done["archivedPeriods"] += turn.whole
                done["archivedInvoices"] += turn.archived
                done["shortened"] += turn.shortened
                moved = bool(turn.archived) and not turn.whole and (turn.again or 0) <= keeper.clock()
        done["actions"], done["deleted"] = keeper.mover.actions(), keeper.delete()
        checkpoint = keeper.keep_checkpoint(before)
    done["checkpoint"] = data_of(checkpoint) if checkpoint else None
    if as_json:
        print_json(context.out, done)
        return
    rows = [
        (say("Periods looked at"), str(done["looked"])),
        (say("Archived"), f"{count(done['archivedPeriods'], 'period')}, {count(done['archivedInvoices'], 'invoice')}"),
        (say("Written short"), count(done["shortened"], "invoice")),
        (say("Texts deleted"), str(done["deleted"])),
    ]
    context.out.print(facts([(name, Text(value)) for name, value in rows]))


@archive.command("status")
def archive_status(ctx: typer.Context, *, store: StoreName = "", as_json: AsJson = False) -> None:
    """Show where the archive is, what is in it, its last checkpoint, and what is to move next."""
    context: CommandContext = ctx.obj
    with context.keeper(store) as (keeper, live):
        keeper.check()
        data = status_data(context.of_store(store), keeper, live.periods())
    if as_json:
        print_json(context.out, data)
    else:
        context.out.print(page(facts(status_facts(data))))


@archive.command("verify")
def archive_verify(
    ctx: typer.Context, checkpoints: Checkpoints = None, *, store: StoreName = "", as_json: AsJson = False
) -> None:
    """Read the whole archive and verify every text, hash and checkpoint. Exit code 1 when anything was changed."""
    from worker.archive.checkpoints import CheckpointFile  # noqa: PLC0415  # only this command verifies
    from worker.archive.verify import verify  # noqa: PLC0415  # the same reason

    context: CommandContext = ctx.obj
    missing = [file for file in checkpoints or () if not file.exists()]
    if missing:
        raise WrongUsage(
            say("There is no file {names}.", names=missing[0]), say("Name files of checkpoints, one a line.")
        )
    with context.keeper(store) as (keeper, _):
        files = [keeper.checkpoints, *map(CheckpointFile, checkpoints or ())]
        found = verify(keeper.archive, [each for file in files for each in file.all()])
    if as_json:
        print_json(context.out, data_of(found))
    else:
        rows = [
            (say("Entries"), str(found.size)),
            (say("Root"), found.root),
            (say("Deleted texts"), str(found.deleted)),
            (say("Checkpoints"), say("{number} compared", number=found.checkpoints)),
        ]
        problems = section(say("Not as it was written"), *(Text(each, style="bad") for each in found.problems))
        fine = Text(say("Every entry is as it was written."), style="good")
        context.out.print(
            page(facts([(name, Text(value)) for name, value in rows]), problems if found.problems else fine)
        )
    raise typer.Exit(ExitCode.PERSON if found.problems else ExitCode.OK)


@archive.command("show")
def archive_show(ctx: typer.Context, which: Which, *, store: StoreName = "", as_json: AsJson = False) -> None:
    """Show what the archive holds under an id or at a place, with the proof that it stands in the log."""
    context: CommandContext = ctx.obj
    with context.keeper(store) as (keeper, _):
        head = keeper.archive.head()
        found = _find(keeper.archive, which.strip()) if head else []
        proofs = [keeper.archive.proof(entry.leaf, head.size) for entry in found] if head else []
    if not found:
        raise WrongUsage(
            say("The archive holds nothing under {key}.", key=repr(which)),
            say("`opter-economic archive status` says what it holds."),
        )
    shown = [
        {
            "leaf": entry.leaf,
            "kind": entry.kind,
            "key": entry.key,
            "periods": entry.periods,
            "text": entry.body,
            **proof,
        }
        for entry, proof in zip(found, proofs, strict=True)
    ]
    if as_json:
        print_json(context.out, shown)
        return
    for each in shown:
        text = json.dumps(json.loads(each["text"]), indent=2, ensure_ascii=False) if each["text"] else "(deleted)"
        rows = [
            (say("Place"), say("{place} of {size}", place=each["leaf"], size=each["size"])),
            (say("Kind"), each["kind"]),
            (say("Key"), each["key"]),
        ]
        rows += [
            (say("Hash"), each["hash"]),
            (say("Root"), each["root"]),
            (say("Path"), "\n".join(each["path"]) or say("none")),
        ]
        context.out.print(page(facts([(name, Text(value)) for name, value in rows]), Text(text)))


@archive.command("periods")
def archive_periods(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the archived periods, the last first; `status`, `invoices` and `certificate` show each as before."""
    context: CommandContext = ctx.obj
    with context.store() as store:
        periods = store.archived_periods()
    if as_json:
        rows = [
            {"id": each.id, "name": each.name, "invoices": each.total, "receivedAt": each.received_at}
            for each in periods
        ]
        print_json(context.out, rows)
        return
    shown = table(
        say("Period"), say("Name"), say("Received"), say("Invoices"), numbers=(say("Invoices"),), keys=(say("Period"),)
    )
    for each in periods:
        shown.add_row(each.id, each.name, moment(each.received_at), str(each.total))
    context.out.print(shown if periods else Text(say("No period has been archived.")))


@archive.command("export")
def archive_export(ctx: typer.Context, file: File, *, store: StoreName = "") -> None:
    """Write the archive's log into a file, a line an entry, for `deploy/verify_archive.py` and for a copy elsewhere."""
    context: CommandContext = ctx.obj
    if file.exists():
        raise WrongUsage(say("{file} exists.", file=file), say("Nothing was written. Name a new file."))
    lines = 0
    with context.keeper(store) as (keeper, _), file.open("x", encoding="utf-8") as out:
        for row in keeper.archive.rows() if keeper.archive.head() else ():
            out.write(json.dumps({"leaf": row.leaf, "hash": row.hash, "body": row.body}, ensure_ascii=False) + "\n")
            lines += 1
    at = datetime.fromtimestamp(context.clock(), UTC)
    context.out.print(
        say(
            "{entries} written to {file} ({at} UTC)",
            entries=count(lines, "entry"),
            file=file,
            at=f"{at:%Y-%m-%d %H:%M}",
        )
    )


def _find(reader: Any, which: str) -> list[KeptEntry]:
    if which.isdecimal():
        return list(reader.entries([int(which)]).values())
    return [entry for kind in EntryKind if kind in _KINDS and (entry := reader.latest(kind, which))]
