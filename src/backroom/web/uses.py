"""When keys were last used: noted at most once a minute each, without anybody waiting for it."""

from __future__ import annotations

import contextlib

from backroom.clock import MINUTE
from backroom.errors import StoreFailed
from backroom.projects.commands import mark_key_used
from backroom.store.database import Database

MOST_KEPT = 10_000


class KeyUses:
    """The minutes in which keys were noted as used, by this process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._noted: dict[str, int] = {}

    def note(self, key: str, now: int) -> None:
        """Notes that the key with that id was used at `now` (ms); a note that can't be written is left out."""
        if now - self._noted.get(key, 0) < MINUTE:
            return
        if len(self._noted) >= MOST_KEPT:
            self._noted.clear()
        self._noted[key] = now
        with contextlib.suppress(StoreFailed):
            self._db.write_soon(mark_key_used, key, now)
