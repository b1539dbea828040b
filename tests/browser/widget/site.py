"""Another site: it serves the pages that a test writes, and may stand between the widget and the server.

What is sent to `/api/` here goes on to the server, unless the test says how it fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import httpx

CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "content-type, x-feedback-source, idempotency-key",
    "access-control-expose-headers": "Retry-After",
}


@dataclass(frozen=True)
class Page:
    """What an address answers."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """How a request fails: with a status, or with silence where it is None."""

    status: int | None
    body: bytes = b'{"error":"Something is wrong"}'
    headers: dict[str, str] = field(default_factory=dict)


class Site:
    """A small HTTP server of its own. `fault` is asked about every report that is sent through it, by its number."""

    def __init__(self, backroom: str) -> None:
        self.backroom = backroom
        self.pages: dict[str, Page] = {}
        self.sent = 0
        self.fault: Callable[[int], Fault | None] = lambda _: None
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        # It looks so often, in seconds, whether it is to end: every test has a site of its own.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing: the test's own output is enough."""

            def do_GET(self) -> None:
                page = site.pages.get(self.path.split("?")[0])
                if page is None:
                    self.answer(404, b"", "text/plain", {})
                else:
                    self.answer(200, page.body, page.kind, page.headers)

            def do_OPTIONS(self) -> None:
                self.answer(204, b"", "text/plain", CORS)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                site.sent += 1
                fault = site.fault(site.sent)
                if fault is None:
                    self.pass_on(body)
                elif fault.status is None:
                    site.closing.wait(60)
                    self.close_connection = True
                else:
                    self.answer(fault.status, fault.body, "application/json", CORS | fault.headers)

            def pass_on(self, body: bytes) -> None:
                kept = ("content-type", "x-feedback-source", "idempotency-key")
                headers = {name: value for name, value in self.headers.items() if name.lower() in kept}
                answer = httpx.post(site.backroom + self.path, content=body, headers=headers)
                self.answer(answer.status_code, answer.content, answer.headers["content-type"], CORS)

            def answer(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in ({"content-type": kind, "content-length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Handler
