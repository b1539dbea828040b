"""Reads of projects and their keys, always within the actor's reach."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from backroom.access import Actor
from backroom.errors import NotFound
from backroom.projects.rules import Dialect, ProjectStatus
from backroom.store.tables import api_keys, projects


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
    """What can be shown of a secret key. Times are in milliseconds since the epoch."""

    id: str
    prefix: str
    created_at: int
    last_used_at: int | None


def get_project(conn: Connection, actor: Actor, project: str) -> Project:
    """The project, if the actor reaches it. Raises NotFound."""
    found = find_project(conn, actor, project)
    if found is None:
        raise NotFound("Project not found")
    return found


def find_project(conn: Connection, actor: Actor, project: str) -> Project | None:
    """The project, or None where there is none within the actor's reach. The operator reaches all."""
    if actor.project is not None and actor.project != project:
        return None
    query = select(projects).where(projects.c.id == project)
    if actor.kind != "operator":
        query = query.where(projects.c.workspace == actor.workspace)
    row = conn.execute(query).first()
    return None if row is None else _project(row)


def get_named(conn: Connection, actor: Actor, name: str) -> Project:
    """The project with that id or, where none has it, with that slug, if the actor reaches it. Raises NotFound."""
    slug = select(projects.c.id).where(projects.c.slug == name)
    found = find_project(conn, actor, name) or find_project(conn, actor, conn.execute(slug).scalar() or "")
    if found is None:
        raise NotFound(f"There is no project {name}.")
    return found


def hold(tx: Connection, project: str) -> None:
    """Waits for every other writer that holds the project, until it has committed, and keeps out the next.

    For PostgreSQL; SQLite has one writer at a time.
    """
    tx.execute(select(projects.c.id).where(projects.c.id == project).with_for_update())


def list_projects(conn: Connection, actor: Actor) -> list[Project]:
    """The projects that the actor reaches, newest first."""
    query = select(projects).where(projects.c.workspace == actor.workspace).order_by(projects.c.id.desc())
    if actor.project is not None:
        query = query.where(projects.c.id == actor.project)
    return [_project(row) for row in conn.execute(query)]


def find_miniback_key(conn: Connection, actor: Actor, project: str) -> KeyInfo | None:
    """What can be shown of the project's live `mbk_` key; None where it has none. Raises NotFound."""
    get_project(conn, actor, project)
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
