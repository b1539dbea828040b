"""Changes of many reports, a slice of them in each transaction, which can be undone as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from backroom.access import Actor, KeyScope
from backroom.errors import Invalid, NotFound
from backroom.ids import is_id
from backroom.reports import commands
from backroom.reports.changeset import Changed
from backroom.reports.filters import Filter
from backroom.reports.find import list_ids
from backroom.reports.lookup import NO_SUCH_REPORT, reach
from backroom.reports.undo import AddLabel, Assign, Change, Move, RemoveLabel, SetStatus, keep_for_undo
from backroom.store.database import Database

SLICE = 200
"""So many reports are changed in a transaction: some ten milliseconds, for which other writers wait."""

MOST_SELECTED = 5_000

Selection = Sequence[str] | Filter
"""Reports by their ids, or all that a filter finds."""


class Slice(NamedTuple):
    """What one slice did: how many it changed, under which id that is undone, and where the next slice begins.

    `undo` is None while nothing was changed, `before` is None after the last slice.
    """

    changed: int
    undo: str | None
    before: str | None


def change_slice(
    tx: Connection,
    actor: Actor,
    change: Change,
    selection: Selection,
    now: int,
    undo: str | None = None,
    before: str | None = None,
) -> Slice:
    """Does `change` to the next slice of the selection; call it with the `undo` and `before` of the last one.

    Reports that are so already stay as they are; so do those of a project that has no live channel of the name.
    Raises NotFound (of a selection by ids, none is there), Denied, Invalid.
    """
    ids, further = _next_ids(tx, actor, selection, before)
    try:
        changed = _change(tx, actor, ids, change, now)
    except NotFound:
        if before is None and not isinstance(selection, Filter):
            raise
        return Slice(0, undo, further)
    if changed:
        undo = keep_for_undo(tx, actor, undo, change, changed, now)
    return Slice(len(changed), undo, further)


def change_all(db: Database, actor: Actor, change: Change, selection: Selection, now: int) -> Slice:
    """`change_slice` to the end, a transaction a slice. Blocks: for a thread, not for an event loop."""
    changed, done = 0, Slice(0, None, None)
    while True:
        done = db.write_now(change_slice, actor, change, selection, now, done.undo, done.before)
        changed += done.changed
        if done.before is None:
            return Slice(changed, done.undo, None)


def _change(tx: Connection, actor: Actor, ids: list[str], change: Change, now: int) -> list[Changed]:
    """Runs the command of the change."""
    if isinstance(change, SetStatus):
        return commands.set_status(tx, actor, ids, change.status, now)
    if isinstance(change, Move):
        return commands.move_to_channel(tx, actor, ids, change.channel, now)
    if isinstance(change, Assign):
        return commands.assign(tx, actor, ids, change.user, now)
    if isinstance(change, AddLabel):
        return commands.add_label(tx, actor, ids, change.label, now)
    if isinstance(change, RemoveLabel):
        return commands.remove_label(tx, actor, ids, change.label, now)
    return commands.move_to_trash(tx, actor, ids, now)


def _next_ids(conn: Connection, actor: Actor, selection: Selection, before: str | None) -> tuple[list[str], str | None]:
    """The ids of the next slice, newest first, and where the one after it begins."""
    if isinstance(selection, Filter):
        reach(conn, actor, selection.projects)
        actor.require(KeyScope.FEEDBACK_WRITE)
        found = list_ids(conn, selection, before, None, SLICE)
        return [key.id for key in found.keys], found.further
    if len(selection) > MOST_SELECTED:
        raise Invalid(f"At most {MOST_SELECTED:,} reports can be selected one by one; use a filter.")
    ids = sorted({id_ for id_ in selection if is_id(id_)}, reverse=True)
    if not ids:
        raise NotFound(NO_SUCH_REPORT)
    rest = [id_ for id_ in ids if before is None or id_ < before]
    return rest[:SLICE], rest[SLICE - 1] if len(rest) > SLICE else None
