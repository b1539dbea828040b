"""What has changed, told to every open page at once: one look at the change numbers serves them all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import structlog
from sqlalchemy import Connection, select

from backroom.errors import StoreFailed
from backroom.store.database import Database
from backroom.store.tables import changes

log = structlog.get_logger("backroom.web.dashboard")

LOOK_EVERY = 0.5
"""Seconds. A look costs some 20 µs and sees the writes of every process that shares the store."""

PING_EVERY = 20
"""Seconds. Proxies end a stream that says nothing for long."""


class Live:
    """The listeners of one process; belongs to the event loop's thread. Looks only while somebody listens."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wake: dict[asyncio.Event, frozenset[str]] = {}
        self._fresh: set[asyncio.Event] = set()
        self._looking: asyncio.Task[None] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Ends every stream, so that a server that stops needn't wait for them."""
        self._stopped = True
        for event in self._wake:
            event.set()

    async def follow(self, projects: Sequence[str]) -> AsyncIterator[bool]:
        """Yields True each time that reports of these projects have changed, False now and then when not.

        The first True comes once it looks: what changed between the reading of the page and that look is unheard.
        """
        event = asyncio.Event()
        self._wake[event] = frozenset(projects)
        self._fresh.add(event)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            while not self._stopped:
                changed = False
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), PING_EVERY)
                    changed = True
                event.clear()
                if not self._stopped:
                    yield changed
        finally:
            del self._wake[event]
            self._fresh.discard(event)
            if not self._wake and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        seen: dict[str, int] = {}
        while True:
            first, self._fresh = self._fresh, set()
            try:
                now = await self._db.read_short(_numbers, sorted(set().union(*self._wake.values())))
            except StoreFailed as error:
                log.warning("live_look_failed", error=error.message)
                now = seen
                self._fresh |= first
            changed = {name for name, n in now.items() if name in seen and seen[name] != n}
            for event, projects in self._wake.items():
                if changed & projects or event in first - self._fresh:
                    event.set()
            seen = now
            await asyncio.sleep(LOOK_EVERY)


def _numbers(conn: Connection, names: Sequence[str]) -> dict[str, int]:
    found = dict.fromkeys(names, 0)
    rows = conn.execute(select(changes.c.name, changes.c.n).where(changes.c.name.in_(names)))
    return found | {row.name: row.n for row in rows}
