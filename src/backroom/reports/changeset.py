"""What a command changes, collected while it goes through reports and written once at its end.

The counters of a project are rows that all its reports share, and so is its change number. So every writer takes locks
in one order, and no two wait for each other in a circle (on PostgreSQL a deadlock costs everybody in it a second; 180
status changes took 12 s with them, 0.3 s without: docs/decisions/0001):

1. the rows of reports, by project and id (`lookup.lock_reports`);
2. the counters, sorted by their keys (`counters.add_to_counters`);
3. the change numbers, sorted by project (`store.changes.mark_changed`).

Timelines and the audit log only get new rows, which nobody waits for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, NamedTuple, ParamSpec

import msgspec
from sqlalchemy import Connection

from backroom.access import Actor
from backroom.ids import new_id
from backroom.projects.audit import note
from backroom.projects.queries import get_reached
from backroom.reports.counters import Counted, add_to_counters
from backroom.reports.lookup import LockedReport, by_project, lock_reports
from backroom.reports.timeline import AGENT, NOTE, REPLY
from backroom.store.changes import mark_changed
from backroom.store.prepared import insert_rows
from backroom.store.tables import events

P = ParamSpec("P")

AUDIT_ACTIONS = {
    "created": "report.create",
    "assignee": "report.assign",
    NOTE: "report.comment",
    REPLY: "report.comment",
}
"""What the audit log calls an event whose kind isn't the action's name."""


class Changed(NamedTuple):
    """A report that a command changed: `report` is it as it was found, `before` and `after` the value that changed.

    A status, a channel's key, an assignee's id (None: nobody), a label, a commit's hash; of a comment `after` is the
    event's id; both are None for a report that was deleted.
    """

    report: LockedReport
    before: str | None = None
    after: str | None = None


class Changeset:
    """Collects what a command of `actor` at `now` (ms) has to write at its end."""

    def __init__(self, tx: Connection, actor: Actor, now: int) -> None:
        self.tx, self.actor, self.now = tx, actor, now
        self._sums: Counter[Counted] = Counter()
        self._projects: set[str] = set()
        self._events: list[tuple[Any, ...]] = []
        self._audit: list[tuple[LockedReport, str, dict[str, Any]]] = []

    def touch(self, project: str) -> None:
        """Raises the project's change number, by which lists and pages find out that they are old."""
        self._projects.add(project)

    def count(self, moves: Iterable[tuple[LockedReport | None, LockedReport | None]]) -> None:
        """Counts reports as they are instead of as they were; None where there was none, or is none any more."""
        for before, after in moves:
            if before is not None:
                self._sums[before.counted()] -= 1
            if after is not None:
                self._sums[after.counted()] += 1

    def add_event(self, report: LockedReport, kind: str, payload: dict[str, Any]) -> str:
        """Adds an event to the report's timeline, and an agent's to the audit log; returns the event's id."""
        id_ = new_id(self.now)
        who = (self.actor.kind, self.actor.id)
        self._events.append((report.project, id_, report.id, self.now, *who, kind, msgspec.json.encode(payload)))
        self.add_audit(report, kind, payload)
        return id_

    def add_audit(self, report: LockedReport, kind: str, payload: dict[str, Any]) -> None:
        """Adds what an agent did to the audit log; what people and keys do to reports stands in timelines alone.

        Without the words of a comment: the log outlives the report, and those who may read it differ.
        """
        if self.actor.kind == AGENT:
            shown = {} if kind in (NOTE, REPLY) else payload
            self._audit.append((report, AUDIT_ACTIONS.get(kind, f"report.{kind}"), shown))

    def write(self) -> None:
        """Writes all of it, in the order that every writer takes."""
        if self._events:
            insert_rows(self.tx, events, self._events)
        add_to_counters(self.tx, self._sums)
        mark_changed(self.tx, self._projects)
        for report, action, payload in self._audit:
            project = get_reached(self.tx, self.actor, report.project)
            note(self.tx, self.actor, project, action, report.id, payload, self.now)


@contextmanager
def open_changeset(tx: Connection, actor: Actor, now: int) -> Iterator[Changeset]:
    """A changeset for the time of the block, written at its end."""
    changeset = Changeset(tx, actor, now)
    yield changeset
    changeset.write()


def change_reports(
    tx: Connection,
    actor: Actor,
    ids: list[str],
    now: int,
    change: Callable[Concatenate[Changeset, list[LockedReport], P], list[Changed]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> list[Changed]:
    """Locks the reports, has `change` change those of each project in turn, and writes the changeset.

    Returns the reports that were changed; ids of reports that are gone are passed over. Raises NotFound where none of
    the reports is there, Denied, and as `change` does.
    """
    found = lock_reports(tx, actor, ids)
    with open_changeset(tx, actor, now) as changeset:
        return [each for group in by_project(found) for each in change(changeset, group, *args, **kwargs)]
