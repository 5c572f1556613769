"""Sign-in at an OpenID Connect provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0)."""

import hmac
import json
import re
import secrets
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httpx
import structlog

from config.sign_in_section import SignIn
from worker.domain.access import rights_of_groups
from worker.store.sessions import Origin, Person, RedisSessions
from worker.web.users import is_name

if TYPE_CHECKING:
    from joserfc.jwk import KeySet, KeySetSerialization

log = structlog.get_logger()

#: Seconds that a person has at the provider; that its documents count without being asked for again; for an answer.
_AT_THE_PROVIDER, _DOCUMENTS_HOLD, _PATIENCE = 600, 3600.0, 10.0
#: Seconds that the provider's clock may differ from ours.
_LEEWAY = 60
_WELL_KNOWN = "/.well-known/openid-configuration"
#: Signatures by a key of the provider's; one by the shared secret, or none, proves nothing.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LARGEST = 1024 * 1024
#: What a provider may call an error (RFC 6749, 4.1.2.1); anything else is not repeated.
_ERROR = re.compile(r"[a-z_]{1,40}")


class SignInFailed(Exception):
    """Nobody is signed in; the text says why in a word for the log, and holds nothing of the person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """A person on the way to the provider."""

    #: Where the browser goes.
    url: str
    #: What the browser keeps meanwhile: only the one that left may come back.
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A person who came back, and the page that they had asked for."""

    person: Person
    then: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Provider:
    """What the provider says of itself, and its keys."""

    data: Mapping[str, Any]
    keys: Mapping[str, Any]
    read_at: float


class OpenId:
    """The provider as the page uses it. Threads may share it; the store keeps what is under way."""

    def __init__(
        self,
        settings: SignIn,
        *,
        secret_file: Path,
        sessions: RedisSessions,
        clock: Callable[[], float],
    ) -> None:
        """``secret_file`` is read at every sign-in, so that the secret can be replaced."""
        self._settings = settings
        self._secret_file = secret_file
        self._sessions = sessions
        self._clock = clock
        self._lock = threading.Lock()
        self._known: _Provider | None = None

    def depart(self, *, back_to: str, then: str) -> Departure:
        """Return the way to the provider. Raises ``SignInFailed`` and ``StoreUnavailable``."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415  # slow to load, seldom needed
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415  # as above

        provider, secret = self._provider(), secrets.token_urlsafe(32)
        kept = {
            "state": secrets.token_urlsafe(32),
            "nonce": secrets.token_urlsafe(32),
            "verifier": secrets.token_urlsafe(48),
            "back_to": back_to,
            "then": then,
        }
        self._sessions.keep("openid", secret, json.dumps(kept), seconds=_AT_THE_PROVIDER)
        url = prepare_grant_uri(
            _endpoint(provider.data, "authorization_endpoint"),
            client_id=self._settings.openid_client_id,
            response_type="code",
            redirect_uri=back_to,
            scope=self._settings.openid_scopes,
            state=kept["state"],
            nonce=kept["nonce"],
            code_challenge=create_s256_code_challenge(kept["verifier"]),
            code_challenge_method="S256",
        )
        return Departure(url=str(url), secret=secret)

    def arrive(self, secret: str, query: Mapping[str, str]) -> Arrival:
        """Return who came back; each departure counts once. Raises ``SignInFailed`` and ``StoreUnavailable``."""
        found = self._sessions.take("openid", secret) if secret else None
        if found is None:
            raise SignInFailed("not-begun-here")
        kept = json.loads(found)
        if not hmac.compare_digest(query.get("state", "").encode(), kept["state"].encode()):
            raise SignInFailed("state")
        provider = self._provider()
        if query.get("iss", provider.data["issuer"]) != provider.data["issuer"]:
            raise SignInFailed("issuer")
        if "code" not in query:
            error = query.get("error", "")
            raise SignInFailed(f"provider-{error}" if _ERROR.fullmatch(error) else "no-code")
        tokens = self._tokens(provider, query["code"], kept)
        claims = self._claims(provider, tokens, kept["nonce"])
        return Arrival(person=self._person(provider, claims, tokens), then=kept["then"])

    def _tokens(self, provider: _Provider, code: str, kept: Mapping[str, str]) -> Mapping[str, Any]:
        """Exchange the code; the verifier shows that it was this page that had the person sent there."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": kept["back_to"],
            "code_verifier": kept["verifier"],
        }
        auth = httpx.BasicAuth(self._settings.openid_client_id, self._secret())
        if "client_secret_basic" not in provider.data.get(
            "token_endpoint_auth_methods_supported", ("client_secret_basic",)
        ):
            form |= {"client_id": self._settings.openid_client_id, "client_secret": self._secret()}
            return _asked("POST", _endpoint(provider.data, "token_endpoint"), data=form)
        return _asked("POST", _endpoint(provider.data, "token_endpoint"), data=form, auth=auth)

    def _claims(self, provider: _Provider, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """Return what the provider says of the person, its signature, time and addressee proved."""
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415  # slow to load, and seldom needed
        from joserfc import jwt  # noqa: PLC0415  # as above
        from joserfc.errors import InvalidKeyIdError, JoseError  # noqa: PLC0415  # as above

        named = provider.data.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [name for name in _ALGORITHMS if name in named]
        shown, client = str(tokens.get("id_token", "")), self._settings.openid_client_id
        try:
            try:
                token = jwt.decode(shown, _keys(provider), algorithms)
            except InvalidKeyIdError:  # the provider has changed its keys
                provider = self._provider(anew=True)
                token = jwt.decode(shown, _keys(provider), algorithms)
            rules = {
                "iss": {"essential": True, "values": [provider.data["issuer"]]},
                "aud": {"essential": True, "values": [client]},
            }
            params = {"nonce": nonce, "client_id": client, "access_token": tokens.get("access_token")}
            claims = CodeIDToken(token.claims, token.header, rules, params)
            claims.validate(now=int(self._clock()), leeway=_LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInFailed(f"id-token-{type(error).__name__}") from None
        return dict(claims)

    def _person(self, provider: _Provider, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Person:
        wanted = {self._settings.openid_name_claim, self._settings.openid_groups_claim}
        if wanted - claims.keys() and "userinfo_endpoint" in provider.data:
            bearer = {"authorization": f"Bearer {tokens.get('access_token', '')}"}
            more = _asked("GET", _endpoint(provider.data, "userinfo_endpoint"), headers=bearer)
            if more.get("sub") != claims["sub"]:
                raise SignInFailed("userinfo-of-another")
            claims = {**more, **claims}
        name = claims.get(self._settings.openid_name_claim)
        if not isinstance(name, str) or not is_name(name):
            raise SignInFailed("no-name")
        if self._settings.openid_name_claim == "email" and claims.get("email_verified", True) is not True:
            raise SignInFailed("email-not-verified")
        groups = claims.get(self._settings.openid_groups_claim, [])
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        rights = rights_of_groups(self._settings.roles_of_groups, [group for group in listed if isinstance(group, str)])
        if not rights.roles:
            raise SignInFailed("no-role")
        return Person(name=name, origin=Origin.OPENID, rights=rights, rests_on=self._settings.openid_rests_on)

    def _provider(self, *, anew: bool = False) -> _Provider:
        with self._lock:
            known = self._known
            if known is None or anew or not 0 <= self._clock() - known.read_at < _DOCUMENTS_HOLD:
                issuer = self._settings.openid_discovery.removesuffix(_WELL_KNOWN).rstrip("/")
                data = _asked("GET", issuer + _WELL_KNOWN)
                if str(data.get("issuer", "")).rstrip("/") != issuer:
                    raise SignInFailed("discovery-of-another-issuer")
                keys = _asked("GET", _endpoint(data, "jwks_uri"))
                known = self._known = _Provider(data=data, keys=keys, read_at=self._clock())
            return known

    def _secret(self) -> str:
        try:
            return self._secret_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SignInFailed(f"secret-file-{type(error).__name__}") from None


def _keys(provider: _Provider) -> "KeySet":
    from joserfc.jwk import KeySet  # noqa: PLC0415  # as above

    # Any dict: what is in it is looked at there.
    return KeySet.import_key_set(cast("KeySetSerialization", provider.keys))


def _endpoint(data: Mapping[str, Any], name: str) -> str:
    """Return one of the provider's addresses: by TLS, or on this machine."""
    url = str(data.get(name, ""))
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        return url
    raise SignInFailed(f"no-{name.replace('_', '-')}")


@cache
def _trust() -> ssl.SSLContext:
    """Return whom TLS trusts; it takes a while to load."""
    return httpx.create_ssl_context()


def _asked(method: str, url: str, **request: Any) -> Mapping[str, Any]:
    """Return the JSON object at an address of the provider's; no redirect is followed. Raises ``SignInFailed``."""
    try:
        with httpx.Client(timeout=_PATIENCE, follow_redirects=False, verify=_trust()) as client:
            answer = client.request(
                method, url, headers={"accept": "application/json"} | request.pop("headers", {}), **request
            )
        found = answer.json() if answer.is_success and len(answer.content) <= _LARGEST else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise SignInFailed(f"provider-unreachable-{type(error).__name__}") from None
    if not isinstance(found, dict):
        raise SignInFailed(f"provider-answered-{answer.status_code}")
    return found
