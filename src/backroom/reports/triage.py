"""How triage changes the rows of reports: status, channel, assignee, labels.

Each function takes locked reports of one project, changes those that aren't so already, adds events and counts to the
changeset, and returns what it changed. The commands (`commands`) and what takes them back (`undo`) are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, null, select, update

from backroom.reports.changeset import Changed, Changeset
from backroom.reports.labels import check_label_name, use_label
from backroom.reports.lookup import LockedReport, matches
from backroom.reports.rules import CLASS_OF, FIRST_OF_CLASS, Status, StatusClass, status_for_class
from backroom.store.tables import channels, report_labels, reports


def change_status(changeset: Changeset, found: Sequence[LockedReport], status: Status | StatusClass) -> list[Changed]:
    """Puts reports on a status, and notes when they were first triaged and when resolved.

    Into a status of Miniback's, which is a class of ours, come those that aren't in it, on its first status.
    """
    if isinstance(status, StatusClass):
        found = [each for each in found if status_for_class(each.status, status) != each.status]
        status = FIRST_OF_CLASS[status]
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
    update_rows(changeset, others, values)
    changeset.count((each, each._replace(status=status.value)) for each in others)
    return [_add_change(changeset, "status", each, each.status, status.value) for each in others]


def restore_status(
    changeset: Changeset, report: LockedReport, status: Status, triaged_at: int | None, resolved_at: int | None
) -> None:
    """Gives a report a status that it had before, with the times (ms) that it had then."""
    values = {"status": status.value, "status_class": CLASS_OF[status].value}
    update_rows(changeset, [report], values | {"triaged_at": triaged_at, "resolved_at": resolved_at})
    changeset.count([(report, report._replace(status=status.value))])
    _add_change(changeset, "status", report, report.status, status.value)


def has_live_channel(conn: Connection, project: str, channel: str) -> bool:
    """Whether a report of the project can be moved there."""
    query = select(channels.c.id).where(channels.c.project == project, channels.c.key == channel)
    return conn.execute(query.where(channels.c.archived.is_(False))).first() is not None


def change_channel(changeset: Changeset, found: Sequence[LockedReport], channel: str) -> list[Changed]:
    """Moves reports to a channel that the project has, or had when they were in it."""
    others = [each for each in found if each.channel_key != channel]
    update_rows(changeset, others, {"channel_key": channel})
    changeset.count((each, each._replace(channel_key=channel)) for each in others)
    return [_add_change(changeset, "channel", each, each.channel_key, channel) for each in others]


def change_assignee(changeset: Changeset, found: Sequence[LockedReport], user: str | None) -> list[Changed]:
    """Assigns reports to somebody, or to nobody."""
    others = [each for each in found if each.assignee != user]
    update_rows(changeset, others, {"assignee": user})
    return [_add_change(changeset, "assignee", each, each.assignee, user) for each in others]


def attach_label(changeset: Changeset, found: Sequence[LockedReport], name: str) -> list[Changed]:
    """Puts a label on reports. Raises Invalid for a name that can't be one."""
    name = check_label_name(name)
    have = _labelled(changeset.tx, found, name)
    others = [each for each in found if each.id not in have]
    if others:
        use_label(changeset.tx, others[0].project, name)
        rows = [{"project": each.project, "name": name, "report": each.id} for each in others]
        changeset.tx.execute(insert(report_labels), rows)
    update_rows(changeset, others, {})
    for each in others:
        changeset.add_event(each, "label", {"name": name})
    return [Changed(each, None, name) for each in others]


def detach_label(changeset: Changeset, found: Sequence[LockedReport], name: str) -> list[Changed]:
    """Takes a label off reports."""
    name = name.strip()
    have = _labelled(changeset.tx, found, name)
    others = [each for each in found if each.id in have]
    if others:
        of_label = (report_labels.c.project == others[0].project) & (report_labels.c.name == name)
        of_reports = report_labels.c.report.in_([each.id for each in others])
        changeset.tx.execute(delete(report_labels).where(of_label, of_reports))
    update_rows(changeset, others, {})
    for each in others:
        changeset.add_event(each, "unlabel", {"name": name})
    return [Changed(each, name, None) for each in others]


def update_rows(changeset: Changeset, found: Sequence[LockedReport], values: dict[str, Any]) -> None:
    """Writes `values` to reports of one project, as changed now; without any it only says that they changed."""
    if found:
        changeset.tx.execute(update(reports).where(matches(found)).values(values | {"updated_at": changeset.now}))
        changeset.touch(found[0].project)


def _add_change(
    changeset: Changeset, kind: str, report: LockedReport, before: str | None, after: str | None
) -> Changed:
    changeset.add_event(report, kind, {"from": before, "to": after})
    return Changed(report, before, after)


def _labelled(conn: Connection, found: Sequence[LockedReport], name: str) -> set[str]:
    """Which of these reports of one project have the label."""
    if not found:
        return set()
    r = report_labels.c
    mine = (r.project == found[0].project) & (r.name == name) & r.report.in_([each.id for each in found])
    return set(conn.execute(select(r.report).where(mine)).scalars())
