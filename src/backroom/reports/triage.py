"""What is done to reports that are there: status, channel, assignee, labels.

Each change is one function for reports of one project, which the commands for one report and those for many
(`bulk`) share. It changes those that aren't so already, notes it in each one's timeline and in the changeset, and
returns what they had before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, case, delete, func, insert, null, select, update

from backroom.access import Actor, KeyScope, Role
from backroom.errors import Invalid
from backroom.reports.changeset import Changeset, tallied
from backroom.reports.labels import check_label_name, use_label
from backroom.reports.lookup import LockedReport, get_for_change, matches
from backroom.reports.rules import CLASS_OF, Status, StatusClass
from backroom.store.tables import channels, memberships, projects, report_labels, reports, users


class SetStatus(msgspec.Struct, tag="status", frozen=True):
    """Puts reports on a status."""

    status: Status


class Move(msgspec.Struct, tag="channel", frozen=True):
    """Moves reports to another live channel of their project."""

    channel: str


class Assign(msgspec.Struct, tag="assignee", frozen=True):
    """Gives reports to a member of the workspace, or to nobody."""

    user: str | None


class AddLabel(msgspec.Struct, tag="label", frozen=True):
    """Puts a label on reports; the project gets it where it hasn't one of that name."""

    label: str


class RemoveLabel(msgspec.Struct, tag="unlabel", frozen=True):
    """Takes a label off reports."""

    label: str


class Delete(msgspec.Struct, tag="delete", frozen=True):
    """Puts reports into the trash, from where they can be brought back for a day."""


Change = SetStatus | Move | Assign | AddLabel | RemoveLabel | Delete


class Before(msgspec.Struct, array_like=True, frozen=True):
    """What a report had before a change: a status with its times, a channel, an assignee; nothing for a label."""

    project: str
    report: str
    value: str | None = None
    triaged_at: int | None = None
    resolved_at: int | None = None


class Person(NamedTuple):
    """Somebody with an account."""

    id: str
    name: str


def assign_report(tx: Connection, actor: Actor, report: str, user: str | None, now: int) -> LockedReport:
    """Gives the report to a member of its workspace, or to nobody. Raises NotFound, Denied, Invalid."""
    found = get_for_change(tx, actor, report)
    check_assignee(tx, found.project, user)
    with tallied(tx, actor, now) as changeset:
        assign(changeset, [found], user)
    return found._replace(assignee=user)


def assignable(conn: Connection, actor: Actor) -> list[Person]:
    """Those members of the actor's workspace who may triage, by name. Raises Denied."""
    actor.require(KeyScope.FEEDBACK_READ)
    query = select(users.c.id, users.c.name).join(memberships, memberships.c.user == users.c.id)
    query = query.where(memberships.c.workspace == actor.workspace, memberships.c.role != Role.VIEWER.value)
    return [Person(*row) for row in conn.execute(query.order_by(func.lower(users.c.name), users.c.id))]


def check_assignee(conn: Connection, project: str, user: str | None) -> None:
    """Raises Invalid unless `user` is nobody or a member of the project's workspace who may triage."""
    if user is None:
        return
    query = select(memberships.c.role).join(projects, projects.c.workspace == memberships.c.workspace)
    role = conn.execute(query.where(projects.c.id == project, memberships.c.user == user)).scalar()
    if role is None or role == Role.VIEWER.value:
        raise Invalid("Only a member of this workspace who may triage can be assigned.")


def has_live_channel(conn: Connection, project: str, channel: str) -> bool:
    """Whether a report of the project can be moved there."""
    query = select(channels.c.id).where(channels.c.project == project, channels.c.key == channel)
    return conn.execute(query.where(channels.c.archived.is_(False))).first() is not None


def change_status(changeset: Changeset, found: Sequence[LockedReport], status: Status) -> list[Before]:
    """Puts reports of one project on a status, and notes when they were first triaged and when resolved."""
    others = [each for each in found if each.status != status]
    resolved = CLASS_OF[status] is StatusClass.RESOLVED
    was_resolved = reports.c.status_class == StatusClass.RESOLVED.value
    values: dict[str, Any] = {
        "status": status.value,
        "status_class": CLASS_OF[status].value,
        "triaged_at": reports.c.triaged_at
        if status is Status.OPEN
        else func.coalesce(reports.c.triaged_at, changeset.now),
        "resolved_at": case((was_resolved, reports.c.resolved_at), else_=changeset.now) if resolved else null(),
    }
    _update(changeset, others, values)
    changeset.count((each, each._replace(status=status.value)) for each in others)
    changeset.note("status", ((each, {"from": each.status, "to": status.value}) for each in others))
    return [_before_status(each) for each in others]


def move(changeset: Changeset, found: Sequence[LockedReport], channel: str) -> list[Before]:
    """Moves reports of one project to a channel that it has."""
    others = [each for each in found if each.channel_key != channel]
    _update(changeset, others, {"channel_key": channel})
    changeset.count((each, each._replace(channel_key=channel)) for each in others)
    changeset.note("channel", ((each, {"from": each.channel_key, "to": channel}) for each in others))
    return [Before(each.project, each.id, each.channel_key) for each in others]


def assign(changeset: Changeset, found: Sequence[LockedReport], user: str | None) -> list[Before]:
    """Gives reports of one project to somebody, or to nobody."""
    others = [each for each in found if each.assignee != user]
    _update(changeset, others, {"assignee": user})
    changeset.note("assignee", ((each, {"from": each.assignee, "to": user}) for each in others))
    return [Before(each.project, each.id, each.assignee) for each in others]


def put_label(changeset: Changeset, found: Sequence[LockedReport], name: str) -> list[Before]:
    """Puts a label on reports of one project. Raises Invalid for a name that can't be one."""
    name = check_label_name(name)
    have = _labelled(changeset.tx, found, name)
    others = [each for each in found if each.id not in have]
    if others:
        use_label(changeset.tx, others[0].project, name)
        rows = [{"project": each.project, "name": name, "report": each.id} for each in others]
        changeset.tx.execute(insert(report_labels), rows)
    _update(changeset, others, {})
    changeset.note("label", ((each, {"name": name}) for each in others))
    return [Before(each.project, each.id) for each in others]


def take_label(changeset: Changeset, found: Sequence[LockedReport], name: str) -> list[Before]:
    """Takes a label off reports of one project."""
    name = name.strip()
    have = _labelled(changeset.tx, found, name)
    others = [each for each in found if each.id in have]
    if others:
        mine = (report_labels.c.project == others[0].project) & (report_labels.c.name == name)
        changeset.tx.execute(
            delete(report_labels).where(mine, report_labels.c.report.in_([each.id for each in others]))
        )
    _update(changeset, others, {})
    changeset.note("unlabel", ((each, {"name": name}) for each in others))
    return [Before(each.project, each.id) for each in others]


def restore_status(changeset: Changeset, pairs: Sequence[tuple[LockedReport, Before]]) -> None:
    """Gives each report of one project the status and times that it had before."""
    for found, before in pairs:
        status = Status(before.value or Status.OPEN)
        values = {"status": status.value, "status_class": CLASS_OF[status].value}
        _update(changeset, [found], values | {"triaged_at": before.triaged_at, "resolved_at": before.resolved_at})
        changeset.count([(found, found._replace(status=status.value))])
        changeset.note("status", [(found, {"from": found.status, "to": status.value})])


def _before_status(found: LockedReport) -> Before:
    return Before(found.project, found.id, found.status, found.triaged_at, found.resolved_at)


def _update(changeset: Changeset, found: Sequence[LockedReport], values: dict[str, Any]) -> None:
    if found:
        changeset.tx.execute(update(reports).where(matches(found)).values(values | {"updated_at": changeset.now}))
        changeset.touch(found[0].project)


def _labelled(conn: Connection, found: Sequence[LockedReport], name: str) -> set[str]:
    """Which of these reports of one project have the label."""
    if not found:
        return set()
    r = report_labels.c
    mine = (r.project == found[0].project) & (r.name == name) & r.report.in_([each.id for each in found])
    return set(conn.execute(select(r.report).where(mine)).scalars())
