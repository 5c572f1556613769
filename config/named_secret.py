"""Secrets that a file names by where they are: a variable or a file, never the secret itself."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TOKEN_LENGTH = 20
_PLACEHOLDER = re.compile(
    r"change.?(me|this).*|replace.?(me|with).*|placeholder|(my|your|the).*token.*|token|secret|x{3,}|\.{3,}|<.*>|todo",
    re.IGNORECASE,
)


class SecretMissing(Exception):
    """A secret cannot be read; the text says why and what to do, never the secret."""


def read_secret(
    key: str, entry: Mapping[str, Any], *, env: Mapping[str, str], secrets: Path, what: str = "token"
) -> str:
    """Return the secret that ``KEY_env`` or ``KEY_file`` leads to; ``what`` it is called. Raises ``SecretMissing``."""
    if key in entry:
        raise SecretMissing(f"holds the {what} itself. Take it out and give {key}_env or {key}_file instead.")
    sources = [source for source in (f"{key}_env", f"{key}_file") if source in entry]
    if len(sources) != 1:
        count = "has no source" if not sources else "has two sources"
        raise SecretMissing(f"{count}. Give either {key}_env (a variable) or {key}_file (a file).")
    return usable(*_value(sources[0], entry[sources[0]], env=env, secrets=secrets, what=what), what)


def _value(source: str, name: object, *, env: Mapping[str, str], secrets: Path, what: str) -> tuple[str, str]:
    if not isinstance(name, str) or not name:
        raise SecretMissing(f"{source} is the name of a variable or file, as text.")
    if _looks_like_a_token(name) or "://" in name:
        raise SecretMissing(f"{source} seems to hold the {what} itself. Give the name of what holds it.")
    if source.endswith("_env"):
        if name not in env:
            raise SecretMissing(f"environment variable {name} is not set. Set it to the {what}.")
        return env[name], f"environment variable {name}"
    path = secrets / name
    try:
        return path.read_text(encoding="utf-8"), f"file {path}"
    except (OSError, ValueError) as error:
        raise SecretMissing(f"file {path} cannot be read ({type(error).__name__}). Put the {what} there.") from None


def _looks_like_a_token(name: str) -> bool:
    """Whether a name should rather not be printed; e-conomic's tokens are some forty letters and digits mixed."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return len(name) >= _TOKEN_LENGTH and name.isalnum() and all(any(map(kind, name)) for kind in kinds)


def usable(value: str, where: str, what: str) -> str:
    """Return a secret as it is used; ``where`` it was read. Raises ``SecretMissing``."""
    secret = value.strip()
    if not secret:
        raise SecretMissing(f"{where} is empty. Put the {what} there.")
    if _PLACEHOLDER.fullmatch(secret):
        raise SecretMissing(f"{where} still holds a placeholder. Put the real {what} there.")
    if not re.fullmatch(r"[\x21-\x7e]+", secret):
        raise SecretMissing(f"{where} holds blanks or characters that no {what} has. Put the {what} alone there.")
    return secret
