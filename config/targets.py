"""The targets of exports: e-conomic itself or elsewhere, and what several exports must agree on."""

import ipaddress
from collections.abc import Iterator, Mapping
from itertools import combinations
from urllib.parse import urlsplit

from config.exports import ExportConfig

_ECONOMIC = "e-conomic.com"
_KEYS = ("api_url", "openapi_url")


def non_production_targets(exports: Mapping[str, ExportConfig]) -> dict[str, str]:
    """Return export -> address of those that do not go to e-conomic itself."""
    return {name: export.api_url for name, export in sorted(exports.items()) if not _is_economic(export.api_url)}


def at_economic(exports: Mapping[str, ExportConfig]) -> dict[str, str]:
    """Return export -> address of those that go to e-conomic itself."""
    return {name: export.api_url for name, export in sorted(exports.items()) if _is_economic(export.api_url)}


def split_addresses(export: ExportConfig) -> list[tuple[str, str, str]]:
    """Return (key, problem, next step) where one address is e-conomic's own and the other is not.

    Half an export in the books and half in the sandbox would be worse than either.
    """
    own = [key for key in _KEYS if _is_economic(getattr(export, key))]
    if len(own) != 1:
        return []
    [other] = set(_KEYS) - set(own)
    text = f"is {getattr(export, other)!r}, which is not e-conomic's, while {own[0]} is."
    return [(other, text, "Point both at e-conomic, or both at the sandbox.")]


def _is_economic(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == _ECONOMIC or host.endswith(f".{_ECONOMIC}")


#: What one limiter and one set of master data per agreement have to share.
_SHARED = ("limits", "api_url", "openapi_url")


def disagreements(exports: Mapping[str, ExportConfig]) -> list[tuple[str, str, str, str]]:
    """Return (entry, key, problem, next step) where exports of one agreement contradict each other."""
    return [error for pair in combinations(exports.values(), 2) for error in _between(*pair)]


_USE_HTTPS = "Use https://; http:// is for a stand-in on this machine alone (127.0.0.1, localhost)."


def unsafe_addresses(export: ExportConfig) -> list[tuple[str, str, str]]:
    """Return (key, problem, next step) for addresses over which tokens would travel in the clear."""
    return [
        (
            key,
            f"is {url!r}: tokens would travel unencrypted.",
            _USE_HTTPS,
        )
        for key, url in ((key, getattr(export, key)) for key in (*_KEYS, "grant_url"))
        if not _safe(url)
    ]


def _between(first: ExportConfig, second: ExportConfig) -> Iterator[tuple[str, str, str, str]]:
    entry = f"exports.{second.name}"
    # An empty token stands for one that is missing, which is an error of its own.
    same_grant = first.grant_token.get_secret_value() == second.grant_token.get_secret_value() != ""
    if same_grant and None not in (first.agreement, second.agreement) and first.agreement != second.agreement:
        yield (
            entry,
            "agreement",
            f"is {second.agreement}, but exports.{first.name} has the same grant token for {first.agreement}.",
            "A grant token belongs to one agreement: correct one of them.",
        )
    if same_grant or (first.agreement is not None and first.agreement == second.agreement):
        for key in _SHARED:
            if getattr(first, key) != getattr(second, key):
                yield (
                    entry,
                    key,
                    f"differs from exports.{first.name}, which has the same agreement.",
                    "Give both the same, for example under [defaults].",
                )


def _safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _near(host)))


def _near(host: str) -> bool:
    """Whether a host is this machine: on a network, others may read along (RFC 6761: localhost is loopback)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
