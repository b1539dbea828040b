"""The composition root: Settings in, ASGI app out. The only module that knows every door."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import threading
import time
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.types import Receive, Scope, Send

from backroom.accounts.instance import instance_secret
from backroom.clock import now_ms
from backroom.config import Settings
from backroom.errors import Failure, Invalid, StoreFailed
from backroom.files.blobs import Blobs
from backroom.opening import open_database, shown_address
from backroom.projects.directory import Directory
from backroom.reports.purge import purge_deleted_projects
from backroom.reports.receipts import Receipts
from backroom.store import facets, search
from backroom.store.database import Database
from backroom.store.migrations import migrate
from backroom.upkeep.sweep import sweep_doomed
from backroom.web.dashboard import routes as dashboard
from backroom.web.dashboard.door import DashboardDoor
from backroom.web.http import Door, new_request_id
from backroom.web.key_usage import KeyUsage
from backroom.web.limits import RateLimits
from backroom.web.mcp import routes as mcp
from backroom.web.mcp.door import McpDoor, is_for_agents
from backroom.web.miniback import routes as miniback
from backroom.web.miniback.door import MinibackDoor
from backroom.web.ops import routes as ops
from backroom.web.ops.door import OpsDoor
from backroom.web.patchrooms import routes as patchrooms
from backroom.web.patchrooms.door import PatchroomsDoor
from backroom.web.shared import Shared
from backroom.web.widget import routes as widget
from backroom.web.widget.bundle import built_parts
from backroom.web.widget.door import WidgetDoor, is_ours
from backroom.web.widget.earlier import EarlierParts

log = structlog.get_logger("backroom")

SWEEP_SECONDS = 300
OPS_PATHS = ("/healthz", "/readyz", "/robots.txt", "/assets/")
GC_THRESHOLDS = (10_000, 50, 50)


class App:
    """The ASGI app: lifespan, a request id on every answer, and the door for each path."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.db = open_database(settings)
        self._blobs = open_blobs(settings)
        self._key_usage = KeyUsage(self.db)
        self._receipts = Receipts()
        self._parts = EarlierParts(settings.data / "widget")
        shared = Shared(
            db=self.db,
            directory=Directory(),
            blobs=self._blobs,
            limits=RateLimits(settings),
            key_usage=self._key_usage,
            receipts=self._receipts,
            settings=settings,
        )
        self._patchrooms: Door = PatchroomsDoor(patchrooms.OPERATIONS, shared)
        self._miniback: Door = MinibackDoor(miniback.OPERATIONS, shared)
        self._mcp: Door = McpDoor(mcp.OPERATIONS, shared)
        self._ops: Door = OpsDoor(ops.OPERATIONS, shared)
        self._widget: Door = WidgetDoor(widget.OPERATIONS, shared, self._parts)
        self._dashboard = DashboardDoor(dashboard.OPERATIONS, shared)
        self._answer = self._answer_logged if settings.access_log else self._answer_named
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    def start(self) -> None:
        """Opens the store, at the newest schema, and starts its writer; once. Raises Failure."""
        if self._started:
            return
        try:
            open_store(self.db)
        except Failure:
            self.db.close()
            raise
        self.db.start([search.index_next, facets.index_next, lambda tx: purge_deleted_projects(tx, now_ms())])
        self._receipts.open(self.db.write_now(instance_secret))
        self._parts.keep(built_parts())
        self._started = True
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)

    def end_streams(self) -> None:
        """Ends the answers that have no end of their own, for the server is about to stop."""
        self._dashboard.live.stop()

    async def _answer_named(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["request_id"] = new_request_id()
        await self._door_for(scope["path"])(scope, receive, send)

    async def _answer_logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, status = time.perf_counter(), 0

        async def send_noted(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._answer_named(scope, receive, send_noted)
        log.info(
            "request",
            method=scope["method"],
            path=scope["raw_path"].decode("ascii"),
            status=status,
            milliseconds=round((time.perf_counter() - start) * 1000, 1),
            request_id=scope["request_id"],
        )

    def _door_for(self, path: str) -> Door:
        if path.startswith("/api/v1/") or path == "/api/v1":
            return self._patchrooms
        if path.startswith("/api/") or path == "/api":
            return self._miniback
        if is_for_agents(path):
            return self._mcp
        if path.startswith(OPS_PATHS):
            return self._ops
        if is_ours(path):
            return self._widget
        return self._dashboard

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.start()
        except Failure as error:
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        sweeping = asyncio.create_task(self._sweep())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        sweeping.cancel()
        if await self._closed(max(1.0, self.settings.stop_timeout / 3)):
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await send({"type": "lifespan.shutdown.failed", "message": "The store didn't close in time."})

    async def _sweep(self) -> None:
        """Deletes the bytes of files that reports gave up, every few minutes, until it is cancelled."""
        while True:
            try:
                while await asyncio.to_thread(sweep_doomed, self.db, self._blobs, now_ms()):
                    pass
            except (Failure, OSError) as error:
                log.warning("sweep_failed", error=str(error))
            await asyncio.sleep(SWEEP_SECONDS)

    async def _closed(self, limit: float) -> bool:
        """Closes the store; whether that was done within `limit` seconds. What was acknowledged is on disk anyway."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            try:
                self._key_usage.close()
                self.db.close()
            finally:
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=close, name="backroom-close", daemon=True).start()
        try:
            await asyncio.wait_for(done.wait(), limit)
        except TimeoutError:
            return False
        return True


def open_blobs(settings: Settings) -> Blobs:
    """The place for files that the settings name. Raises Invalid."""
    try:
        return Blobs(settings.files_url, settings.files_path)
    except (ValueError, OSError) as error:
        where = settings.files_url or settings.files_path
        raise Invalid(f"The place for files, {where}, can't be opened: {error}") from error


def open_store(db: Database) -> None:
    """Brings the store to the newest schema. Raises Invalid for one that is newer still, StoreFailed."""
    try:
        migrate(db)
    except (DBAPIError, sqlite3.Error, OSError) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        reason = " ".join(str(original).split())
        raise StoreFailed(f"The store at {shown_address(db)} can't be opened: {reason}") from error
