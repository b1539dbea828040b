"""What stands around every page: the workspace's projects, the project's channels, views, and how many wait.

Every page pays for it, so that it asks a fixed number of questions however many projects there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from backroom.access import Actor
from backroom.accounts.rules import PLANS, Kind, Plan
from backroom.accounts.usage import meter
from backroom.projects.channels import list_channels_of
from backroom.projects.queries import Project, Waiting, list_waiting
from backroom.projects.rules import Channel
from backroom.reports.views import View, list_views
from backroom.store.tables import counters, reports, workspaces
from backroom.web.dashboard.frame.visit import Visit

MOST_SHOWN = 12


class Shell(NamedTuple):
    """Everything around a page.

    `projects` are the first of all, the opened one among them; `hidden` counts the others. `waiting` counts the open
    reports of all projects, `open` those in sight of the page, `mine` the unresolved ones of the person who looks.
    """

    workspace: str
    plan: str
    calls: int
    calls_limit: int | None
    projects: list[Waiting]
    hidden: int
    channels: list[tuple[Channel, int]]
    views: list[View]
    waiting: int
    open: int
    mine: int


def read_shell(conn: Connection, visit: Visit, project: Project | None) -> Shell:
    """The shell for a page of one project, or of all of the workspace's."""
    actor = visit.actor
    places = list_waiting(conn, actor)
    in_sight = [place for place in places if project is None or place.id == project.id]
    shown = first_of(places, None if project is None else project.id)
    name, plan = conn.execute(
        select(workspaces.c.name, workspaces.c.plan).where(workspaces.c.id == actor.workspace)
    ).one()
    return Shell(
        workspace=name,
        plan=plan,
        calls=meter(conn, actor.workspace, Kind.API_CALLS, visit.now).used,
        calls_limit=PLANS[Plan(plan)].api_calls,
        projects=shown,
        hidden=len(places) - len(shown),
        channels=[] if project is None else _channels(conn, actor, project.id),
        views=list_views(conn, actor, "" if project is None else project.id),
        waiting=sum(place.open for place in places),
        open=sum(place.open for place in in_sight),
        mine=_mine(conn, actor, [place.id for place in in_sight]),
    )


def first_of(places: Sequence[Waiting], opened: str | None) -> list[Waiting]:
    """As many places as the navigation has room for; the one with the id `opened` in the last one's stead."""
    shown = list(places[:MOST_SHOWN])
    behind = [place for place in places[MOST_SHOWN:] if place.id == opened]
    return [*shown[:-1], *behind] if behind else shown


def _channels(conn: Connection, actor: Actor, project: str) -> list[tuple[Channel, int]]:
    """The project's live channels with their open reports."""
    k = counters.c
    query = select(k.channel_key, func.sum(k.n)).where(k.project == project, k.status == "open").group_by(k.channel_key)
    counted = {key: int(n) for key, n in conn.execute(query)}
    channels = list_channels_of(conn, actor, [project], archived=False)[project]
    return [(channel, counted.get(channel.key, 0)) for channel in channels]


def _mine(conn: Connection, actor: Actor, projects: Sequence[str]) -> int:
    """How many unresolved reports are assigned to the actor."""
    query = select(func.count()).select_from(reports)
    mine = reports.c.project.in_(projects) & (reports.c.assignee == actor.id) & (reports.c.status_class != "RESOLVED")
    return conn.execute(query.where(mine)).scalar_one()
