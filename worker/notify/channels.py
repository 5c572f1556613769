"""Letters handed over by whatever an address names: mail, the log, or any service that apprise knows."""

# ruff: noqa: PLC0415  # apprise is slow to load: only what really sends waits for it

import logging
import re
import threading
from typing import Self
from urllib.parse import quote

import structlog
from typing_extensions import override

from worker.notify.delivery import ACCEPTED, Delivery, Letter, Outcome

log = structlog.get_logger()

#: Services whose requests carry headers that an address names: the receiver knows a repeat by ours.
_WITH_HEADERS = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
_MAIL = frozenset({"mailto", "mailtos"})
_STATUS = re.compile(r"error=(\d{3})")
#: What urllib3 and requests call it when a connection never came about, so that nothing can have been sent.
_NOT_CONNECTED = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|ConnectionRefused|Failed to establish|SSLCertVerification"
)


def send(address: str, letter: Letter) -> Delivery:
    """Hand a letter over once. Never raises, and never quotes the address: it holds passwords and tokens."""
    scheme = address.partition("://")[0].lower()
    if scheme == "log":
        log.info("message_to_people", message=letter.id, subject=letter.subject, text=letter.body)
        return ACCEPTED
    try:
        return _send(scheme, address, letter)
    except Exception as error:  # noqa: BLE001  # a plugin of apprise may raise anything; its text may hold the address
        return Delivery(
            outcome=Outcome.UNKNOWN, why=f"the service failed in an unforeseen way ({type(error).__name__})"
        )


def _send(scheme: str, address: str, letter: Letter) -> Delivery:
    heard = _listening()
    from apprise import Apprise, NotifyFormat

    if scheme in _WITH_HEADERS:
        address += f"{'&' if '?' in address else '?'}+Idempotency-Key={quote(letter.id)}"
    with heard:
        plugin = Apprise.instantiate(address)
        if not plugin:
            return Delivery(outcome=Outcome.REFUSED, why="apprise does not understand the address")
        if scheme in _MAIL:
            from worker.notify.mail import send_mail

            return send_mail(plugin, letter)
        accepted = plugin.notify(title=letter.subject, body=letter.body, body_format=NotifyFormat.TEXT)
    return ACCEPTED if accepted else heard.delivery()


class _Heard(logging.Handler):
    """What apprise logs in this thread: beside yes or no, it says nowhere else why."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._thread = threading.get_ident()
        self._lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._lines.append(record.getMessage())

    def __enter__(self) -> Self:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)

    def delivery(self) -> Delivery:
        """Return what a failure came to. Only a status and our own words get out."""
        said = "\n".join(self._lines)
        status = _STATUS.search(said)
        if status:
            return Delivery(outcome=Outcome.REFUSED, why=f"the service answered {status[1]}")
        if _NOT_CONNECTED.search(said):
            return Delivery(outcome=Outcome.REFUSED, why="the service cannot be reached")
        return Delivery(outcome=Outcome.UNKNOWN, why="the service did not say whether it took the message")


def _listening() -> _Heard:
    """Return what hears apprise. Its log holds addresses, so that none of it may reach ours."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    # What apprise posts with: it writes the path of each request, where many services have their token.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    return _Heard()
