"""HTTP on one connection: uvicorn's protocol on httptools, guarded against clients that are too much or too slow.

A request that keeps to the limits pays for the guard with a few comparisons. Everything that takes time is
seen by a sweep over all connections once a second, which compares what it sees with what it saw before.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httptools
import structlog
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from backroom.config import Settings
from backroom.web.cycle import Cycle
from backroom.web.http import Answer, new_request_id, send_answer
from backroom.web.refusals import (
    OVERLOADED,
    TOO_MUCH_FRAMING,
    TOO_SLOW,
    Refusal,
    body_and_headers,
    refusal_bytes,
    refusal_of,
)

log = structlog.get_logger("backroom.server")

MOST_HEADERS = 100
BODY_RATE = 16 * 1024
"""Bytes per second that a body has to keep up beyond `request_timeout`: a long voice note over a bad line."""

SWEEP_SECONDS = 1.0
LINGER_SECONDS = 2.0
"""How long a client that was refused may be silent before its connection ends."""

LINGER_AT_MOST = 30.0
LINGER_BYTES = 128 * 1024 * 1024
"""What a client may go on sending after its answer, in all: many send all of a body before they read."""

DEAF = -1

ENCODED_SLASH = re.compile("%2[fF]")


class GuardedConfig(Config):
    """uvicorn's configuration, with our settings for the protocol."""

    def __init__(self, app: Any, settings: Settings, **options: Any) -> None:
        super().__init__(app, http=GuardedProtocol, **options)
        self.settings = settings


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on headers, time and connections, and clear JSON answers at them."""

    transport: LingeringTransport  # type: ignore[assignment]
    # None until the first request.
    cycle: Any
    scope: Any

    def __init__(
        self,
        config: GuardedConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings = config.settings
        self._room = config.settings.max_headers
        self._body = BodyMeter()
        self._delivered = 0
        self._seen: object = self
        self._seen_size = 0
        self._since = 0.0
        self._hurried = False

    # What uvicorn and httptools call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(LingeringTransport(self, transport))  # type: ignore[arg-type]
        most = self._settings.max_connections
        if len(self.connections) > most:
            self.app = self._refuse_overloaded
            self._hurried = True
            if len(self.connections) > 2 * most:
                self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if len(data) <= self._room:
            self._feed(data)
        elif self._room == DEAF:
            self.transport.discard(len(data))
        elif self._is_in_body():
            self._feed(data)
        else:
            # Headers within the limit end in the first part.
            room = self._room
            self._feed(data[:room])
            self.data_received(data[room:])

    def on_headers_complete(self) -> None:
        if len(self.headers) > MOST_HEADERS:
            raise Refusal(431, "HEADERS_TOO_LARGE", f"A request may have at most {MOST_HEADERS} headers.")
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise Refusal(501, "NOT_IMPLEMENTED", "The server is no proxy: it takes no CONNECT.")
            return
        self._describe()
        before = self.cycle
        self.cycle = self._new_cycle()
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_body(self, body: bytes) -> None:
        self._delivered += len(body)
        super().on_body(body)

    def _should_upgrade(self) -> bool:
        """Asked where the parser is about to: then what it tells of that request is passed over, for `_parse` has it
        read anew."""
        return True

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.tasks = self.tasks
        cycle.task = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(cycle.task)

    def on_response_complete(self) -> None:
        # A timer per answer, as uvicorn sets one for idle connections, is what the sweep is for.
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()

    # What uvicorn does in one go, with a cycle of our own

    def _describe(self) -> None:
        url, scope = httptools.parse_url(self.url), self.scope
        raw_path = url.path or b"/"
        path = raw_path.decode("ascii")
        scope["method"] = self.parser.get_method().decode("ascii")
        scope["http_version"] = self.parser.get_http_version()
        scope["path"] = _decoded(path) if "%" in path else path
        scope["raw_path"] = raw_path
        scope["query_string"] = url.query or b""

    def _new_cycle(self) -> Cycle:
        return Cycle(
            scope=self.scope,
            transport=self.transport,  # type: ignore[arg-type]
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=self.scope["http_version"] != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    # Limits on what arrives

    def _feed(self, data: bytes) -> None:
        cycle = self.cycle
        was_in_body = cycle is not None and cycle.more_body and cycle.scope is self.scope
        before = self._delivered
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            self.refuse(refusal_of(error))
            return
        if was_in_body and not self._body.takes(cycle, len(data), self._delivered - before, self._settings):
            self.refuse(TOO_MUCH_FRAMING)
        elif self._is_in_head():
            began_here = was_in_body or cycle is not self.cycle
            self._count_head(0 if began_here else len(data))
        elif self._room != DEAF:
            self._room = self._settings.max_headers

    def _parse(self, data: bytes | memoryview) -> None:
        """Raises HttpParserError. Nothing here is upgraded to: a request that offers it is answered as if it didn't.

        The parser ends such a request at its head, for it takes all that follows for another protocol. So another one
        reads the head without the offer, and then what follows.
        """
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                data = memoryview(data)[offer.args[0] :]
            head = self._head_without_offer()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(head)

    def _head_without_offer(self) -> bytes:
        start = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = [b"%b:%b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([start, *lines, b"", b""])

    def _count_head(self, size: int) -> None:
        self._room = (self._settings.max_headers if not size else self._room) - size
        if self._room <= 0:
            most = self._settings.max_headers
            self.refuse(
                Refusal(431, "HEADERS_TOO_LARGE", f"A request's line and headers may have at most {most:,} bytes.")
            )

    def _is_in_head(self) -> bool:
        return self.scope is not None and (self.cycle is None or self.cycle.scope is not self.scope)

    def _is_in_body(self) -> bool:
        return self.cycle is not None and self.cycle.more_body and self.cycle.scope is self.scope

    def is_receiving(self) -> bool:
        """Whether a request has begun and isn't whole."""
        return self._is_in_head() or self._is_in_body()

    # Limits on time

    def sweep(self, now: float) -> None:
        """Ends the connection where nothing has moved for too long. `now` is the loop's time, in seconds."""
        unsent = self.transport.get_write_buffer_size()
        if unsent:
            if self._stays(self.cycle, unsent, now, self._settings.request_timeout):
                self.transport.abort()
        elif self.transport.is_lingering:
            until = self.transport.lingers_since + (LINGER_SECONDS if self._hurried else LINGER_AT_MOST)
            if now >= until or self._stays(self.transport, self.transport.discarded, now, LINGER_SECONDS):
                self.transport.abort()
        elif self._is_waiting_for_client():
            if self._stays(self.scope, 0, now, self._time_to_send()):
                self.refuse(TOO_SLOW)
        elif self.cycle is not None and not self.cycle.response_complete:
            self._seen = self
        elif self._stays(self.cycle, 0, now, self._time_to_idle()):
            self.transport.close()

    def _is_waiting_for_client(self) -> bool:
        if self._is_in_head():
            return self.cycle is None or self.cycle.response_complete
        return self._is_in_body() and not self.cycle.response_complete and not self.flow.read_paused

    def _time_to_send(self) -> float:
        if self._hurried:
            return LINGER_SECONDS
        received = self._body.received if self._is_in_body() and self._body.cycle is self.cycle else 0
        return self._settings.request_timeout + received / BODY_RATE

    def _time_to_idle(self) -> float:
        if self._hurried:
            return LINGER_SECONDS
        return self._settings.request_timeout if self.cycle is None else self._settings.keep_alive_timeout

    def _stays(self, thing: object, size: int, now: float, limit: float) -> bool:
        """Whether the connection has been at this very thing, with this size, for `limit` seconds."""
        if self._seen is not thing or self._seen_size != size:
            self._seen, self._seen_size, self._since = thing, size, now
        return now - self._since >= limit

    # Refusing

    def refuse(self, refusal: Refusal) -> None:
        """Takes nothing more on this connection, and says why where that doesn't spoil an answer."""
        self.stop_listening()
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            # An earlier request is whole: it gets its answer, with which the connection closes.
            cycle.keep_alive = False
            return
        answered = self._is_in_body() and cycle.is_answering
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if not answered:
            request_id = new_request_id()
            self.transport.write(refusal_bytes(refusal, self.server_state.default_headers, request_id))
            self._log(refusal, request_id)
        self.transport.close()

    async def _refuse_overloaded(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """The ASGI app of the connections beyond `max_connections`."""
        scope["request_id"] = new_request_id()
        body, headers = body_and_headers(OVERLOADED)
        await send_answer(scope, send, Answer(OVERLOADED.status, body, [*headers, (b"retry-after", b"1")]))
        self._log(OVERLOADED, scope["request_id"])

    def _log(self, refusal: Refusal, request_id: str) -> None:
        if self._settings.access_log:
            log.info("request_refused", status=refusal.status, error=str(refusal), request_id=request_id)

    def stop_listening(self) -> None:
        """From now on, what arrives is dropped."""
        self._room = DEAF


class BodyMeter:
    """What has arrived of a body that comes in several pieces. Sizes in bytes."""

    def __init__(self) -> None:
        self.cycle: object = None
        self.received = 0
        self._framing = 0
        self._late = 0

    def takes(self, cycle: Any, received: int, delivered: int, settings: Settings) -> bool:
        """Counts a piece, of which `delivered` bytes were the body's own. False once chunk sizes, extensions and
        trailers outweigh the body itself, or far too much has come after an early answer."""
        if self.cycle is not cycle:
            self.cycle, self.received, self._framing, self._late = cycle, 0, 0, 0
        self.received += received
        self._framing += received - delivered
        if cycle.response_complete:
            self._late += received
        return self._late <= LINGER_BYTES and self._framing <= settings.max_headers + self.received - self._framing


class LingeringTransport:
    """A connection's transport whose `close` lets a client that is still sending read the answer first.

    A socket that is closed with unread bytes in it is reset, and the client may lose the answer.
    """

    def __init__(self, protocol: GuardedProtocol, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport
        self.discarded = 0
        self.is_lingering = False
        self.lingers_since = 0.0
        # What every request calls, without a hop in between.
        self.write = transport.write
        self.is_closing: Callable[[], bool] = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        """Closes at once, or first only for writing where a request is still arriving."""
        if self.is_lingering:
            return
        if self._transport.is_closing() or not self._protocol.is_receiving():
            self._transport.close()
            return
        self.is_lingering = True
        self.lingers_since = self._protocol.loop.time()
        self.is_closing = lambda: True
        self._protocol.stop_listening()
        self._transport.write_eof()
        self._transport.resume_reading()

    def discard(self, size: int) -> None:
        """Drops what arrived after the answer; ends the connection where that goes on and on."""
        self.discarded += size
        if self.discarded > LINGER_BYTES:
            self._transport.abort()


async def sweep_forever(state: ServerState) -> None:
    """Looks after the server's connections once a second, until it is cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        now = loop.time()
        for connection in list(state.connections):
            try:
                if isinstance(connection, GuardedProtocol):
                    connection.sweep(now)
            except Exception:
                log.exception("sweep_failed")


def _decoded(path: str) -> str:
    """The path's characters, but for an encoded slash: it divides no segments, and no name of ours has one."""
    return "%2F".join(map(unquote, ENCODED_SLASH.split(path)))
