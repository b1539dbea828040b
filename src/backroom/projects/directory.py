"""A cache of projects and keys, so that a request needs no query for them.

A copy is valid as long as the store's config change number is the one it was read at. Reads check the number first.
Writes check it again inside their transaction (`reports.submit`). So a revoked key or a paused project takes effect
in every process as soon as it is committed.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select

from backroom.access import ALL_SCOPES, Actor, KeyScope, Role
from backroom.accounts.rules import Plan
from backroom.errors import Failure
from backroom.projects.channels import COLUMNS
from backroom.projects.rules import Channel, Dialect, ProjectStatus
from backroom.store.changes import CONFIG, change_number
from backroom.store.prepared import Prepared
from backroom.store.tables import api_keys, channels, projects, workspaces

MOST_KEPT = 10_000


class Stale(Failure):
    """The project or key has changed since the request was checked. Look it up again and retry."""


class ProjectFacts(NamedTuple):
    """What doors know of a project. `generation` is the config change number at which this was read."""

    id: str
    workspace: str
    plan: Plan
    name: str
    slug: str
    project_key: str
    active: bool
    allowed_origins: tuple[str, ...]
    default_channel: str
    identity_secret: str | None
    channels: tuple[Channel, ...]
    generation: int


class KeyFacts(NamedTuple):
    """A live secret key: the actor it stands for, and its project."""

    actor: Actor
    dialect: Dialect
    project: ProjectFacts


_project_columns = (
    projects.c.id,
    projects.c.workspace,
    workspaces.c.plan,
    projects.c.name,
    projects.c.slug,
    projects.c.project_key,
    projects.c.status,
    projects.c.allowed_origins,
    projects.c.default_channel_key,
    projects.c.identity_secret,
)
_from = projects.join(workspaces, workspaces.c.id == projects.c.workspace)
_by_id = Prepared(select(*_project_columns).select_from(_from).where(projects.c.id == bindparam("key")))
_by_key = Prepared(select(*_project_columns).select_from(_from).where(projects.c.project_key == bindparam("key")))
_by_slug = Prepared(select(*_project_columns).select_from(_from).where(projects.c.slug == bindparam("key")))
_channels = Prepared(select(*COLUMNS).where(channels.c.project == bindparam("project")).order_by(channels.c.id))
_secret_key = Prepared(
    select(api_keys.c.id, api_keys.c.project, api_keys.c.dialect, api_keys.c.scopes, api_keys.c.name).where(
        api_keys.c.hash == bindparam("hash"), api_keys.c.revoked_at.is_(None)
    )
)


class Directory:
    """Finds keys and projects by what requests contain. One per process; threads can share it."""

    # Without a lock: a value that two threads read at once is read twice, and the dicts are replaced, never cleared.
    def __init__(self) -> None:
        self._generation = -1
        self._projects: dict[tuple[str, str], ProjectFacts] = {}
        self._keys: dict[str, KeyFacts] = {}

    def by_project_key(self, conn: Connection, project_key: str) -> ProjectFacts | None:
        """The project with that public `pr_` key."""
        return self._project(conn, "key", project_key)

    def by_slug(self, conn: Connection, slug: str) -> ProjectFacts | None:
        """The project with that slug."""
        return self._project(conn, "slug", slug)

    def by_id(self, conn: Connection, project: str) -> ProjectFacts | None:
        """The project with that id."""
        return self._project(conn, "id", project)

    def by_secret(self, conn: Connection, key_hash: str) -> KeyFacts | None:
        """The live secret key with that hash."""
        generation = self._refresh(conn)
        found = self._keys.get(key_hash)
        if found is None or found.project.generation != generation:
            found = _read_key(conn, key_hash, generation)
            if found is not None:
                self._make_room()
                self._keys[key_hash] = found
        return found

    def kept_project(self, project_key: str) -> ProjectFacts | None:
        """The cached project with that `pr_` key, which may be outdated; only for a write that confirms it."""
        return self._projects.get(("key", project_key))

    def kept_secret(self, key_hash: str) -> KeyFacts | None:
        """The cached key with that hash, which may be outdated; only for a write that confirms it."""
        return self._keys.get(key_hash)

    def _project(self, conn: Connection, kind: str, value: str) -> ProjectFacts | None:
        if not (value.isascii() and value.isprintable()):  # the databases reject NUL and lone surrogates
            return None
        generation = self._refresh(conn)
        found = self._projects.get((kind, value))
        if found is None or found.generation != generation:
            statement = {"id": _by_id, "key": _by_key, "slug": _by_slug}[kind]
            found = _read_project(conn, statement, value, generation)
            if found is not None:
                self._make_room()
                self._projects[kind, value] = found
        return found

    def _refresh(self, conn: Connection) -> int:
        generation = change_number(conn, CONFIG)
        if generation != self._generation:
            self._projects = {}
            self._keys = {}
            self._generation = generation
        return generation

    def _make_room(self) -> None:
        if len(self._projects) + len(self._keys) >= MOST_KEPT:
            self._projects = {}
            self._keys = {}


def _read_project(conn: Connection, statement: Prepared, value: str, generation: int) -> ProjectFacts | None:
    rows = statement(conn, key=value)
    if not rows:
        return None
    (id_, workspace, plan, name, slug, key, status, origins, default, secret) = rows[0]
    found = [
        Channel(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6])) for row in _channels(conn, project=id_)
    ]
    return ProjectFacts(
        id_,
        workspace,
        Plan(plan),
        name,
        slug,
        key,
        status == ProjectStatus.ACTIVE,
        tuple(msgspec.json.decode(origins, type=list[str])),
        default,
        secret,
        tuple(found),
        generation,
    )


def _read_key(conn: Connection, key_hash: str, generation: int) -> KeyFacts | None:
    rows = _secret_key(conn, hash=key_hash)
    if not rows:
        return None
    key, project_id, dialect, scopes, name = rows[0]
    project = _read_project(conn, _by_id, project_id, generation)
    if project is None:
        return None
    if dialect == Dialect.MINIBACK:
        actor = Actor("key", key, project.workspace, None, ALL_SCOPES, Role.OWNER, name)
    else:
        granted = frozenset(KeyScope(scope) for scope in scopes.split())
        actor = Actor("key", key, project.workspace, project.id, granted, name=name)
    return KeyFacts(actor, Dialect(dialect), project)


def read_secret(conn: Connection, key_hash: str) -> KeyFacts | None:
    """The live secret key with that hash from the store, for commands that must notice a key revoked just now."""
    return _read_key(conn, key_hash, change_number(conn, CONFIG))
