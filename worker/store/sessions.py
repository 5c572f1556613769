"""Sign-in links, sessions and checks of the page, kept in Redis under the hash of their secret."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass

from worker.store.connection import StoreConnection, text

#: Bytes of chance in a secret; 32 can be guessed by nobody.
_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """Who is signed in."""

    #: Name as it stands in the history of what this person does.
    name: str
    #: What the session's own forms carry, so that no other site's form is obeyed.
    form_token: str


class RedisSessions(StoreConnection):
    """Whoever reads Redis finds no secret there, as a hash opens no session. Methods raise ``StoreUnavailable``."""

    def make_link(self, name: str, *, seconds: int) -> str:
        """Return the secret of a new sign-in link, which opens one session within so many seconds."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        self.ask(["SET", self._key("link", secret), name, "EX", seconds])
        return secret

    def redeem(self, link: str, *, seconds: int) -> str | None:
        """Use a link up and return the secret of a new session; None when it is unknown, used or too old."""
        (name,) = self.ask(["GETDEL", self._key("link", link)])
        if name is None:
            return None
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        session = Session(name=text(name), form_token=secrets.token_urlsafe(_SECRET_BYTES))
        self.ask(["SET", self._key("session", secret), json.dumps(asdict(session)), "EX", seconds])
        return secret

    def session(self, secret: str) -> Session | None:
        """Return the session of this secret; None when it is unknown or over."""
        (found,) = self.ask(["GET", self._key("session", secret)])
        return None if found is None else Session(**json.loads(found))

    def end(self, secret: str) -> None:
        """End a session."""
        self.ask(["DEL", self._key("session", secret)])

    def note_check(self, group: str, *, seconds: int) -> None:
        """Remember for so many seconds that e-conomic was asked and a group's cause is gone."""
        self.ask(["SET", self._key("check", group), "1", "EX", seconds])

    def checked(self, group: str) -> bool:
        """Whether ``note_check`` still holds."""
        (found,) = self.ask(["EXISTS", self._key("check", group)])
        return bool(found)

    def _key(self, kind: str, secret: str) -> str:
        return self.key(f"web-{kind}", hashlib.sha256(secret.encode()).hexdigest())
