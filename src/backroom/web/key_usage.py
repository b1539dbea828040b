"""The calls of keys: counted in memory, written every few seconds, without anybody waiting for it."""

from __future__ import annotations

import contextlib
import threading

from backroom.clock import DAY
from backroom.errors import StoreFailed
from backroom.projects.usage import KeyUse, note_uses
from backroom.store.database import Database

FLUSH_SECONDS = 3.0
MOST_KEPT = 10_000


class KeyUsage:
    """The uses of keys in this process that aren't written yet. Safe to share between threads.

    The first use is written at once, what follows within `seconds` together. Whoever ends the process calls
    `close` before the store closes; a process that is killed loses the counts of its last seconds.
    """

    def __init__(self, db: Database, seconds: float = FLUSH_SECONDS) -> None:
        self._db = db
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, int], list[int]] = {}
        self._timer: threading.Timer | None = None

    def note(self, key: str, now: int) -> None:
        """Notes that the key with that id was used at `now` (ms)."""
        name = key, now // DAY
        with self._lock:
            use = self._waiting.get(name)
            if use is None:
                use = self._waiting[name] = [0, now]
            use[0] += 1
            use[1] = now
            if self._timer is not None and len(self._waiting) < MOST_KEPT:
                return
        self.flush()

    def flush(self) -> None:
        """Hands what was counted to the writer, and begins to gather anew; counts that it can't take are left out."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._gather() if waiting else None
            # Under the lock: what a timer has just taken is handed over, too, when `close` returns.
            if waiting:
                with contextlib.suppress(StoreFailed):
                    uses = [KeyUse(key, day, n, last) for (key, day), (n, last) in waiting.items()]
                    self._db.write_soon(note_uses, uses)

    def close(self) -> None:
        """Hands over what was counted, for the last time."""
        self.flush()
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _gather(self) -> threading.Timer:
        timer = threading.Timer(self._seconds, self.flush)
        timer.daemon = True
        timer.start()
        return timer
