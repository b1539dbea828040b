"""Mail goes out by SMTP, and a password goes over TLS only."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from backroom.accounts.mail import MailFailed, SmtpServer, parse_smtp_url, send_mail
from tests.accounts.smtp import mail_server
from tests.harness.processes import free_port

SENDER = "Backroom <feedback@example.com>"
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's side, with a certificate for 127.0.0.1, and a client's that trusts it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*made, *named, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=certificate)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587, False, "", "")),
        ("smtp://mail.example:25/", SmtpServer("mail.example", 25, False, "", "")),
        ("smtps://me%40x.de:p%3A%2Fs@mail.example", SmtpServer("mail.example", 465, True, "me@x.de", "p:/s")),
        ("smtp://u:p@[::1]:2525", SmtpServer("::1", 2525, False, "u", "p")),
    ],
)
def test_addresses_of_servers(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://x/y", "smtp://x:99999"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"smtp://|Port"):
        parse_smtp_url(url)


def test_a_mail_arrives_as_it_was_written() -> None:
    text = "Grüße,\n\n.a line with a dot\nhttps://example.com/reset-password?token=" + "x" * 90 + "\n"
    with mail_server() as server:
        send_mail(f"smtp://127.0.0.1:{server.port}", SENDER, "you@example.com", "Ein neues Paßwort", text)
    (mail,) = server.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "you@example.com", "Ein neues Paßwort")
    assert mail.get_content().replace("\r\n", "\n") == text
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "mail FROM:<feedback@example.com>" in server.said


@needs_openssl
@pytest.mark.parametrize("at_once", [False, True])
def test_a_password_goes_over_tls(contexts: tuple[ssl.SSLContext, ssl.SSLContext], at_once: bool) -> None:
    theirs, ours = contexts
    scheme = "smtps" if at_once else "smtp"
    with mail_server(theirs, at_once=at_once, login="me:s3cret") as server:
        url = f"{scheme}://me:s3cret@127.0.0.1:{server.port}"
        send_mail(url, SENDER, "you@example.com", "Hello", "Hello\n", ours)
        assert len(server.mails) == 1
        with pytest.raises(MailFailed, match="535 wrong password"):
            send_mail(url.replace("s3cret", "other"), SENDER, "you@example.com", "Hello", "Hello\n", ours)
        assert len(server.mails) == 1


@needs_openssl
@pytest.mark.parametrize("at_once", [False, True])
def test_a_certificate_that_nobody_vouches_for_is_refused(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], at_once: bool
) -> None:
    with mail_server(contexts[0], at_once=at_once, login="me:s3cret") as server:
        url = f"{'smtps' if at_once else 'smtp'}://me:s3cret@127.0.0.1:{server.port}"
        with pytest.raises(MailFailed, match="certificate"):
            send_mail(url, SENDER, "you@example.com", "Hello", "Hello\n")
        assert server.mails == []
        assert not any("AUTH" in words for words in server.said)


def test_a_password_isnt_sent_in_the_clear() -> None:
    with mail_server(login="me:s3cret") as server:
        with pytest.raises(MailFailed, match="no TLS") as refused:
            send_mail(f"smtp://me:s3cret@127.0.0.1:{server.port}", SENDER, "you@example.com", "Hello", "Hello\n")
        assert not any("AUTH" in words for words in server.said)
        assert "s3cret" not in refused.value.message


@pytest.mark.parametrize(
    ("sender", "to", "subject"),
    [
        (SENDER, "refused@example.com", "Hello"),
        (SENDER, "you@example.com\r\nBcc: all@example.com", "Hello"),
        (SENDER, "you@example.com", "Hello\nBcc: all@example.com"),
    ],
)
def test_what_cant_be_sent_is_one_sentence(sender: str, to: str, subject: str) -> None:
    with mail_server() as server:
        with pytest.raises(MailFailed, match=r"^The mail server 127\.0\.0\.1 didn't accept the email: ") as refused:
            send_mail(f"smtp://127.0.0.1:{server.port}", sender, to, subject, "Hello\n")
        assert "\n" not in refused.value.message
        assert server.mails == []


def test_a_server_that_isnt_there() -> None:
    with pytest.raises(MailFailed, match="refused"):
        send_mail(f"smtp://127.0.0.1:{free_port()}", SENDER, "you@example.com", "Hello", "Hello\n")
