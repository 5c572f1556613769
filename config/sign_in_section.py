"""The section of the settings that says who may sign in to the page, and what needs a second person."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from config.money_limits import limits_of, written_as_limits
from config.settings_sections import Names, Section, about


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f"{value!r} is no address and no network, such as 10.0.0.7 or 10.0.0.0/24") from None
    return values


def _role_map(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        group, _, role = value.rpartition("=")
        if not group or role.partition("@")[0] not in ROLES:
            raise ValueError(f"{value!r} is not written GROUP=ROLE or GROUP=ROLE@EXPORT; roles: {', '.join(ROLES)}")
    return values


def _discovery(url: str) -> str:
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if url and not (parts.hostname and (parts.scheme == "https" or local)):
        raise ValueError("the address begins with https:// (http:// on this machine alone)")
    return url


#: As ``worker.domain.access.Role`` names them.
ROLES = ("viewer", "bookkeeper", "operator", "administrator")
Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{0,60}$")]


class SignIn(Section):
    """Who may sign in to the page, and what needs a second person."""

    users_file: Annotated[Path, about("File of the local users, which `opter-economic user` writes")] = Path(
        "users.json"
    )
    proxy_addresses: Annotated[
        Names,
        AfterValidator(_networks),
        about("Addresses or networks of proxies before the page, whose `X-Forwarded-For` is believed; none: nobody's"),
    ] = ()
    proxy_user_header: Annotated[
        Header, about("Header in which such a proxy names who has signed in there; none: nobody signs in that way")
    ] = ""
    proxy_groups_header: Annotated[
        Header,
        about("Header with that person's groups, separated by commas, for `ROLE_MAP`; none: roles of the users file"),
    ] = ""
    openid_discovery: Annotated[
        str,
        AfterValidator(_discovery),
        about("Address of an OpenID Connect provider, with `/.well-known/openid-configuration`; none: no such sign-in"),
    ] = ""
    openid_client_id: Annotated[str, about("Name of the page at that provider")] = ""
    openid_secret_file: Annotated[
        Path | None,
        about("File with the page's secret at that provider, in `/run/secrets` unless its path is absolute"),
    ] = None
    openid_scopes: Annotated[str, about("What the page asks that provider for")] = "openid profile email"
    openid_name_claim: Annotated[str, about("Claim that names the person; it stands in the history")] = "email"
    openid_groups_claim: Annotated[str, about("Claim with the person's groups, for `ROLE_MAP`")] = "groups"
    role_map: Annotated[
        Names,
        AfterValidator(_role_map),
        about("Roles of groups: `Finance=bookkeeper,IT=operator,North=viewer@north`; whoever is in none has no role"),
    ] = ()
    four_eyes: Annotated[
        Names,
        AfterValidator(written_as_limits),
        about("Amounts above which a second person has to say yes: `DKK 250000,EUR 30000`; none: nothing needs it"),
    ] = ()
    approval_hours: Annotated[
        float, about("Hours after which what waits for a second person expires", gt=0, le=720)
    ] = 72.0

    @model_validator(mode="after")
    def _whole(self) -> "SignIn":
        if self.openid_discovery and not (self.openid_client_id and self.openid_secret_file and self.role_map):
            raise ValueError("openid_discovery also needs openid_client_id, openid_secret_file and role_map")
        if self.proxy_user_header and not self.proxy_addresses:
            raise ValueError("proxy_user_header also needs proxy_addresses: else anybody could name themselves")
        if self.proxy_groups_header and not (self.proxy_user_header and self.role_map):
            raise ValueError("proxy_groups_header also needs proxy_user_header and role_map")
        return self

    @property
    def limits(self) -> Mapping[str, Decimal]:
        """Currency -> amount above which a second person is needed."""
        return limits_of(self.four_eyes)

    @property
    def openid_rests_on(self) -> str:
        """Digest of what a session by OpenID Connect rests on: once another is set, it is over."""
        kept = [self.openid_discovery, self.openid_client_id, self.openid_groups_claim, *self.role_map]
        return hashlib.sha256("\n".join(kept).encode()).hexdigest()

    @property
    def roles_of_groups(self) -> tuple[tuple[str, str, str], ...]:
        """Return (group, role, export or ``*``), as they are written."""
        split = (value.rpartition("=") for value in self.role_map)
        return tuple((group, role.partition("@")[0], role.partition("@")[2] or "*") for group, _, role in split)
