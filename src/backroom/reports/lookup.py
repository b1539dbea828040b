"""Which projects and reports an actor reaches; reports, locked, for whoever changes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, select

from backroom.access import Actor, KeyScope
from backroom.errors import NotFound
from backroom.ids import is_id
from backroom.reports.counters import Counted, day_of
from backroom.store.tables import memberships, projects, reports

NO_SUCH_REPORT = "There is no such report."


class LockedReport(NamedTuple):
    """The few facts of a report that a change needs."""

    id: str
    project: str
    channel_key: str
    status: str
    source: str
    created_at: int
    assignee: str | None
    triaged_at: int | None
    resolved_at: int | None

    def counted(self) -> Counted:
        """What the report is counted by."""
        return Counted(self.project, day_of(self.created_at), self.channel_key, self.status, self.source)


def reached(actor: Actor) -> Select[str]:
    """The ids of the projects that the actor reaches; the operator reaches all."""
    query = select(projects.c.id)
    if actor.project is not None:
        query = query.where(projects.c.id == actor.project)
    if actor.kind != "operator":
        query = query.where(projects.c.workspace == actor.workspace)
    return query


def reach(conn: Connection, actor: Actor, named: Sequence[str] | None = None) -> tuple[str, ...]:
    """The projects whose reports the actor may read, newest first: all, or those `named`.

    Raises NotFound where one that is named is out of reach, Denied.
    """
    query = reached(actor).order_by(projects.c.id.desc())
    if named is not None:
        query = query.where(projects.c.id.in_(named))
    found = tuple(conn.execute(query).scalars())
    if named is not None and set(found) != set(named):
        raise NotFound("Project not found")
    actor.require(KeyScope.FEEDBACK_READ)
    return found


def lock_reports(tx: Connection, actor: Actor, ids: Iterable[str]) -> list[LockedReport]:
    """Those of the reports that are there, locked on PostgreSQL, so that changes of one report take turns.

    Raises NotFound where none is there, Denied.
    """
    columns = [reports.c[name] for name in LockedReport._fields]
    # By way of the projects that the actor reaches, for the index begins with the project.
    query = select(*columns).where(reports.c.project.in_(reached(actor)), reports.c.id.in_(list(ids)))
    # Everybody locks in this order, so that two with some of the same reports don't wait for each other.
    query = query.order_by(reports.c.project, reports.c.id).with_for_update(of=reports)
    found = [LockedReport(*row) for row in tx.execute(query)]
    if not found:
        raise NotFound(NO_SUCH_REPORT)
    actor.require(KeyScope.FEEDBACK_WRITE)
    return found


def matches(found: Sequence[LockedReport]) -> ColumnElement[bool]:
    """Matches the rows of these reports, which are all of one project."""
    ids = [each.id for each in found]
    same = reports.c.id == ids[0] if len(ids) == 1 else reports.c.id.in_(ids)
    return (reports.c.project == found[0].project) & same


def by_project(found: Iterable[LockedReport]) -> list[list[LockedReport]]:
    """The reports of each project together, in the order of the projects."""
    groups: dict[str, list[LockedReport]] = {}
    for each in found:
        groups.setdefault(each.project, []).append(each)
    return [groups[project] for project in sorted(groups)]


def find_workspace_of_report(conn: Connection, user: str, report: str) -> str | None:
    """The workspace of that report, where the person with that id is a member; else None."""
    if not is_id(report):
        return None
    ours = select(projects.c.id, projects.c.workspace).join(
        memberships, memberships.c.workspace == projects.c.workspace
    )
    for project, workspace in conn.execute(ours.where(memberships.c.user == user)).all():
        has = select(reports.c.id).where(reports.c.project == project, reports.c.id == report)
        if conn.execute(has).first() is not None:
            return str(workspace)
    return None
