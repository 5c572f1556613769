"""Letters handed over to a real mail server and a real receiver: what became of them is known, or said not to be."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs
from support.ports import free_port
from support.receivers import mailbox, webhook

from worker.notify.channels import send
from worker.notify.delivery import ACCEPTED, Delivery, Letter, Outcome


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Give what reaches the root logger at any level, as an installation with `debug` has it."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, handler = logging.getLogger(), Kept()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


LETTER = Letter(id="m0123456789", subject="Periode 2026-47A: 3 skal rettes, æøå", body="Første linje\n\n.\nSidste ø")


def test_a_mail_is_one_message_to_all_under_its_own_id() -> None:
    """Copies and all; a second attempt is the same message to every mail program."""
    with mailbox() as box:
        address = f"mailto://127.0.0.1:{box.port}?from=opter@haulier.example&to=a@b.example,c@d.example&mode=insecure"
        first, second = send(address, LETTER), send(address, LETTER)
        mail = box.mails[0]

    assert (first, second) == (ACCEPTED, ACCEPTED)
    assert box.recipients[0] == ["a@b.example", "c@d.example"]
    assert box.ids() == ["<m0123456789@haulier.example>"] * 2
    assert (mail["Subject"], mail["Auto-Submitted"]) == (LETTER.subject, "auto-generated")
    assert mail.get_content().replace("\r\n", "\n") == LETTER.body + "\n"


@pytest.mark.parametrize(
    ("reply", "outcome", "why"),
    [
        ("451 later", Outcome.REFUSED, "the mail server refuses the message (451)"),
        ("554 spam", Outcome.REFUSED, "the mail server refuses the message (554)"),
        ("cut", Outcome.UNKNOWN, "the mail server did not say whether it took the message"),
    ],
)
def test_what_a_mail_server_says_to_a_message(reply: str, outcome: Outcome, why: str) -> None:
    """No answer after the message is no refusal: it may have been taken."""
    with mailbox() as box:
        box.replies = [reply]
        address = f"mailto://127.0.0.1:{box.port}?from=o@h.example&to=a@b.example&mode=insecure"
        delivery = send(address, LETTER)

    assert delivery.outcome is outcome
    assert delivery.why.startswith(why)


def test_a_recipient_that_is_refused_does_not_keep_the_others_from_theirs() -> None:
    """With no recipient left, it is a refusal."""
    with mailbox() as box, capture_logs() as logs:
        box.unknown = {"a@b.example"}
        both = f"mailto://127.0.0.1:{box.port}?from=o@h.example&to=a@b.example,c@d.example&mode=insecure"
        nobody = f"mailto://127.0.0.1:{box.port}?from=o@h.example&to=a@b.example&mode=insecure"
        deliveries = send(both, LETTER), send(nobody, LETTER)

    assert deliveries[0] == ACCEPTED
    assert deliveries[1] == Delivery(outcome=Outcome.REFUSED, why="the mail server refuses every recipient (550)")
    assert box.recipients == [["c@d.example"]]
    assert [(line["event"], line["refused"]) for line in logs] == [("mail_recipients_refused", 1)]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("password", ["secret-4711", "wrong"])
def test_a_mail_server_that_wants_a_password(password: str) -> None:
    """A wrong one is a refusal that says so; it is quoted nowhere."""
    with mailbox(sign_in=True) as box:
        address = f"mailto://kim:{password}@127.0.0.1:{box.port}?from=o@h.example&to=a@b.example&mode=insecure"
        delivery = send(address, LETTER)

    right = password == "secret-4711"
    assert (delivery.outcome is Outcome.ACCEPTED, len(box.mails)) == (right, int(right))
    assert right or delivery.why == "the mail server does not accept user and password"


def test_a_webhook_knows_a_repeat_by_its_key() -> None:
    """The same at every attempt; the text goes as JSON."""
    with webhook() as hook:
        deliveries = [send(f"json://127.0.0.1:{hook.port}/opter?x=1", LETTER) for _ in "ab"]
        (_, body), _ = hook.taken

    assert deliveries == [ACCEPTED, ACCEPTED]
    assert hook.keys() == ["m0123456789"] * 2
    assert (body["title"], body["message"]) == (LETTER.subject, LETTER.body)


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        (503, Delivery(outcome=Outcome.REFUSED, why="the service answered 503")),
        (403, Delivery(outcome=Outcome.REFUSED, why="the service answered 403")),
        (0, Delivery(outcome=Outcome.UNKNOWN, why="the service did not say whether it took the message")),
    ],
)
def test_what_a_service_answers(status: int, delivery: Delivery) -> None:
    """No answer is no refusal."""
    with webhook() as hook:
        hook.statuses = [status]
        found = send(f"json://127.0.0.1:{hook.port}", LETTER)

    assert (found, hook.requests) == (delivery, 1)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("json://127.0.0.1:{}/token-4711", "the service cannot be reached"),
        (
            "mailto://kim:token-4711@127.0.0.1:{}?from=o@h.example&to=a@b.example&mode=insecure",
            "the mail server cannot",
        ),
        ("nonsense://token-4711", "apprise does not understand the address"),
        ("slack://token-4711", "apprise does not understand the address"),
    ],
)
def test_where_nothing_listens_nothing_was_sent(address: str, why: str, capfd: pytest.CaptureFixture[str]) -> None:
    """It is a refusal, so that no reader is ever warned of a repeat; and no log holds the address."""
    with capture_logs() as logs, everything_logged() as lines:
        delivery = send(address.format(free_port()), LETTER)
    shown = capfd.readouterr()

    assert delivery.outcome is Outcome.REFUSED
    assert delivery.why.startswith(why)
    assert "4711" not in delivery.why + str(lines) + str(logs) + shown.out + shown.err


def test_the_log_is_a_channel_too() -> None:
    """For a trial, or for whoever reads logs by machine."""
    with capture_logs() as logs:
        assert send("log://", LETTER) == ACCEPTED

    assert [(line["event"], line["message"], line["subject"]) for line in logs] == [
        ("message_to_people", LETTER.id, LETTER.subject)
    ]
