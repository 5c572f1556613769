"""Where an export's tokens come from: an environment variable or a file, never the exports file itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: The two tokens of every call to e-conomic (e-conomic REST docs, Authentication).
TOKENS = ("grant_token", "app_secret_token")
SOURCES = tuple(f"{token}_{kind}" for token in TOKENS for kind in ("env", "file"))

_TOKEN_LENGTH = 20
_PLACEHOLDER = re.compile(
    r"change.?(me|this).*|replace.?(me|with).*|placeholder|(my|your|the).*token.*|token|secret|x{3,}|\.{3,}|<.*>|todo",
    re.IGNORECASE,
)


class TokenMissing(Exception):
    """A token cannot be had; the text says why and what to do, never the token."""


def read_token(token: str, entry: Mapping[str, Any], *, env: Mapping[str, str], secrets: Path) -> str:
    """Return one token of an export. Raises ``TokenMissing``."""
    if token in entry:
        raise TokenMissing(f"holds the token itself. Take it out and give {token}_env or {token}_file instead.")
    sources = [key for key in (f"{token}_env", f"{token}_file") if key in entry]
    if len(sources) != 1:
        count = "has no source" if not sources else "has two sources"
        raise TokenMissing(f"{count}. Give either {token}_env (a variable) or {token}_file (a file).")
    return _usable(*_value(sources[0], entry[sources[0]], env=env, secrets=secrets))


def _value(source: str, name: object, *, env: Mapping[str, str], secrets: Path) -> tuple[str, str]:
    if not isinstance(name, str) or not name:
        raise TokenMissing(f"{source} is the name of a variable or file, as text.")
    if _looks_like_a_token(name):
        raise TokenMissing(f"{source} seems to hold the token itself. Give the name of what holds it.")
    if source.endswith("_env"):
        if name not in env:
            raise TokenMissing(f"environment variable {name} is not set. Set it to the token.")
        return env[name], f"environment variable {name}"
    path = secrets / name
    try:
        return path.read_text(encoding="utf-8"), f"file {path}"
    except (OSError, ValueError) as error:
        raise TokenMissing(f"file {path} cannot be read ({type(error).__name__}). Put the token there.") from None


def _looks_like_a_token(name: str) -> bool:
    """Whether a name should rather not be printed; e-conomic's tokens are some forty letters and digits mixed."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return len(name) >= _TOKEN_LENGTH and name.isalnum() and all(any(map(kind, name)) for kind in kinds)


def _usable(value: str, where: str) -> str:
    token = value.strip()
    if not token:
        raise TokenMissing(f"{where} is empty. Put the token there.")
    if _PLACEHOLDER.fullmatch(token):
        raise TokenMissing(f"{where} still holds a placeholder. Put the real token there.")
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise TokenMissing(f"{where} holds blanks or signs that no token has. Put the token alone there.")
    return token
