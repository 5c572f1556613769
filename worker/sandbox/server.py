"""The sandbox as a process of its own."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from worker.sandbox.app import create_app
from worker.sandbox.listen import run
from worker.sandbox.resources import ROUTES
from worker.sandbox.seed import standard_agreement
from worker.sandbox.state import Agreement
from worker.sandbox.world import Tokens

DEFAULT_TOKENS: Tokens = ("sandbox-app", "sandbox-grant")
DEFAULT_PORT = 8765


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
    app = create_app(agreements or {DEFAULT_TOKENS: standard_agreement()}, ROUTES, clock=time.time)
    run(app, host=host, port=port, ready=ready)
