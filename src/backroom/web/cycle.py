"""One request and its answer on a connection: uvicorn's cycle, with less work where an answer is whole at once."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from backroom.web.http import WITHOUT_BODY

PLAIN = bytes([9, *range(32, 127), *range(128, 256)])
"""What may be in a header: no control characters but the tab."""


class Cycle(RequestResponseCycle):
    """uvicorn's cycle, which sends the head of an answer together with the first piece of its body.

    Two writes are two system calls, two packets, and two wake-ups of the client: for a small answer they cost
    as much as parsing its request. Header names are in lower case already.
    """

    task: asyncio.Task[None]
    tasks: set[asyncio.Task[None]]
    head = b""

    async def run_asgi(self, app: Any) -> None:
        """Runs the request. A callback when the task is done, as uvicorn has one, would cost another turn of the
        loop."""
        try:
            await super().run_asgi(app)
        finally:
            self.tasks.discard(self.task)

    async def receive(self) -> Any:
        """The next piece of the body; without waiting where it is whole."""
        if self.more_body or not self.message_event.is_set() or self.disconnected or self.response_complete:
            return await super().receive()
        self.flow.resume_reading()
        self.message_event.clear()
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Takes the head, and keeps it until the body; sends a piece of the body."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if not self.response_started:
            self._start(message)
        elif self.head:
            head, self.head = self.head, b""
            if message.get("more_body", False) or not self._finish(head, message.get("body", b"")):
                self.transport.write(head)
                await super().send(message)
        else:
            await super().send(message)

    @property
    def is_answering(self) -> bool:
        """Whether some of the answer is on its way."""
        return self.response_started and not self.head

    def _start(self, message: Any) -> None:
        self.response_started = True
        self.waiting_for_100_continue = False
        status, headers = message["status"], [*self.default_headers, *message["headers"]]
        lines, ends = [STATUS_LINE[status]], 2
        for name, value in headers:
            if name == b"content-length":
                self.expected_content_length = int(value)
                self.chunked_encoding = False
            elif name == b"connection" and b"close" in value.lower():
                self.keep_alive = False
                continue
            lines += (name, b": ", value, b"\r\n")
            ends += 1
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
            ends += 1
        if self.chunked_encoding is None and status not in WITHOUT_BODY and self.scope["method"] != "HEAD":
            self.chunked_encoding = True
            lines.append(b"transfer-encoding: chunked\r\n")
            ends += 1
        lines.append(b"\r\n")
        head = b"".join(lines)
        if head.translate(None, PLAIN) != b"\r\n" * ends:
            raise RuntimeError("A header has a control character in it.")
        self.head = head

    def _finish(self, head: bytes, body: bytes) -> bool:
        """Sends the whole answer at once; False where it isn't the plain one that has the length it said."""
        if self.chunked_encoding or len(body) != self.expected_content_length:
            return False
        self.transport.write(head + body)
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True
