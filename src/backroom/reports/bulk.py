"""Changes of many reports at once, in slices, and taking them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select

from backroom.access import Actor, KeyScope
from backroom.errors import Invalid, NotFound
from backroom.ids import is_id, new_id
from backroom.reports.changeset import Changeset, tallied
from backroom.reports.filters import Filter
from backroom.reports.find import list_ids
from backroom.reports.labels import check_label_name
from backroom.reports.lookup import NO_SUCH_REPORT, LockedReport, by_project, list_for_change, reach
from backroom.reports.trash import KEPT, bring_back, throw_away
from backroom.reports.triage import (
    AddLabel,
    Assign,
    Before,
    Change,
    Delete,
    Move,
    RemoveLabel,
    SetStatus,
    assign,
    change_status,
    check_assignee,
    has_live_channel,
    move,
    put_label,
    restore_status,
    take_label,
)
from backroom.store.database import Database
from backroom.store.search import can_be_stored
from backroom.store.tables import labels, projects, undos

SLICE = 200
"""So many reports are changed in a transaction: some ten milliseconds, for which other writers wait."""

MOST_SELECTED = 5_000
NOTHING_TO_UNDO = "There is nothing to undo: it was undone already, or is more than 24 hours old."

Selection = Sequence[str] | Filter
"""Reports by their ids, or all that a filter finds."""


class Slice(NamedTuple):
    """What one slice did: how many it changed, under which id that is undone, and where the next slice begins.

    `undo` is None while nothing was changed, `before` is None after the last slice.
    """

    changed: int
    undo: str | None
    before: str | None


class Undone(NamedTuple):
    """How many reports were put back, and whether another call has more to do."""

    changed: int
    more: bool


class _Done(msgspec.Struct):
    """What `undos.content` keeps of a slice."""

    change: Change
    before: list[Before]


_decoder = msgspec.json.Decoder(_Done)


def apply(
    tx: Connection,
    actor: Actor,
    change: Change,
    selection: Selection,
    now: int,
    undo: str | None = None,
    before: str | None = None,
) -> Slice:
    """Does `change` to the next slice of the selection; call it with the `undo` and `before` of the last one.

    Reports that are so already stay as they are; so do those of a project that has no live channel of the
    name, or whose workspace hasn't the person. Raises NotFound (of a selection by ids, none is there), Denied,
    Invalid.
    """
    _check(change)
    ids, further = _next_ids(tx, actor, selection, before)
    if not ids:
        return Slice(0, undo, further)
    try:
        found = list_for_change(tx, actor, ids)
    except NotFound:
        if before is None and not isinstance(selection, Filter):
            raise
        return Slice(0, undo, further)
    with tallied(tx, actor, now) as changeset:
        had = [each for group in by_project(found) for each in _change(changeset, change, group)]
    if had:
        undo = _keep(tx, actor, undo, _Done(change, had), now)
    return Slice(len(had), undo, further)


def undo(tx: Connection, actor: Actor, undo_id: str, now: int) -> Undone:
    """Takes back the latest slice that `undo_id` still names, and forgets it; call again while there is more.

    Only what still is as the change left it is put back. Raises NotFound where there is nothing (any more) to
    undo for this very person, Denied.
    """
    if not is_id(undo_id):
        raise NotFound(NOTHING_TO_UNDO)
    mine = (undos.c.workspace == actor.workspace) & (undos.c.user == actor.id) & (undos.c.at > now - KEPT)
    mine &= undos.c.id.between(undo_id, undo_id + "~")
    query = select(undos.c.id, undos.c.content).where(mine).order_by(undos.c.id.desc()).limit(1)
    row = tx.execute(query.with_for_update()).first()
    if row is None:
        raise NotFound(NOTHING_TO_UNDO)
    actor.require(KeyScope.FEEDBACK_WRITE)
    tx.execute(delete(undos).where(undos.c.id == row.id))
    done = _decoder.decode(row.content)
    with tallied(tx, actor, now) as changeset:
        changed = _bring_back(changeset, done) if isinstance(done.change, Delete) else _take_back(changeset, done)
    more = tx.execute(select(undos.c.id).where(mine).limit(1)).first() is not None
    return Undone(changed, more)


def apply_all(db: Database, actor: Actor, change: Change, selection: Selection, now: int) -> Slice:
    """`apply` to the end, a transaction a slice. Blocks: for a thread, not for an event loop."""
    changed, done = 0, Slice(0, None, None)
    while True:
        done = db.write_now(apply, actor, change, selection, now, done.undo, done.before)
        changed += done.changed
        if done.before is None:
            return Slice(changed, done.undo, None)


def undo_all(db: Database, actor: Actor, undo_id: str, now: int) -> int:
    """`undo` to the end; returns how many reports were put back. Blocks."""
    changed, more = 0, True
    while more:
        done = db.write_now(undo, actor, undo_id, now)
        changed, more = changed + done.changed, done.more
    return changed


def _check(change: Change) -> None:
    """Raises Invalid for a change that fits no report."""
    if isinstance(change, AddLabel):
        check_label_name(change.label)
    text = change.channel if isinstance(change, Move) else change.label if isinstance(change, RemoveLabel) else ""
    if not can_be_stored(text):
        raise Invalid("There is no such channel or label.")


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


def _change(changeset: Changeset, change: Change, found: list[LockedReport]) -> list[Before]:
    """Does the change to reports of one project; returns what those had that it changed."""
    project = found[0].project
    if isinstance(change, SetStatus):
        return change_status(changeset, found, change.status)
    if isinstance(change, Move):
        return move(changeset, found, change.channel) if has_live_channel(changeset.tx, project, change.channel) else []
    if isinstance(change, Assign):
        check_assignee(changeset.tx, project, change.user)
        return assign(changeset, found, change.user)
    if isinstance(change, AddLabel):
        return put_label(changeset, found, change.label)
    if isinstance(change, RemoveLabel):
        return take_label(changeset, found, change.label)
    throw_away(changeset, found)
    return [Before(each.project, each.id) for each in found]


def _keep(tx: Connection, actor: Actor, undo_id: str | None, done: _Done, now: int) -> str:
    """Notes a slice for `undo`, under the first one's id and a number of its own; returns the first one's id."""
    own = new_id(now)
    id_ = own if undo_id is None else f"{undo_id}.{own}"
    values = {"id": id_, "workspace": actor.workspace, "user": actor.id, "at": now}
    tx.execute(insert(undos).values(content=msgspec.json.encode(done), **values))
    return undo_id or own


def _bring_back(changeset: Changeset, done: _Done) -> int:
    groups: dict[str, list[str]] = {}
    for each in done.before:
        groups.setdefault(each.project, []).append(each.report)
    there = _projects_there(changeset, groups)
    return sum(bring_back(changeset, project, groups[project]) for project in there)


def _projects_there(changeset: Changeset, named: dict[str, list[str]]) -> list[str]:
    """Those that still are; on PostgreSQL kept from being deleted before this is committed."""
    query = select(projects.c.id).where(projects.c.id.in_(named), projects.c.workspace == changeset.actor.workspace)
    query = query.order_by(projects.c.id).with_for_update(read=True, key_share=True)
    return list(changeset.tx.execute(query).scalars())


def _take_back(changeset: Changeset, done: _Done) -> int:
    had = {each.report: each for each in done.before}
    try:
        found = list_for_change(changeset.tx, changeset.actor, had)
    except NotFound:
        return 0
    return sum(_put_back(changeset, done.change, group, had) for group in by_project(found))


def _put_back(changeset: Changeset, change: Change, found: list[LockedReport], had: dict[str, Before]) -> int:
    """Puts back what reports of one project had, where they still are as the change left them."""
    if isinstance(change, AddLabel):
        return len(take_label(changeset, found, change.label))
    if isinstance(change, RemoveLabel):
        return len(put_label(changeset, found, change.label)) if _has_label(changeset, found, change.label) else 0
    if isinstance(change, SetStatus):
        same = [(each, had[each.id]) for each in found if each.status == change.status]
        restore_status(changeset, same)
        return len(same)
    if isinstance(change, Move):
        moved = [each for each in found if each.channel_key == change.channel]
        return sum(len(move(changeset, group, value or "")) for value, group in _by_value(moved, had))
    if isinstance(change, Assign):
        assigned = [each for each in found if each.assignee == change.user]
        return sum(len(assign(changeset, group, value)) for value, group in _by_value(assigned, had))
    return 0


def _by_value(found: list[LockedReport], had: dict[str, Before]) -> Iterable[tuple[str | None, list[LockedReport]]]:
    """The reports by what they had."""
    groups: dict[str | None, list[LockedReport]] = {}
    for each in found:
        groups.setdefault(had[each.id].value, []).append(each)
    return groups.items()


def _has_label(changeset: Changeset, found: list[LockedReport], name: str) -> bool:
    """Whether the label still is one of the project's."""
    query = select(labels.c.name).where(labels.c.project == found[0].project, labels.c.name == name.strip())
    return changeset.tx.execute(query).first() is not None
