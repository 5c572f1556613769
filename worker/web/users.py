"""The local users: a file that ``opter-economic user`` writes and the page reads anew when it has changed."""

import fcntl
import hashlib
import json
import os
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from worker.domain.access import Rights, Role

if TYPE_CHECKING:
    from argon2 import PasswordHasher

log = structlog.get_logger()

#: Length of a password. The longest bounds the work that a stranger can ask for.
SHORTEST, LONGEST = 12, 500
#: Letters of any language, digits, and what stands in names and addresses; nothing that a reader cannot see.
_NAME = re.compile(r"[\w.@+-]+( [\w.@+-]+)*")
_LONGEST_NAME = 60
_OTHERS_MAY_WRITE, _VERSION = 0o022, 1


class UsersFileError(Exception):
    """The users file cannot be used; the text says why, and holds nothing of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """One person of the file."""

    name: str
    roles: Mapping[str, Role]
    #: Argon2id of the password; empty: signs in elsewhere (a proxy's header).
    password: str = ""
    #: Who wrote this entry last, and when (ISO 8601).
    changed_by: str = ""
    changed_at: str = ""

    @property
    def rights(self) -> Rights:
        """What this person may do."""
        return Rights(roles=self.roles)

    @property
    def rests_on(self) -> str:
        """Digest of what a session of this person rests on: with another role or password it is over."""
        kept = json.dumps([self.name, sorted(self.roles.items()), self.password])
        return hashlib.sha256(kept.encode()).hexdigest()


def known_as(name: str) -> str:
    """Return a name as it is compared: nobody tells ``Birthe`` from ``birthe``."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def is_name(name: str) -> bool:
    """Whether a person can be called so."""
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def hasher() -> "PasswordHasher":
    """Return what makes Argon2id hashes, with the library's parameters (RFC 9106, the second recommended option)."""
    from argon2 import PasswordHasher  # noqa: PLC0415  # most processes never see a password

    return PasswordHasher()


def hashed(password: str, make: "PasswordHasher") -> str:
    """Return the hash of a password; letters count as the same however a keyboard composes them."""
    return make.hash(_normal(password))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def read_users(path: Path) -> Mapping[str, User]:
    """Return the users by ``known_as``; none without a file. Raises ``UsersFileError``."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS_MAY_WRITE:
                raise UsersFileError("Others may write it: whoever does could make themselves an administrator.")
            data = json.load(file)
        if data["version"] != _VERSION:
            raise UsersFileError("It was written by another version of this program.")
        return {known_as(name): _user(name, entry) for name, entry in data["users"].items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsersFileError(f"It cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsersFileError("It is no users file, or only a part of one.") from None


def write_users(path: Path, users: Mapping[str, User]) -> None:
    """Replace the file as a whole, for its owner alone. Raises ``OSError``."""
    entries = {user.name: _entry(user) for user in users.values()}
    text = json.dumps({"version": _VERSION, "users": entries}, ensure_ascii=False, indent=1) + "\n"
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def changing(path: Path) -> Iterator[dict[str, User]]:
    """Yield the users to be changed, and write them; nobody else changes the file meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        users = dict(read_users(path))
        yield users
        write_users(path, users)
    finally:
        os.close(folder)


def _user(name: str, entry: Mapping[str, Any]) -> User:
    roles = {str(export): Role(role) for export, role in entry["roles"].items()}
    return User(**{**entry, "name": name, "roles": roles})


def _entry(user: User) -> Mapping[str, Any]:
    return {key: value for key, value in asdict(user).items() if key != "name"}


class LocalUsers:
    """The file as the page sees it. Threads may share it."""

    def __init__(self, path: Path, *, make: Callable[[], "PasswordHasher"] = hasher) -> None:
        self._path = path
        self._make = make
        self._lock = threading.Lock()
        self._seen: object = None
        self._users: Mapping[str, User] = {}
        self._hasher: PasswordHasher | None = None
        #: Compared with where there is no such user, so that the answer takes as long.
        self._nobody = ""

    def find(self, name: str) -> User | None:
        """Return the user of this name as the file has it now."""
        return self._current().get(known_as(name))

    def any(self) -> bool:
        """Whether there is somebody who signs in with a password."""
        return any(user.password for user in self._current().values())

    def verify(self, name: str, password: str) -> User | None:
        """Return the user whose name and password these are; it takes as long for a name that there is not."""
        from argon2.exceptions import Argon2Error, InvalidHashError  # noqa: PLC0415  # see ``hasher``

        make, nobody = self._ready()
        user = self.find(name)
        known = user is not None and user.password and len(password) <= LONGEST
        try:
            make.verify(user.password if user and known else nobody, _normal(password[:LONGEST]))
        except (Argon2Error, InvalidHashError):
            return None
        return user if known else None

    def _ready(self) -> tuple["PasswordHasher", str]:
        with self._lock:
            if self._hasher is None:
                self._hasher = self._make()
                self._nobody = self._hasher.hash(os.urandom(16).hex())
            return self._hasher, self._nobody

    def _current(self) -> Mapping[str, User]:
        """Return the users, read anew when the file is another; nobody while it cannot be used."""
        with self._lock:
            seen = _look(self._path)
            if seen != self._seen:
                self._seen = seen
                try:
                    self._users = read_users(self._path)
                except UsersFileError as error:
                    log.error("users_file_unusable", why=str(error))  # noqa: TRY400  # a traceback says no more
                    self._users = {}
            return self._users


def _look(path: Path) -> object:
    try:
        status = path.stat()
    except OSError as error:
        return type(error).__name__
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode
