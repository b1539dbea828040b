"""What stands around every page: the workspace's projects, the project's channels, views, and how many wait."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from backroom.access import Actor
from backroom.accounts.rules import PLANS, Kind, Plan
from backroom.accounts.usage import meter
from backroom.projects.channels import list_channels
from backroom.projects.queries import Project, list_projects
from backroom.projects.rules import Channel
from backroom.reports.views import View, list_views
from backroom.store.tables import counters, reports, workspaces
from backroom.web.dashboard.auth import Visit

MOST_SHOWN = 12


class Place(NamedTuple):
    """A project in the navigation with its open reports."""

    project: Project
    open: int


class Shell(NamedTuple):
    """Everything around a page. `open` counts the open reports in sight, `mine` those assigned to who looks."""

    workspace: str
    plan: str
    calls: int
    calls_limit: int | None
    projects: list[Place]
    channels: list[tuple[Channel, int]]
    views: list[View]
    open: int
    mine: int


def read_shell(conn: Connection, visit: Visit, project: Project | None) -> Shell:
    """The shell for a page of one project, or of all of the workspace's."""
    actor = visit.actor
    all_projects = list_projects(conn, actor)
    by_channel = _open_by_channel(conn, [found.id for found in all_projects])
    places = [Place(found, sum(n for (id_, _), n in by_channel.items() if id_ == found.id)) for found in all_projects]
    channels = [] if project is None else list_channels(conn, actor, project.id, archived=False)
    in_sight = places if project is None else [place for place in places if place.project.id == project.id]
    name, plan = conn.execute(
        select(workspaces.c.name, workspaces.c.plan).where(workspaces.c.id == actor.workspace)
    ).one()
    calls = meter(conn, actor.workspace, Kind.API_CALLS, visit.now)
    return Shell(
        workspace=name,
        plan=plan,
        calls=calls.used,
        calls_limit=PLANS[Plan(plan)].api_calls,
        projects=places,
        channels=[
            (channel, 0 if project is None else by_channel.get((project.id, channel.key), 0)) for channel in channels
        ],
        views=list_views(conn, actor, "" if project is None else project.id),
        open=sum(place.open for place in in_sight),
        mine=_mine(conn, actor, [place.project.id for place in in_sight]),
    )


def _open_by_channel(conn: Connection, projects: list[str]) -> dict[tuple[str, str], int]:
    columns = (counters.c.project, counters.c.channel_key)
    query = select(*columns, func.sum(counters.c.n)).where(
        counters.c.project.in_(projects), counters.c.status == "open"
    )
    return {(row[0], row[1]): int(row[2]) for row in conn.execute(query.group_by(*columns))}


def _mine(conn: Connection, actor: Actor, projects: list[str]) -> int:
    """How many unresolved reports are assigned to the actor."""
    query = select(func.count()).select_from(reports)
    mine = reports.c.project.in_(projects) & (reports.c.assignee == actor.id) & (reports.c.status_class != "RESOLVED")
    return conn.execute(query.where(mine)).scalar_one()
