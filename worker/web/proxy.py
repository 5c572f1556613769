"""What a trusted proxy before the page says: the browser's address, and who has signed in there."""

import hashlib
import json
from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from config.sign_in_section import SignIn
from worker.domain.access import Rights, rights_of_groups
from worker.store.sessions import Origin, Person
from worker.web.users import LocalUsers, is_name

#: A customer of a provider has at least so many of an IPv6 address's bits for itself.
_IPV6_CUSTOMER = 64
_PEER = "opter-economic.peer"


class ClientAddress:
    """Gives every request the address of its browser, and keeps that of who brought it."""

    def __init__(self, app: ASGIApp, *, settings: SignIn) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the address."""
        if scope["type"] == "http":
            address = client_address(Request(scope), self._settings)
            scope = {**scope, "client": (address, 0), _PEER: scope.get("client")}
        await self._app(scope, receive, send)


def client_address(request: Request, settings: SignIn) -> str:
    """Return where a request comes from: the last address on its way that is none of the trusted proxies'.

    What stands further left in ``X-Forwarded-For`` was written by who may write what they like.
    """
    peer = request.client.host if request.client else ""
    hops = [hop.strip() for value in request.headers.getlist("x-forwarded-for") for hop in value.split(",")]
    for hop in (peer, *reversed(hops)):
        if not _address(hop):
            return peer
        if not trusted(hop, settings):
            return hop
    return hops[0] if hops else peer


def network_of(address: str) -> str:
    """Return what is counted together: an IPv4 address, or the network that an IPv6 customer has for itself."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _IPV6_CUSTOMER), strict=False))
    return address


def trusted(address: str, settings: SignIn) -> bool:
    """Whether this is one of the proxies that are believed."""
    found = _address(address)
    return found is not None and any(found in ip_network(each, strict=False) for each in settings.proxy_addresses)


def proxy_person(request: Request, settings: SignIn, users: LocalUsers) -> Person | None:
    """Return who has signed in at the proxy; None unless a trusted proxy itself says so, once and unmistakably."""
    peer = (request.scope.get(_PEER) or ("", 0))[0]
    names = request.headers.getlist(settings.proxy_user_header) if settings.proxy_user_header else []
    if len(names) != 1 or not trusted(peer, settings) or not is_name(names[0]):
        return None
    if settings.proxy_groups_header:
        lists = request.headers.getlist(settings.proxy_groups_header)
        groups = [group.strip() for each in lists for group in each.split(",")]
        rights = rights_of_groups(settings.roles_of_groups, groups)
        return Person(name=names[0], origin=Origin.PROXY, rights=rights, rests_on=digest_of(rights))
    user = users.find(names[0])
    if user is None:
        return None
    return Person(name=user.name, origin=Origin.PROXY, rights=user.rights, rests_on=user.rests_on)


def digest_of(rights: Rights) -> str:
    """Return the digest of what a person may do."""
    roles: Mapping[str, str] = rights.roles
    return hashlib.sha256(json.dumps(sorted(roles.items())).encode()).hexdigest()


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        return None
