"""Ids in the form of MongoDB's ObjectId: 24 hex digits that sort by the time they were made.

Four bytes of seconds, five random bytes per process, three bytes of counter
(source: Patchrooms dialect, "REST", `:projectId`).
"""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

ID = re.compile(r"[0-9a-f]{24}\Z")
LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
COUNTER_LIMIT = 1 << 24
COUNTER_START_LIMIT = 1 << 20
LAST_SECOND = 0xFFFFFFFF


class IdMaker:
    """Makes ids that strictly increase within one process, whatever the clock does.

    A clock that steps back is ignored until it has caught up; a counter that
    runs over takes the next second early.
    """

    def __init__(self, node: bytes | None = None) -> None:
        self._node = (node or os.urandom(5)).hex()
        self._second = 0
        self._counter = 0
        self._lock = threading.Lock()

    def make(self, now: int) -> str:
        """A new id, later than every one before it. `now` is in milliseconds since the epoch."""
        with self._lock:
            second = now // 1000
            if second > self._second:
                self._second = second
                self._counter = secrets.randbelow(COUNTER_START_LIMIT)
            else:
                self._counter += 1
                if self._counter >= COUNTER_LIMIT:
                    self._second += 1
                    self._counter = 0
            return f"{self._second:08x}{self._node}{self._counter:06x}"


_maker = IdMaker()


def _renew() -> None:
    global _maker
    _maker = IdMaker()


os.register_at_fork(after_in_child=_renew)


def new_id(now: int | None = None) -> str:
    """A new id of this process. `now` is in milliseconds since the epoch, the system's clock if left out."""
    return _maker.make(time.time_ns() // 1_000_000 if now is None else now)


@contextmanager
def ids_of_the_past() -> Iterator[None]:
    """Lets this process give ids of moments before those that it gave ids for already, for the time of the block.

    Within it they increase as ever. For who writes a history down, such as sample data.
    """
    global _maker
    before, _maker = _maker, IdMaker()
    try:
        yield
    finally:
        _maker = before


def id_at(moment: int) -> str:
    """An id for something that happened at `moment` (milliseconds since the epoch), such as an imported report.

    Unlike `new_id` it doesn't increase: its place among the other ids is its moment.
    """
    return f"{_second(moment):08x}{secrets.token_hex(8)}"


def first_id_at(moment: int) -> str:
    """The smallest id of the second that `moment` (milliseconds since the epoch) lies in."""
    return f"{_second(moment):08x}{'0' * 16}"


def moment_of(id_: str) -> int:
    """The first moment (milliseconds since the epoch) of the second that the id names."""
    return int(id_[:8], 16) * 1000


def _second(moment: int) -> int:
    return min(max(moment // 1000, 0), LAST_SECOND)


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id: 24 lowercase hex digits."""
    return ID.match(text) is not None


def random_text(length: int) -> str:
    """`length` characters of [A-Za-z0-9] from the system's secure random source."""
    return "".join(secrets.choice(LETTERS_AND_DIGITS) for _ in range(length))
