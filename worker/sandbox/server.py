"""The sandbox as a process of its own."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from worker.sandbox.app import create_app
from worker.sandbox.listen import run
from worker.sandbox.resources import ROUTES
from worker.sandbox.seed import standard_agreement
from worker.sandbox.server_state import Tokens
from worker.sandbox.state import Agreement

DEFAULT_TOKENS: Tokens = ("sandbox-app", "sandbox-grant")
DEFAULT_PORT = 8765


def standard_agreements(also: Iterable[str] = ()) -> Mapping[Tokens, Agreement]:
    """Return standard agreements behind their tokens: the default one, and one for each further name.

    The further ones take the same app secret token and the grant token ``sandbox-grant-NAME``, and are numbered upwards
    from the default one's number.
    """
    first = standard_agreement()
    app, grant = DEFAULT_TOKENS
    further = {
        (app, f"{grant}-{name}"): standard_agreement(number=first.number + at, name=name)
        for at, name in enumerate(also, start=1)
    }
    return {DEFAULT_TOKENS: first} | further


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    agreements: Mapping[Tokens, Agreement] | None = None,
    ready: Callable[[str], Any] = lambda _: None,
) -> None:
    """Serve the sandbox until the process is told to stop (SIGINT, SIGTERM).

    Args:
        host: address to bind; the control path is open to whoever reaches it, so keep it local.
        port: 0 lets the system choose.
        agreements: app secret and grant token -> agreement; none: one standard agreement behind ``DEFAULT_TOKENS``.
        ready: called with the sandbox's address once it answers.

    Raises:
        OSError: the port is taken.

    """
    app = create_app(agreements or standard_agreements(), ROUTES, clock=time.time)
    run(app, host=host, port=port, ready=ready)
