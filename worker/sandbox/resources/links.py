"""Addresses, references and timestamps as answers carry them."""

from datetime import UTC, datetime

from worker.sandbox.paths import encode_parameter
from worker.sandbox.state import Json

HOST = "https://restapi.e-conomic.com"


def url(*segments: object) -> str:
    """Return the absolute address of a resource; each segment is encoded in e-conomic's own way."""
    return "/".join([HOST, *(encode_parameter(str(segment)) for segment in segments)])


def linked(key: str, value: object, *path: str) -> Json:
    """Return a reference: its identifier and its ``self``."""
    return {key: value, "self": url(*path, value)}


def stamp(now: datetime) -> str:
    """Return ``lastUpdated``: a UTC timestamp in seconds, although documented as a full-date."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
