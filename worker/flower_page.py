"""Flower as its own process: it knows Redis and nothing else, answers to its own host names, and guards its figures.

Flower 2 has no check of the Host header, so that a page elsewhere could read it through a name that resolves to this
machine, and its ``/metrics`` asks for no password (flower.readthedocs.io, "Prometheus integration").
"""

import atexit
import base64
import binascii
import hmac
import signal
import sys
from collections.abc import Sequence
from typing import Any

from celery import Celery
from flower.app import Flower
from flower.command import apply_env_options, apply_options, extract_settings, setup_logging
from flower.urls import settings as tornado_settings
from tornado.httputil import HTTPServerRequest
from tornado.options import options
from tornado.web import ErrorHandler

from config.broker import watching_config
from config.settings import load_settings
from worker.signals import end
from worker.store.client import sentinels_once

_UNAUTHORIZED, _MISDIRECTED = 401, 421


class GuardedFlower(Flower):  # type: ignore[misc]  # Flower ships no types
    """Flower that answers for its own host names alone, and shows ``/metrics`` to whoever has the password."""

    def __init__(self, *, allowed_hosts: Sequence[str], **how: Any) -> None:
        super().__init__(**how)
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    def find_handler(self, request: HTTPServerRequest, **how: Any) -> Any:
        """Route a request; what is refused gets an error page."""
        if host_of(request.host) not in self._allowed:
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": _MISDIRECTED})
        header = request.headers.get("Authorization", "")
        if request.path.rstrip("/").endswith("/metrics") and not may_read(header, self.options.basic_auth or ()):
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": _UNAUTHORIZED})
        return super().find_handler(request, **how)


def host_of(header: str) -> str:
    """Return the host of a Host header, without its port and the brackets of an IPv6 address."""
    host, _, rest = header.strip().lower().rpartition(":")
    return (host if rest.isdecimal() and host else header.strip().lower()).strip("[]")


def may_read(header: str, passwords: Sequence[str]) -> bool:
    """Tell whether an Authorization header holds one of these ``user:password``; without any, everybody may."""
    if not passwords:
        return True
    kind, _, coded = header.partition(" ")
    try:
        shown = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return False
    return kind.lower() == "basic" and any(hmac.compare_digest(known.encode(), shown) for known in passwords)


def run(arguments: Sequence[str]) -> None:
    """Serve until SIGTERM. ``arguments`` are Flower's own; what stands there is stronger than its environment."""
    settings = load_settings()
    apply_env_options()
    apply_options(sys.argv[0], list(arguments))
    extract_settings()
    setup_logging()
    app = Celery("opter-economic")
    app.conf.update(sentinels_once(watching_config(settings)))
    page = GuardedFlower(capp=app, options=options, allowed_hosts=settings.flower.allowed_hosts, **tornado_settings)
    atexit.register(page.stop)
    signal.signal(signal.SIGTERM, end)
    # Held back since before this program began, so that none was lost.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    page.start_http_server()
    page.start()


if __name__ == "__main__":
    run(sys.argv[1:])
