"""A small mail server, on a free port of 127.0.0.1, that keeps what it is sent."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, BinaryIO, cast


class MailServer(socketserver.ThreadingTCPServer):
    """`login` is what it wants to be told, if anything; addresses with `refused` in them it doesn't take.

    With `tls` it speaks TLS: by STARTTLS, or from the first byte on where `at_once`.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, tls: ssl.SSLContext | None = None, *, at_once: bool = False, login: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.tls = tls
        self.at_once = at_once
        self.login = login
        self.mails: list[EmailMessage] = []
        self.said: list[str] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, *, at_once: bool = False, login: str = "") -> Iterator[MailServer]:
    """A mail server for the time of the block."""
    with MailServer(tls, at_once=at_once, login=login) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Talk(socketserver.BaseRequestHandler):
    server: MailServer
    file: BinaryIO

    def handle(self) -> None:
        self.secure = False
        if self.server.tls is not None and self.server.at_once:
            self._wrap()
        self.file = self._open()
        try:
            self._say("220 here")
            while line := self.file.readline():
                words = line.decode().strip()
                self.server.said.append(words)
                if not self._answer(words):
                    break
        except (OSError, ssl.SSLError):
            return
        finally:
            self.file.close()
            self.request.close()

    def _answer(self, words: str) -> bool:
        command = words.upper()
        if command.startswith("EHLO"):
            offers = [] if self.secure or self.server.tls is None else ["STARTTLS"]
            self._say("\r\n".join(f"250-{offer}" for offer in ["here", *offers, "AUTH PLAIN"]) + "\r\n250 SMTPUTF8")
        elif command == "STARTTLS":
            self._say("220 go on")
            self.file.close()
            self._wrap()
            self.file = self._open()
        elif command.startswith("AUTH PLAIN"):
            told = base64.b64decode(words.split()[2]).decode()
            self._say("235 welcome" if told == f"\0{self.server.login.replace(':', chr(0))}" else "535 wrong password")
        elif command.startswith("RCPT") and "REFUSED" in command:
            self._say("550 no such mailbox")
        elif command == "DATA":
            self._say("354 go on")
            self._keep()
            self._say("250 kept")
        else:
            self._say("221 bye" if command == "QUIT" else "250 yes")
        return command != "QUIT"

    def _keep(self) -> None:
        lines = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.mails.append(message)

    def _wrap(self) -> None:
        assert self.server.tls is not None
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.secure = True

    def _open(self) -> BinaryIO:
        return cast("BinaryIO", self.request.makefile("rb"))

    def _say(self, words: str) -> None:
        self.request.sendall(f"{words}\r\n".encode())
