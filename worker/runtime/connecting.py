"""An export connected to an agreement: the page where access is granted, and the token that comes from there."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import structlog

from config.errors import ConfigurationErrors
from config.exports import ExportConfig
from config.secret_file import write_secret
from config.settings_sections import Http
from worker.domain.action_log import Act
from worker.domain.store_port import Store
from worker.economic.client import EconomicClient
from worker.economic.listings import Listings
from worker.economic.mapping.agreement_check import rights_checks
from worker.economic.mapping.setup_check import Check
from worker.economic.reasons import EconomicReason
from worker.errors import ExportError, Failure
from worker.runtime.exports_watch import EVERY
from worker.runtime.on_demand import Unshared

log = structlog.get_logger()

#: Language of the page -> that of the grant page (e-conomic's developer pages, "Connecting an app": ``locale``).
_LOCALES = {"da": "da-DK", "en": "en-GB"}
#: Seconds until every process has taken in a new token: two looks at the file in a row, and some to spare.
TAKEN_IN = 2 * EVERY + 4.0
#: Pauses that a new token ends.
_ENDED = (EconomicReason.TOKENS_REFUSED, EconomicReason.AGREEMENT_MISMATCH)
_WHY = "new token"


class NotConnected(Exception):
    """A token that was not stored; the text says why and what to do, never the token."""

    def __init__(self, text: str, failure: Failure | None = None) -> None:
        """``failure``: what e-conomic, or the way there, was at fault with."""
        super().__init__(text)
        self.failure = failure


class _Client(EconomicClient):
    """A client that tells whose agreement it is."""

    def whose(self) -> tuple[int, str]:
        """Return the agreement's number and the company's name, as ``/self`` says (e-conomic REST docs, "Self")."""
        return Listings(self._calls_at(Unshared()), self._export.api_url).get("/self", _whose)


def _whose(body: Any) -> tuple[int, str]:
    return int(body["agreementNumber"]), str((body.get("company") or {}).get("name") or "")


def _any(_: int) -> None:
    """Take any agreement: which one it is, is what is asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Granted:
    """What a token opens."""

    agreement: int
    company: str
    #: Plan, roles and modules.
    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Connector:
    """Connects exports of this installation."""

    #: Returns an export as it would be with a grant token, and the file of its token. Raise ``ConfigurationErrors``.
    read: Callable[[str, str], ExportConfig]
    file: Callable[[str], Path]
    http: Http
    store: Store
    #: Seconds since the epoch, UTC.
    clock: Callable[[], float]

    def address(self, export: ExportConfig, *, language: str, back: str = "") -> str:
        """Return the address of the grant page; ``back`` is where it sends the browser with the token."""
        query = {"appPublicToken": export.app_public_token, "locale": _LOCALES.get(language, "en-GB")}
        return f"{export.grant_url}?{urlencode({**query, **({'redirectUrl': back} if back else {})})}"

    def export(self, name: str, token: str) -> ExportConfig:
        """Return an export as it would be with this token. Raises ``NotConnected``."""
        try:
            return self.read(name, token)
        except ConfigurationErrors as errors:
            first = errors.errors[0]
            text = " ".join(part for part in (first.entry, first.key, first.problem, first.next_step) if part)
            raise NotConnected(text) from None

    def look(self, name: str, token: str) -> Granted:
        """Ask e-conomic what a token opens, by reading alone. Raises ``NotConnected`` and ``StoreUnavailable``."""
        token = token.strip()
        export = self.export(name, token)
        client = _Client(export, rate_limiter=Unshared(), http=self.http, clock=self.clock, accept=_any)
        try:
            with closing(client):
                (agreement, company), rights = client.whose(), client.agreement(Unshared()).rights()
        except ExportError as error:
            text = f"{error.failure.description} {error.failure.next_step}".strip()
            raise NotConnected(text, error.failure) from None
        bound = export.agreement or self.store.pinned(name)
        if bound not in (None, agreement):
            raise NotConnected(
                f"The token opens agreement {agreement}, and export {name} belongs to agreement {bound}: nothing was "
                "stored. Grant access while signed in to the right agreement."
            )
        return Granted(agreement=agreement, company=company, checks=tuple(rights_checks(export, rights)))

    def connect(self, name: str, token: str, *, agreement: int, by: str) -> None:
        """Store a token that opens just this agreement, and bind the export to it.

        Every process takes it in without a new start; a pause that it ends is lifted then by the sweeps, so that no
        process with the old token pauses the export anew. Raises ``NotConnected`` and ``StoreUnavailable``.
        """
        granted = self.look(name, token)
        if granted.agreement != agreement:
            raise NotConnected(f"The token does not open agreement {agreement}: nothing was stored.")
        try:
            path = self.file(name)
            write_secret(path, token.strip())
        except ConfigurationErrors as errors:
            first = errors.errors[0]
            raise NotConnected(f"{first.entry} {first.key} {first.problem} {first.next_step}") from None
        except OSError as error:
            raise NotConnected(
                f"The file of the token cannot be written ({error.strerror}): {path}. Give this process the right to "
                "write there, or put the token there yourself."
            ) from None
        if self.store.pin(name, agreement) != agreement:
            raise NotConnected(f"Export {name} was bound to another agreement meanwhile: see `export check`.")
        self.store.log_action(who=by, what=Act.CONNECT, export=name, of=[name])
        if self.waits(name):
            self.store.resume_later(name, by=by, why=_WHY, after=TAKEN_IN)
        log.info("agreement_connected", export=name, agreement=agreement, by=by)

    def waits(self, name: str) -> bool:
        """Return whether the export has a pause that a new token ends. Raises ``StoreUnavailable``."""
        pause = self.store.paused().get(name)
        return pause is not None and pause.reason in _ENDED

    def resume(self, name: str, *, by: str) -> bool:
        """Lift such a pause now; False when there is none. Raises ``StoreUnavailable``."""
        return self.waits(name) and self.store.resume(name, by=by, why=_WHY)
