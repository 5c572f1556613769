"""Sign-in links, sessions, tries to sign in, and checks of the page, kept in Redis under the hash of their secret."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from worker.domain.access import ALL_RIGHTS, Rights, Role
from worker.store.connection import StoreConnection, text

#: Bytes of chance in a secret; 32 can be guessed by nobody.
_SECRET_BYTES = 32


class Origin(StrEnum):
    """How a person has signed in."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105  # the word, no secret
    OPENID = "openid"
    PROXY = "proxy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetime:
    """How long a session lasts, in seconds."""

    #: Without a page being asked for.
    idle: int
    #: In any case.
    longest: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who signs in, and what follows from how."""

    #: Name as it stands in the history of what this person does.
    name: str
    origin: Origin
    rights: Rights
    #: What the rights rest on, as a digest: once it is another, the session is over.
    rests_on: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """Who is signed in."""

    person: Person
    #: What the session's own forms carry, so that no other site's form is obeyed.
    form_token: str

    @property
    def name(self) -> str:
        """Name as it stands in the history of what this person does."""
        return self.person.name


class RedisSessions(StoreConnection):
    """Whoever reads Redis finds no secret there, as a hash opens no session. Methods raise ``StoreUnavailable``."""

    def make_link(self, name: str, *, seconds: int, rights: Rights = ALL_RIGHTS) -> str:
        """Return the secret of a new sign-in link, which opens one session within so many seconds."""
        secret = _secret()
        person = Person(name=name, origin=Origin.LINK, rights=rights)
        self.ask(["SET", self._key("sign-in-link", secret), _written(person), "EX", seconds])
        return secret

    def redeem(self, link: str) -> Person | None:
        """Use a link up and return whose it is; None when it is unknown, used or too old."""
        (found,) = self.ask(["GETDEL", self._key("sign-in-link", link)])
        return None if found is None else _person(json.loads(found))

    def start(self, person: Person, lifetime: Lifetime) -> str:
        """Return the secret of a new session. It is new at every sign-in, so that none can be foisted on a person."""
        secret = _secret()
        session = {"person": _data(person), "form_token": _secret()}
        self.ask(
            ["SET", self._key("signed-in", secret), json.dumps(session), "EX", lifetime.longest],
            ["SET", self._key("seen", secret), "1", "EX", lifetime.idle],
            at_once=True,
        )
        return secret

    def session(self, secret: str, *, idle: int) -> Session | None:
        """Return the session of this secret, and let it last ``idle`` seconds more; None when unknown or over."""
        found, seen = self.ask(
            ["GET", self._key("signed-in", secret)],
            # Only what still lasts lasts longer.
            ["SET", self._key("seen", secret), "1", "EX", idle, "XX"],
        )
        return _session(found) if seen else None

    def lasts(self, secret: str) -> Session | None:
        """Return the session as ``session`` does, without making it last longer: for a page that looks by itself."""
        found, seen = self.ask(["GET", self._key("signed-in", secret)], ["EXISTS", self._key("seen", secret)])
        return _session(found) if seen else None

    def end(self, secret: str) -> None:
        """End a session."""
        self.ask(["DEL", self._key("signed-in", secret), self._key("seen", secret)])

    def count_try(self, kind: str, whose: str, *, seconds: int) -> tuple[int, int]:
        """Count a try to sign in; return how many there were within so many seconds, and when they are forgotten.

        It is counted before the password is looked at, so that a hundred at once are a hundred.
        """
        key = self._key(f"tries-{kind}", whose)
        _, number, left = self.ask(["SET", key, "0", "EX", seconds, "NX"], ["INCR", key], ["TTL", key], at_once=True)
        return int(number), max(1, int(left))

    def forget_tries(self, kind: str, whose: str) -> None:
        """Begin to count anew, as this one has shown who they are."""
        self.ask(["DEL", self._key(f"tries-{kind}", whose)])

    def keep(self, kind: str, secret: str, value: str, *, seconds: int) -> None:
        """Keep something of a sign-in that goes on elsewhere, for so many seconds."""
        self.ask(["SET", self._key(kind, secret), value, "EX", seconds])

    def take(self, kind: str, secret: str) -> str | None:
        """Return what was kept, once; None when there is nothing (any more)."""
        (found,) = self.ask(["GETDEL", self._key(kind, secret)])
        return None if found is None else text(found)

    def _key(self, kind: str, secret: str) -> str:
        return self.key(f"web-{kind}", hashlib.sha256(secret.encode()).hexdigest())


def _secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _data(person: Person) -> Mapping[str, object]:
    return asdict(person)


def _written(person: Person) -> str:
    return json.dumps(_data(person))


def _person(data: dict[str, object]) -> Person:
    roles = data["rights"]["roles"]  # type: ignore[index]  # as ``_data`` wrote it
    return Person(
        name=str(data["name"]),
        origin=Origin(str(data["origin"])),
        rights=Rights(roles={str(export): Role(role) for export, role in roles.items()}),
        rests_on=str(data["rests_on"]),
    )


def _session(found: object) -> Session | None:
    if found is None:
        return None
    data = json.loads(text(found))
    return Session(person=_person(data["person"]), form_token=data["form_token"])
