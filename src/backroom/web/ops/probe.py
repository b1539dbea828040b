"""Whether the store takes a write, asked of it by writing, and whether there is room for more than that."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from sqlalchemy import Connection

from backroom.errors import StoreFailed
from backroom.store.changes import mark_changed
from backroom.store.database import Database

LEAST_ROOM = 512 * 1024
"""Bytes that must be free beside SQLite's file: where there are fewer, the probe's few may be the last that fit."""

NAME = "ready"
"""The change number that a probe raises; nobody reads it."""


class Probe:
    """Writes once for all who ask at the same time. `limit` is in seconds."""

    def __init__(self, db: Database, limit: float) -> None:
        self._db = db
        self._limit = limit
        self._writing: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Returns once a write is on disk, with room for more. Raises StoreFailed, at the latest after the limit.

        A write that hangs is waited for by every later caller, too: there is never more than one.
        """
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
            self._writing.add_done_callback(_retrieve)
        try:
            await asyncio.wait_for(asyncio.shield(self._writing), self._limit)
        except TimeoutError:
            raise StoreFailed(f"The store has not taken a write within {self._limit:g} s.") from None

    async def _write(self) -> None:
        await self._db.write(_touch)
        if self._db.path is not None:
            await asyncio.to_thread(_check_room, self._db.path.parent)


def _check_room(folder: Path) -> None:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StoreFailed(f"The store's folder can't be looked at: {error.strerror}.") from error
    if free < LEAST_ROOM:
        raise StoreFailed("The disk is as good as full. Make room on it.")


def _touch(tx: Connection) -> None:
    mark_changed(tx, [NAME])


def _retrieve(task: asyncio.Task[None]) -> None:
    """Whoever waited has been told; without this asyncio would complain of those that nobody waited for."""
    if not task.cancelled():
        task.exception()
