"""Looking a host's addresses up, before anything is sent to it."""

import socket
from collections.abc import Sequence

from worker.errors import Unreachable
from worker.invoicing.reasons import Reason, failure


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses behind a host. Raises ``Unreachable`` when the lookup fails."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        text = f"The host {host} cannot be looked up."
        raise Unreachable(failure(Reason.REFERENCE_UNAVAILABLE, text, field="url", value=host)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
