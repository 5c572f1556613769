"""A PostgreSQL cluster of the tests' own: made, started and thrown away by an account that is not root's."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from support.ports import free_port

#: Where Debian keeps the programs of each version.
_DEBIAN = Path("/usr/lib/postgresql")
#: Account that runs the cluster where the tests run as root: PostgreSQL refuses to.
_ACCOUNT = "postgres"


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    versions = sorted(_DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    return versions[0] if versions else Path(on_path).parent if on_path else None


@contextmanager
def cluster(bin_folder: Path) -> Iterator[str]:
    """Give the address of a database in a new cluster; it is stopped at the end, and nothing is left of it."""
    account = pwd.getpwnam(_ACCOUNT) if os.getuid() == 0 else None
    # Not below pytest's own folders: they let no other account through.
    with TemporaryDirectory(prefix="postgresql-") as made:
        folder = Path(made)
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        with _running(folder, bin_folder, account) as address:
            yield address


@contextmanager
def _running(folder: Path, bin_folder: Path, account: pwd.struct_passwd | None) -> Iterator[str]:
    data, port = folder / "data", free_port()
    options = ("-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}")
    _run(account, folder, bin_folder / "initdb", "-D", data, "-U", "archive", "-A", "trust", "-E", "UTF8", "--no-sync")
    log = folder / "log"
    _run(
        account,
        folder,
        bin_folder / "pg_ctl",
        "-D",
        data,
        "-l",
        log,
        "-w",
        "-t",
        "60",
        "-o",
        " ".join(options),
        "start",
    )
    try:
        yield f"postgresql://archive@127.0.0.1:{port}/postgres"
    finally:
        _run(account, folder, bin_folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(account: pwd.struct_passwd | None, folder: Path, *command: object) -> None:
    who: dict[str, object] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    words: Sequence[str] = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, **who)  # type: ignore[call-overload]  # options by name
    if done.returncode:
        raise AssertionError(f"{words[0]}: {done.stdout}{done.stderr}")
