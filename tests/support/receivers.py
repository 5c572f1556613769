"""The other ends of channels: a real SMTP server and a real HTTP receiver, as bad as a test wants them."""

import email
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from support.ports import free_port
from typing_extensions import override


class Mailbox:
    """An SMTP server on this machine, and what it has taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        #: Replies to the next messages instead of taking them; ``cut``: the message is taken, and the connection dies.
        self.replies: list[str] = []
        #: Recipients that it refuses.
        self.unknown: set[str] = set()
        self.port = free_port()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name and parameters
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del options
        if address in self.unknown:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802  # as above
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply.startswith(("250", "cut")):
            content = envelope.content
            assert isinstance(content, bytes)
            mail = email.message_from_bytes(content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.recipients.append(list(envelope.rcpt_tos))
        if reply == "cut":
            assert server.transport is not None
            server.transport.close()
        return reply

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, login: Any) -> AuthResult:
        right = isinstance(login, LoginPassword) and login.password == b"secret-4711"
        return AuthResult(success=right, handled=False)

    def texts(self) -> list[str]:
        return [mail.get_content().replace("\r\n", "\n") for mail in self.mails]

    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]


@contextmanager
def mailbox(*, sign_in: bool = False) -> Iterator[Mailbox]:
    """Yield a mail server; ``sign_in``: it wants a user and the password ``secret-4711``."""
    box = Mailbox()
    options: dict[str, Any] = {}
    if sign_in:
        options = {"authenticator": box.authenticate, "auth_required": True, "auth_require_tls": False}
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **options)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


class Webhook:
    """An HTTP receiver, and what it has taken."""

    def __init__(self) -> None:
        #: Key and body of each request that was taken.
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.requests = 0
        #: Statuses of the next answers; 0: the request is taken, and the connection dies without an answer.
        self.statuses: list[int] = []
        self.lock = threading.Lock()
        self.port = 0

    def answer(self, key: str, body: bytes) -> int:
        with self.lock:
            self.requests += 1
            status = self.statuses.pop(0) if self.statuses else 200
            if status in (0, 200):
                self.taken.append((key, json.loads(body)))
            return status

    def keys(self) -> list[str]:
        return [key for key, _ in self.taken]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Yield a receiver of JSON."""
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = hook.answer(self.headers.get("Idempotency-Key", ""), body)
            if not status:
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
