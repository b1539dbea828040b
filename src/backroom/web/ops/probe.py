"""Whether the store takes a write, asked of it by writing."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection

from backroom.errors import StoreFailed
from backroom.store.changes import mark_changed
from backroom.store.database import Database

NAME = "ready"
"""The change number that a probe raises; nobody reads it."""


class Probe:
    """Writes once for all who ask at the same time. `limit` is in seconds."""

    def __init__(self, db: Database, limit: float) -> None:
        self._db = db
        self._limit = limit
        self._writing: asyncio.Task[None] | None = None

    async def check(self) -> None:
        """Returns once a write is on disk. Raises StoreFailed, at the latest after the limit.

        A write that hangs is waited for by every later caller, too: there is never more than one.
        """
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._db.write(_touch))
            self._writing.add_done_callback(_retrieve)
        try:
            await asyncio.wait_for(asyncio.shield(self._writing), self._limit)
        except TimeoutError:
            raise StoreFailed(f"The store has not taken a write within {self._limit:g} s.") from None


def _touch(tx: Connection) -> None:
    mark_changed(tx, [NAME])


def _retrieve(task: asyncio.Task[None]) -> None:
    """Whoever waited has been told; without this asyncio would complain of those that nobody waited for."""
    if not task.cancelled():
        task.exception()
