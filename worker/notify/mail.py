"""Mail by SMTP, so that it is known at every step whether the server has taken a message.

The address is read by apprise (``mailto://``, ``mailtos://``); apprise itself would send each attempt under a new
``Message-ID``, and answers no more than whether it worked.
"""

import smtplib
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Any

import structlog

from worker.notify.delivery import ACCEPTED, Delivery, Letter, Outcome

log = structlog.get_logger()

#: Seconds for each step of the conversation.
_PATIENCE = 15.0
_OK = (250, 251)
#: Lines end as SMTP wants them, and no server needs to take eight bits.
_POLICY = SMTP.clone(cte_type="7bit")


def send_mail(plugin: Any, letter: Letter) -> Delivery:
    """Send to all recipients in one transaction; ``plugin`` is apprise's ``NotifyEmail`` with the address' parts."""
    recipients = [address for _, address in plugin.targets] + [*plugin.cc, *plugin.bcc]
    try:
        with _connected(plugin) as smtp:
            return _transaction(smtp, plugin, letter, recipients)
    except smtplib.SMTPAuthenticationError:
        return _refused("the mail server does not accept user and password")
    except (smtplib.SMTPException, OSError) as error:
        return _refused(f"the mail server cannot be reached, or not over TLS ({type(error).__name__})")


def _connected(plugin: Any) -> smtplib.SMTP:
    """Return a session that is secured and signed in as the address says."""
    context = ssl.create_default_context()
    if not plugin.verify_certificate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if plugin.secure_mode == "ssl":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(plugin.smtp_host, plugin.port, timeout=_PATIENCE, context=context)
    else:
        smtp = smtplib.SMTP(plugin.smtp_host, plugin.port, timeout=_PATIENCE)
    try:
        if plugin.secure_mode == "starttls":
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if plugin.user and plugin.password:
            smtp.login(plugin.user, plugin.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _transaction(smtp: smtplib.SMTP, plugin: Any, letter: Letter, recipients: list[str]) -> Delivery:
    sender = plugin.from_addr[1]
    code, _ = smtp.mail(sender)
    if code not in _OK:
        return _refused(f"the mail server refuses the sender ({code})")
    codes = [smtp.rcpt(recipient)[0] for recipient in recipients]
    taken = sum(code in _OK for code in codes)
    if not taken:
        return _refused(f"the mail server refuses every recipient ({codes[0] if codes else 'there is none'})")
    try:
        code, _ = smtp.data(_message(plugin, letter).as_bytes())
    except smtplib.SMTPDataError as error:
        return _refused(f"the mail server refuses the message ({error.smtp_code})")
    except (smtplib.SMTPException, OSError) as error:
        why = f"the mail server did not say whether it took the message ({type(error).__name__})"
        return Delivery(outcome=Outcome.UNKNOWN, why=why)
    if code not in _OK:
        return _refused(f"the mail server refuses the message ({code})")
    if taken < len(codes):
        log.warning("mail_recipients_refused", message=letter.id, refused=len(codes) - taken, of=len(codes))
    return ACCEPTED


def _message(plugin: Any, letter: Letter) -> EmailMessage:
    name, sender = plugin.from_addr
    domain = Address(addr_spec=sender).domain
    message = EmailMessage(policy=_POLICY)
    message["From"] = formataddr((name or "opter-economic", sender))
    message["To"] = ", ".join(address for _, address in plugin.targets)
    if plugin.cc:
        message["Cc"] = ", ".join(sorted(plugin.cc))
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{letter.id}@{domain}>"
    # Keeps holiday replies away (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


def _refused(why: str) -> Delivery:
    return Delivery(outcome=Outcome.REFUSED, why=why)
