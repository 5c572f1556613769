"""The section of the settings about traces."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from config.settings_sections import Section, about


def _collector(address: str) -> str:
    parts = urlsplit(address)
    if address and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("the address begins with http:// or https:// and names a host")
    return address


def _pairs(headers: SecretStr) -> SecretStr:
    """Refuse what is no list of headers; no message quotes it, as it may hold a token."""
    if any(not pair.partition("=")[1] for pair in headers.get_secret_value().split(",") if pair):
        raise ValueError("headers are written name=value, with commas between them")
    return headers


class Tracing(Section):
    """Traces by OpenTelemetry; off unless a collector is named."""

    endpoint: Annotated[
        str,
        AfterValidator(_collector),
        about("Address of a collector that takes OTLP over HTTP (`/v1/traces` is added); none: no traces"),
    ] = ""
    headers: Annotated[
        SecretStr, AfterValidator(_pairs), about("Headers that the collector wants, as `name=value,name=value`")
    ] = SecretStr("")
    share: Annotated[float, about("Share of the periods that are traced, each as a whole", gt=0, le=1)] = 1.0
