"""Whether an export goes to e-conomic itself, or elsewhere: to the sandbox, where nothing is booked for anybody."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from config.exports import Export

_ECONOMIC = "e-conomic.com"
_KEYS = ("api_url", "openapi_url")


def elsewhere(exports: Mapping[str, Export]) -> dict[str, str]:
    """Return export -> address of those that do not go to e-conomic itself."""
    return {name: export.api_url for name, export in sorted(exports.items()) if not _is_economic(export.api_url)}


def at_economic(exports: Mapping[str, Export]) -> dict[str, str]:
    """Return export -> address of those that go to e-conomic itself."""
    return {name: export.api_url for name, export in sorted(exports.items()) if _is_economic(export.api_url)}


def split_addresses(export: Export) -> list[tuple[str, str, str]]:
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
