"""The signature of a request: who holds an export's secret sent just this, to just this address, at this time."""

import hashlib
import hmac

#: Seconds since the epoch, UTC, as a whole number.
TIME_HEADER = "Event-Timestamp"
#: ``v1=`` and 64 hexadecimal digits.
SIGNATURE_HEADER = "Event-Signature"
_VERSION = "v1"
#: Least length of a secret, in bytes; ``openssl rand -hex 32`` gives 64.
LEAST_SECRET = 32


def signature(secret: bytes, *, method: str, target: str, timestamp: str, sha256: str) -> str:
    """Return the value of ``Event-Signature``: HMAC-SHA256 (RFC 2104) over five lines.

    ``v1``, the method, the target (path and query just as they are sent), the value of ``Event-Timestamp``, and the
    SHA-256 of the body in small hexadecimal digits; between two lines stands one newline, after the last none.
    """
    text = f"{_VERSION}\n{method.upper()}\n{target}\n{timestamp}\n{sha256}"
    return f"{_VERSION}={hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()}"


def signed(secret: bytes, *, method: str, target: str, now: float, body: bytes = b"") -> dict[str, str]:
    """Return the headers of a request that is sent at ``now``, in seconds since the epoch."""
    timestamp = str(int(now))
    digest = hashlib.sha256(body).hexdigest()
    value = signature(secret, method=method, target=target, timestamp=timestamp, sha256=digest)
    return {TIME_HEADER: timestamp, SIGNATURE_HEADER: value}


def secrets_of(text: str) -> tuple[bytes, ...]:
    """Return the secrets of a file, one a line: the first signs, any of them is accepted. Raises ``ValueError``."""
    secrets = tuple(line.strip().encode() for line in text.lstrip("\ufeff").splitlines() if line.strip())
    if not secrets or min(map(len, secrets)) < LEAST_SECRET:
        raise ValueError(f"a secret has {LEAST_SECRET} characters or more; make one with: openssl rand -hex 32")
    return secrets
