"""Changes that can be undone for a day, by whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select

from backroom.access import Actor, KeyScope
from backroom.errors import NotFound
from backroom.ids import is_id, new_id
from backroom.reports.changeset import Changed, Changeset, open_changeset
from backroom.reports.lookup import LockedReport, by_project, lock_reports
from backroom.reports.rules import Status
from backroom.reports.trash import KEPT, restore
from backroom.reports.triage import attach_label, change_assignee, change_channel, detach_label, restore_status
from backroom.store.database import Database
from backroom.store.tables import labels, projects, undos

NOTHING_TO_UNDO = "There is nothing to undo: it was undone already, or is more than 24 hours old."


class SetStatus(msgspec.Struct, tag="status", frozen=True):
    """Puts reports on a status."""

    status: Status


class Move(msgspec.Struct, tag="channel", frozen=True):
    """Moves reports to another live channel of their project."""

    channel: str


class Assign(msgspec.Struct, tag="assignee", frozen=True):
    """Assigns reports to a member of the workspace, or to nobody."""

    user: str | None


class AddLabel(msgspec.Struct, tag="label", frozen=True):
    """Puts a label on reports; the project gets it where it hasn't one of that name."""

    label: str


class RemoveLabel(msgspec.Struct, tag="unlabel", frozen=True):
    """Takes a label off reports."""

    label: str


class Delete(msgspec.Struct, tag="delete", frozen=True):
    """Puts reports into the trash, from where they can be restored for a day."""


Change = SetStatus | Move | Assign | AddLabel | RemoveLabel | Delete
"""What can be undone. The tags and fields are those of `undos.content`, which outlives an upgrade."""


class Previous(msgspec.Struct, array_like=True, frozen=True):
    """What a report had before a change: the value that was changed, and the times of its status (ms)."""

    project: str
    report: str
    value: str | None = None
    triaged_at: int | None = None
    resolved_at: int | None = None


class _Content(msgspec.Struct):
    """What `undos.content` keeps: a change and what it changed."""

    change: Change
    before: list[Previous]


class Undone(NamedTuple):
    """How many reports were put back, and whether another call has more to do."""

    changed: int
    more: bool


_decoder = msgspec.json.Decoder(_Content)


def keep_for_undo(
    tx: Connection, actor: Actor, undo_id: str | None, change: Change, changed: Sequence[Changed], now: int
) -> str:
    """Keeps what a change has changed for `undo_slice`; returns the id under which it is undone.

    `undo_id` is that of the earlier slices of the same change, None for the first.
    """
    own = new_id(now)
    id_ = own if undo_id is None else f"{undo_id}.{own}"
    content = msgspec.json.encode(_Content(change, [_previous(each) for each in changed]))
    tx.execute(insert(undos).values(id=id_, workspace=actor.workspace, user=actor.id, at=now, content=content))
    return undo_id or own


def undo_slice(tx: Connection, actor: Actor, undo_id: str, now: int) -> Undone:
    """Undoes the latest slice that `undo_id` still names, and forgets it; call again while there is more.

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
    kept = _decoder.decode(row.content)
    with open_changeset(tx, actor, now) as changeset:
        put_back = _restore_deleted if isinstance(kept.change, Delete) else _put_back_changed
        changed = put_back(changeset, kept)
    more = tx.execute(select(undos.c.id).where(mine).limit(1)).first() is not None
    return Undone(changed, more)


def undo_all(db: Database, actor: Actor, undo_id: str, now: int) -> int:
    """`undo_slice` to the end; returns how many reports were put back. Blocks: for a thread, not an event loop."""
    changed, more = 0, True
    while more:
        done = db.write_now(undo_slice, actor, undo_id, now)
        changed, more = changed + done.changed, done.more
    return changed


def _previous(changed: Changed) -> Previous:
    report = changed.report
    return Previous(report.project, report.id, changed.before, report.triaged_at, report.resolved_at)


def _restore_deleted(changeset: Changeset, kept: _Content) -> int:
    groups: dict[str, list[str]] = {}
    for each in kept.before:
        groups.setdefault(each.project, []).append(each.report)
    there = _projects_there(changeset, groups)
    return sum(restore(changeset, project, groups[project]) for project in there)


def _projects_there(changeset: Changeset, named: dict[str, list[str]]) -> list[str]:
    """Those that still are; on PostgreSQL kept from being deleted before this is committed."""
    query = select(projects.c.id).where(projects.c.id.in_(named), projects.c.workspace == changeset.actor.workspace)
    query = query.order_by(projects.c.id).with_for_update(read=True, key_share=True)
    return list(changeset.tx.execute(query).scalars())


def _put_back_changed(changeset: Changeset, kept: _Content) -> int:
    had = {each.report: each for each in kept.before}
    try:
        found = lock_reports(changeset.tx, changeset.actor, had)
    except NotFound:
        return 0
    return sum(_put_back(changeset, kept.change, group, had) for group in by_project(found))


def _put_back(changeset: Changeset, change: Change, found: list[LockedReport], had: dict[str, Previous]) -> int:
    """Puts back what reports of one project had, where they still are as the change left them."""
    if isinstance(change, AddLabel):
        return len(detach_label(changeset, found, change.label))
    if isinstance(change, RemoveLabel):
        return len(attach_label(changeset, found, change.label)) if _has_label(changeset, found, change.label) else 0
    if isinstance(change, SetStatus):
        same = [each for each in found if each.status == change.status]
        for each in same:
            was = had[each.id]
            restore_status(changeset, each, Status(was.value or Status.OPEN), was.triaged_at, was.resolved_at)
        return len(same)
    if isinstance(change, Move):
        moved = [each for each in found if each.channel_key == change.channel]
        return sum(len(change_channel(changeset, group, value or "")) for value, group in _by_value(moved, had))
    if isinstance(change, Assign):
        assigned = [each for each in found if each.assignee == change.user]
        return sum(len(change_assignee(changeset, group, value)) for value, group in _by_value(assigned, had))
    return 0


def _by_value(found: list[LockedReport], had: dict[str, Previous]) -> Iterable[tuple[str | None, list[LockedReport]]]:
    """The reports by what they had."""
    groups: dict[str | None, list[LockedReport]] = {}
    for each in found:
        groups.setdefault(had[each.id].value, []).append(each)
    return groups.items()


def _has_label(changeset: Changeset, found: list[LockedReport], name: str) -> bool:
    """Whether the label still is one of the project's."""
    query = select(labels.c.name).where(labels.c.project == found[0].project, labels.c.name == name.strip())
    return changeset.tx.execute(query).first() is not None
