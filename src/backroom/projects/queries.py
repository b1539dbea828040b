"""Reads projects and their keys, only those that the actor can access."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select

from backroom.access import Actor, KeyScope, Role, operator
from backroom.errors import NotFound
from backroom.projects.rules import SLUG, Dialect, ProjectStatus
from backroom.store.search import fold
from backroom.store.tables import api_keys, counters, memberships, old_slugs, projects, users


class Project(NamedTuple):
    """A project with its settings. Times are in milliseconds since the epoch."""

    id: str
    workspace: str
    name: str
    slug: str
    project_key: str
    status: ProjectStatus
    url_patterns: list[str]
    allowed_origins: list[str]
    default_channel_key: str
    identity_secret_set: bool
    created_at: int
    updated_at: int


class KeyInfo(NamedTuple):
    """The part of a secret key that can be shown. Times are in milliseconds since the epoch."""

    id: str
    prefix: str
    created_at: int
    last_used_at: int | None


class KeyRow(NamedTuple):
    """A secret key in a list. `created_by` is a name. Times are in milliseconds since the epoch."""

    id: str
    dialect: Dialect
    name: str
    prefix: str
    scopes: tuple[KeyScope, ...]
    created_by: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


class Overview(NamedTuple):
    """A project in a list. `reports` is the number of all reports, `open` of the open ones. `created_at` is in ms."""

    id: str
    name: str
    slug: str
    status: ProjectStatus
    reports: int
    open: int
    created_at: int


class Waiting(NamedTuple):
    """A project in the navigation. `open` is the number of its open reports."""

    id: str
    name: str
    slug: str
    open: int


class Sort(StrEnum):
    """How a list of projects is sorted."""

    NAME = "name"
    CREATED = "created"
    COUNT = "count"


def get_project(conn: Connection, actor: Actor, project: str) -> Project:
    """The project, if the actor may read it. Raises NotFound, Denied."""
    found = get_reached(conn, actor, project)
    actor.require(KeyScope.PROJECT_READ)
    return found


def get_reached(conn: Connection, actor: Actor, project: str) -> Project:
    """The project, if the actor can access it. The caller checks what the actor may do. Raises NotFound."""
    found = find_project(conn, actor, project)
    if found is None:
        raise NotFound("Project not found")
    return found


def get_by_slug(conn: Connection, actor: Actor, slug: str) -> Project:
    """The project with that slug, if the actor may read it. Raises NotFound, Denied."""
    if not SLUG.match(slug):  # PostgreSQL refuses a NUL
        raise NotFound("Project not found")
    named = select(projects.c.id).where(projects.c.slug == slug)
    return get_project(conn, actor, conn.execute(named).scalar() or "")


def find_workspace_of_slug(conn: Connection, user: str, slug: str) -> str | None:
    """The workspace of the project with that slug, if that person is a member of it; else None."""
    if not SLUG.match(slug):
        return None
    ours = (memberships.c.workspace == projects.c.workspace) & (memberships.c.user == user)
    query = select(projects.c.workspace).join(memberships, ours).where(projects.c.slug == slug)
    return conn.execute(query).scalar()


def find_new_slug(conn: Connection, user: str, slug: str) -> str | None:
    """The current slug of the project that had this slug earlier, if that person is a member; else None."""
    if not SLUG.match(slug):
        return None
    ours = (memberships.c.workspace == projects.c.workspace) & (memberships.c.user == user)
    query = select(projects.c.slug).join(old_slugs, old_slugs.c.project == projects.c.id).join(memberships, ours)
    return conn.execute(query.where(old_slugs.c.slug == slug)).scalar()


def find_project(conn: Connection, actor: Actor, project: str) -> Project | None:
    """The project, or None if the actor can't access it. The operator can access all."""
    if actor.project is not None and actor.project != project:
        return None
    query = select(projects).where(projects.c.id == project)
    if actor.kind != "operator":
        query = query.where(projects.c.workspace == actor.workspace)
    row = conn.execute(query).first()
    return None if row is None else _project(row)


def get_named(conn: Connection, actor: Actor, name: str) -> Project:
    """The project with that id or slug (the id wins), if the actor can access it. Raises NotFound."""
    slug = select(projects.c.id).where(projects.c.slug == name)
    found = find_project(conn, actor, name) or find_project(conn, actor, conn.execute(slug).scalar() or "")
    if found is None:
        raise NotFound(f"There is no project {name}.")
    return found


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """A condition for the projects that the actor can access. The operator can access all."""
    bounds = [projects.c.id == actor.project] if actor.project is not None else []
    if actor.kind != "operator":
        bounds.append(projects.c.workspace == actor.workspace)
    return and_(True, *bounds)


def lock_project(tx: Connection, project: str) -> None:
    """Locks the project's row on PostgreSQL until the transaction ends. SQLite has one writer at a time."""
    tx.execute(select(projects.c.id).where(projects.c.id == project).with_for_update())


def list_projects(conn: Connection, actor: Actor) -> list[Project]:
    """The projects that the actor can access, newest first. Raises Denied."""
    actor.require(KeyScope.PROJECT_READ)
    query = select(projects).where(projects.c.workspace == actor.workspace).order_by(projects.c.id.desc())
    if actor.project is not None:
        query = query.where(projects.c.id == actor.project)
    return [_project(row) for row in conn.execute(query)]


def list_waiting(conn: Connection, actor: Actor) -> list[Waiting]:
    """The projects that the actor can access with their number of open reports, newest first. Raises Denied."""
    actor.require(KeyScope.PROJECT_READ)
    p, k = projects.c, counters.c
    query = select(p.id, p.name, p.slug, func.coalesce(func.sum(k.n), 0))
    query = query.outerjoin(counters, (k.project == p.id) & (k.status == "open")).where(within_reach(actor))
    rows = conn.execute(query.group_by(p.id).order_by(p.id.desc()))
    return [Waiting(id_, name, slug, int(n)) for id_, name, slug, n in rows]


SORT_KEYS: dict[Sort, Any] = {
    Sort.NAME: lambda row: fold(row.name),
    Sort.CREATED: lambda row: row.id,
    Sort.COUNT: lambda row: row.reports,
}


def list_overview(
    conn: Connection,
    actor: Actor,
    sort: Sort = Sort.CREATED,
    *,
    descending: bool = True,
    search: str = "",
    include_paused: bool = True,
) -> list[Overview]:
    """The projects that the actor can access, with their counts (Miniback, "Projects page"). Raises Denied.

    `search` looks in names and slugs and ignores case. Of equal projects the newest comes first.
    """
    counted = _counts(conn, actor)
    rows = [
        Overview(each.id, each.name, each.slug, each.status, *counted.get(each.id, (0, 0)), each.created_at)
        for each in list_projects(conn, actor)
        if include_paused or each.status is ProjectStatus.ACTIVE
    ]
    term = fold(search.strip())
    found = [row for row in rows if term in fold(row.name) or term in row.slug]
    return sorted(found, key=SORT_KEYS[sort], reverse=descending)


def _counts(conn: Connection, actor: Actor) -> dict[str, tuple[int, int]]:
    """The number of all reports and of open ones in each project of the actor's workspace."""
    of_open = case((counters.c.status == "open", counters.c.n), else_=0)
    query = select(counters.c.project, func.sum(counters.c.n), func.sum(of_open))
    query = query.join(projects, projects.c.id == counters.c.project).where(projects.c.workspace == actor.workspace)
    return {row[0]: (int(row[1]), int(row[2])) for row in conn.execute(query.group_by(counters.c.project))}


def list_keys(conn: Connection, actor: Actor, project: str) -> list[KeyRow]:
    """The project's secret keys: first live ones, then revoked ones, newest first. Raises NotFound, Denied (least:
    admin)."""
    get_reached(conn, actor, project)
    actor.require_role(Role.ADMIN)
    maker = api_keys.alias()
    query = select(api_keys, users.c.name.label("person"), maker.c.name.label("key"))
    query = query.outerjoin(users, users.c.id == api_keys.c.created_by)
    query = query.outerjoin(maker, maker.c.id == api_keys.c.created_by)
    rows = conn.execute(query.where(api_keys.c.project == project).order_by(api_keys.c.id.desc()))
    return sorted(map(_key_row, rows), key=lambda row: row.revoked_at is not None)


def _key_row(row: Row[Any]) -> KeyRow:
    by_machine = operator().name if row.created_by == operator().id else "A former member"
    return KeyRow(
        row.id,
        Dialect(row.dialect),
        row.name,
        row.prefix,
        tuple(KeyScope(scope) for scope in row.scopes.split()),
        row.person or row.key or by_machine,
        row.created_at,
        row.last_used_at,
        row.revoked_at,
    )


def find_miniback_key(conn: Connection, actor: Actor, project: str) -> KeyInfo | None:
    """The part of the project's live `mbk_` key that can be shown; None if it has none.

    Raises NotFound, Denied (least: admin).
    """
    get_reached(conn, actor, project)
    actor.require_role(Role.ADMIN)
    columns = (api_keys.c.id, api_keys.c.prefix, api_keys.c.created_at, api_keys.c.last_used_at)
    live = (api_keys.c.dialect == Dialect.MINIBACK.value) & api_keys.c.revoked_at.is_(None)
    row = conn.execute(select(*columns).where(api_keys.c.project == project, live)).first()
    return None if row is None else KeyInfo(*row)


def _project(row: Row[Any]) -> Project:
    return Project(
        row.id,
        row.workspace,
        row.name,
        row.slug,
        row.project_key,
        ProjectStatus(row.status),
        msgspec.json.decode(row.url_patterns, type=list[str]),
        msgspec.json.decode(row.allowed_origins, type=list[str]),
        row.default_channel_key,
        row.identity_secret is not None,
        row.created_at,
        row.updated_at,
    )
