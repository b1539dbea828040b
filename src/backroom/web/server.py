"""The server: uvicorn with our protocol, from a bound socket to a graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

import structlog
from starlette.types import Receive, Scope, Send
from uvicorn import Config, Server

from backroom.config import Settings
from backroom.errors import Invalid
from backroom.web.logs import configure_logs, log_thread_failure, log_uncaught
from backroom.web.protocol import GuardedConfig, sweep_forever

log = structlog.get_logger("backroom.server")

BACKLOG = 2048
ACCEPTORS = 8
"""Listeners on the one socket. The event loop accepts one connection a listener and turn, so that with a single
one the last of 64 that come at once waits until the others have been answered 64 times (0.2 s at pages of 34 kB)."""

OTHER_FILES = 256
"""Files that are open besides connections: the store's, screenshots being read, sockets to PostgreSQL."""


class Program(Protocol):
    """An ASGI app that can be started before it is served, and ends its endless answers when it is to stop.

    `start` raises Failure.
    """

    def start(self) -> None: ...

    def end_streams(self) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


def serve(app: Program, settings: Settings, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; finishes what was accepted within two thirds of `stop_timeout`, then returns.

    `ready` is called with the address once it is served. Raises Failure, with one sentence for the operator,
    where it can't start. Ends the process with status 1 where the store takes nothing more at the stop.
    """
    configure_logs(settings)
    sys.excepthook, threading.excepthook = log_uncaught, log_thread_failure
    _allow_files(settings.max_connections)
    with _bind(host, port) as listening:
        app.start()
        server = GracefulServer(_config(app, settings), lambda: ready(_address(host, listening)), app.end_streams)
        server.run(sockets=[listening, *(listening.dup() for _ in range(ACCEPTORS - 1))])
    if server.lifespan.shutdown_failed:
        # Threads that wait for the store would keep the process for ever.
        sys.stderr.flush()
        os._exit(1)


def _config(app: Program, settings: Settings) -> GuardedConfig:
    return GuardedConfig(
        app,
        settings,
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=max(1, settings.stop_timeout * 2 // 3),
    )


class GracefulServer(Server):
    """uvicorn's server, which sweeps its connections, says when it is ready, and ends with status 0."""

    def __init__(self, config: Config, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping
        self._sweeping: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._sweeping = asyncio.create_task(sweep_forever(self.server_state))
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)
        if self._sweeping is not None:
            self._sweeping.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal again after the stop, so that the status tells of a kill."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _bind(host: str, port: int) -> socket.socket:
    """A bound socket that doesn't listen yet: until the store is open, a connection is refused at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        bound.bind(address)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Invalid(
            f"Can't listen on {host}, port {port}: {reason}. Choose others with --host and --port."
        ) from error
    return bound


def _address(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _allow_files(connections: int) -> None:
    """Raises the soft limit on open files, often 1,024, as far as it is needed and the hard one allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        log.warning("few_open_files", allowed=allowed, needed=needed)
