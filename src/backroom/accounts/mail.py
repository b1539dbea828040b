"""Sends plain-text email by SMTP. It blocks, so it runs in a thread."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from backroom.errors import Failure

TIMEOUT = 20
"""Seconds for each step of the SMTP conversation."""

PORTS = {"smtp": 587, "smtps": 465}


class MailFailed(Failure):
    """The mail server couldn't be reached or rejected the email."""


class SmtpServer(NamedTuple):
    """A mail server. With `tls`, TLS starts with the first byte; without it, with STARTTLS if the server offers it."""

    host: str
    port: int
    tls: bool
    user: str
    password: str


def parse_smtp_url(url: str) -> SmtpServer:
    """The server in `smtp://user:password@host:587` or `smtps://…`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("smtp://user:password@host:587 or smtps://user:password@host")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.hostname, parts.port or PORTS[parts.scheme], parts.scheme == "smtps", user, password)


def send_mail(url: str, sender: str, to: str, subject: str, text: str, context: ssl.SSLContext | None = None) -> None:
    """Sends `text` to one address. The password is only ever sent over TLS. Raises MailFailed.

    `context` verifies the server's certificate; the default trusts the system's authorities.
    """
    server = parse_smtp_url(url)
    try:
        message = _message(sender, to, subject, text)
        with _connected(server, context or ssl.create_default_context()) as smtp:
            smtp.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailFailed(f"The mail server {server.host} didn't accept the email: {_reason(error)}") from error


def _message(sender: str, to: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _connected(server: SmtpServer, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    try:
        smtp.ehlo_or_helo_if_needed()
        if not server.tls and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo()
        elif not server.tls and server.password:
            raise smtplib.SMTPException("it offers no TLS, and the password isn't sent without")
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _reason(error: Exception) -> str:
    """What went wrong, in one line. It never contains what was sent, which may be a password."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {' '.join(said.split())}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "it refused the address"
    return " ".join(str(error).split()) or type(error).__name__
