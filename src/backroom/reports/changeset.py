"""What one command changes in the end: counters, timelines, change numbers, each written once.

Rows of reports are locked and changed first, then the counters, then the change numbers: the order that every
writer takes, so that none waits for another in a circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection

from backroom.access import Actor
from backroom.ids import new_id
from backroom.reports.counters import Counted, add_to_counters
from backroom.reports.lookup import LockedReport
from backroom.store.changes import mark_changed
from backroom.store.prepared import insert_rows
from backroom.store.tables import events


class Changeset:
    """Collects, while a command of `actor` at `now` (ms) goes through reports, what `tallied` writes at its end."""

    def __init__(self, tx: Connection, actor: Actor, now: int) -> None:
        self.tx, self.actor, self.now = tx, actor, now
        self._sums: Counter[Counted] = Counter()
        self._projects: set[str] = set()
        self._events: list[tuple[Any, ...]] = []

    def touch(self, project: str) -> None:
        """Something of the project's reports changed."""
        self._projects.add(project)

    def count(self, moves: Iterable[tuple[LockedReport | None, LockedReport | None]]) -> None:
        """Reports as they were counted and as they are; None where there was none, or is none any more."""
        for before, after in moves:
            if before is not None:
                self._sums[before.counted()] -= 1
            if after is not None:
                self._sums[after.counted()] += 1

    def note(self, kind: str, entries: Iterable[tuple[LockedReport, dict[str, Any]]]) -> list[str]:
        """Adds an event to each report's timeline; returns their ids."""
        added = []
        for found, payload in entries:
            id_ = new_id(self.now)
            who = (self.actor.kind, self.actor.id)
            self._events.append((found.project, id_, found.id, self.now, *who, kind, msgspec.json.encode(payload)))
            added.append(id_)
        return added

    def write(self) -> None:
        """Writes all of it."""
        if self._events:
            insert_rows(self.tx, events, self._events)
        add_to_counters(self.tx, self._sums)
        mark_changed(self.tx, self._projects)


@contextmanager
def tallied(tx: Connection, actor: Actor, now: int) -> Iterator[Changeset]:
    """A changeset for the time of the block, written at its end."""
    changeset = Changeset(tx, actor, now)
    yield changeset
    changeset.write()
