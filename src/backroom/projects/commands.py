"""Writes to projects and their keys."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from backroom.access import Actor, Scope
from backroom.accounts.rules import PLANS, Plan, check_name
from backroom.errors import Conflict, Invalid, NotFound, PlanLimit
from backroom.ids import is_id, new_id
from backroom.projects import rules
from backroom.projects.queries import find_project, get_project, hold
from backroom.projects.rules import FIRST_CHANNELS, SHOWN_OF_KEY, Dialect, ProjectStatus
from backroom.store.changes import mark_config_changed
from backroom.store.tables import api_keys, channels, doomed_projects, hints, projects, workspaces

LONGEST_NUMBER = len("-1000000")
SLUG_TAKEN = "Slug is already taken"
PROJECT_LIMIT = "Project limit reached. Upgrade your plan to create more projects."


class NewKey(NamedTuple):
    """A secret key, the one time it can be read."""

    id: str
    key: str


def create_project(tx: Connection, actor: Actor, name: str, slug: str | None, now: int) -> str:
    """Adds a project with its first channels to the actor's workspace; returns its id.

    Without `slug` one is made from the name. Raises PlanLimit, Conflict (a slug asked for that is taken).
    """
    name = check_name(name)
    mark_config_changed(tx)  # first, for on PostgreSQL it makes those who choose slugs take turns
    _check_project_limit(tx, actor.workspace)
    slug = _free_slug(tx, rules.slug_of(name)) if slug is None else _asked_slug(tx, slug)
    project = new_id(now)
    tx.execute(
        insert(projects).values(
            id=project,
            workspace=actor.workspace,
            name=name,
            slug=slug,
            project_key=rules.new_key("pr_"),
            status=ProjectStatus.ACTIVE.value,
            url_patterns=b"[]",
            allowed_origins=b"[]",
            default_channel_key=FIRST_CHANNELS[0][0],
            identity_secret=None,
            widget=b"{}",
            created_at=now,
            updated_at=now,
        )
    )
    tx.execute(insert(channels), [_first_channel(project, *first, now) for first in FIRST_CHANNELS])
    return project


def _first_channel(project: str, key: str, name: str, color: str, mascot: str, now: int) -> dict[str, Any]:
    return {
        "project": project,
        "id": new_id(now),
        "key": key,
        "name": name,
        "color": color,
        "mascot": mascot,
        "base_weight": 1.0,
        "archived": False,
    }


def _check_project_limit(tx: Connection, workspace: str) -> None:
    query = select(workspaces.c.plan).where(workspaces.c.id == workspace)
    plan = tx.execute(query.with_for_update()).scalar()
    if plan is None:
        raise NotFound(f"There is no workspace {workspace}.")
    limit = PLANS[Plan(plan)].projects
    if limit is None:
        return
    has = tx.execute(select(func.count()).where(projects.c.workspace == workspace)).scalar_one()
    if has >= limit:
        raise PlanLimit(PROJECT_LIMIT)


def _free_slug(tx: Connection, wanted: str) -> str:
    """`wanted`, or with -2, -3 … the first that is free on the instance."""
    start = wanted[: rules.SLUG_LENGTH - LONGEST_NUMBER].rstrip("-")
    taken = set(tx.execute(select(projects.c.slug).where(projects.c.slug.startswith(start))).scalars())
    number, slug = 1, wanted
    while slug in taken:
        number += 1
        slug = f"{start}-{number}"
    return slug


def _asked_slug(tx: Connection, slug: str) -> str:
    rules.check_slug(slug)
    if tx.execute(select(projects.c.id).where(projects.c.slug == slug)).first():
        raise Conflict(SLUG_TAKEN)
    return slug


def update_project(tx: Connection, actor: Actor, project: str, changes: dict[str, Any], now: int) -> None:
    """Changes a project's `name`, `slug`, `status`, `allowed_origins`, `url_patterns`, `identity_secret` (None takes
    it away) or `default_channel_key` (of a live channel).

    Raises NotFound, Conflict (the slug is taken), Invalid.
    """
    hold(tx, project)
    found = get_project(tx, actor, project)
    values: dict[str, Any] = {"updated_at": now}
    if "name" in changes:
        values["name"] = check_name(changes["name"])
    if "slug" in changes and changes["slug"] != found.slug:
        values["slug"] = _asked_slug(tx, changes["slug"])
    if "status" in changes:
        values["status"] = ProjectStatus(changes["status"]).value
    if "allowed_origins" in changes:
        origins = [rules.check_origin(origin) for origin in changes["allowed_origins"]]
        values["allowed_origins"] = msgspec.json.encode(origins)
    if "url_patterns" in changes:
        patterns = [rules.check_url_pattern(pattern) for pattern in changes["url_patterns"]]
        values["url_patterns"] = msgspec.json.encode(patterns)
    if "identity_secret" in changes:
        secret = changes["identity_secret"]
        values["identity_secret"] = None if secret is None else rules.check_identity_secret(secret)
    if "default_channel_key" in changes:
        values["default_channel_key"] = _live_channel(tx, project, changes["default_channel_key"])
    tx.execute(update(projects).where(projects.c.id == project).values(values))
    mark_config_changed(tx)


def _live_channel(tx: Connection, project: str, key: str) -> str:
    """The key, which a live channel of the project has. Raises Invalid."""
    query = select(channels.c.id).where(channels.c.project == project, channels.c.key == key)
    if tx.execute(query.where(channels.c.archived.is_(False))).first() is None:
        raise Invalid(f"This project has no live channel {key}.")
    return key


def delete_project(tx: Connection, actor: Actor, project: str) -> None:
    """Deletes a project for good: gone for everybody at once, its reports cleared away right after."""
    hold(tx, project)
    get_project(tx, actor, project)
    for table in (api_keys, channels, hints):
        tx.execute(delete(table).where(table.c.project == project))
    tx.execute(delete(projects).where(projects.c.id == project))
    tx.execute(insert(doomed_projects).values(project=project))
    mark_config_changed(tx)


def create_secret_key(
    tx: Connection, actor: Actor, project: str, scopes: frozenset[Scope], name: str, now: int
) -> NewKey:
    """Adds a `pr_sk_` key with `scopes` to a project. Raises NotFound, Invalid (no scope)."""
    get_project(tx, actor, project)
    if not scopes:
        raise Invalid("A key needs at least one scope.")
    return _insert_key(tx, actor, project, Dialect.PATCHROOMS, scopes, name, now)


def regenerate_miniback_key(tx: Connection, actor: Actor, project: str, now: int) -> NewKey:
    """Gives a project a new `mbk_` key in place of the one it had, which ends at once. Raises NotFound.

    On PostgreSQL the project's row is locked, so that of two at once the later one ends the earlier one's key.
    """
    get_project(tx, actor, project)
    hold(tx, project)
    old = (api_keys.c.project == project) & (api_keys.c.dialect == Dialect.MINIBACK.value)
    tx.execute(update(api_keys).where(old, api_keys.c.revoked_at.is_(None)).values(revoked_at=now))
    return _insert_key(tx, actor, project, Dialect.MINIBACK, frozenset(Scope), "API Access", now)


def _insert_key(
    tx: Connection,
    actor: Actor,
    project: str,
    dialect: Dialect,
    scopes: frozenset[Scope],
    name: str,
    now: int,
) -> NewKey:
    key = rules.new_key("mbk_" if dialect is Dialect.MINIBACK else "pr_sk_")
    id_ = new_id(now)
    values = {
        "id": id_,
        "project": project,
        "dialect": dialect.value,
        "name": check_name(name, "key's name"),
        "prefix": key[:SHOWN_OF_KEY],
        "hash": rules.hash_key(key),
        "scopes": " ".join(sorted(scopes)),
        "created_by": actor.id,
        "created_at": now,
    }
    tx.execute(insert(api_keys).values(values))
    mark_config_changed(tx)
    return NewKey(id_, key)


def revoke_key(tx: Connection, actor: Actor, key: str, now: int) -> int:
    """Ends a secret key from now on; a key that was ended before keeps its time. Returns that time (ms).

    Raises NotFound; a text that can't be an id may be the key itself, and isn't repeated.
    """
    if not is_id(key):
        raise NotFound("A key is revoked by its id, the 24 hex digits told when it was made, not by the key itself.")
    row = tx.execute(select(api_keys.c.project, api_keys.c.revoked_at).where(api_keys.c.id == key)).first()
    if row is None or find_project(tx, actor, row.project) is None:
        raise NotFound(f"There is no key {key}.")
    if row.revoked_at is not None:
        return int(row.revoked_at)
    tx.execute(update(api_keys).where(api_keys.c.id == key).values(revoked_at=now))
    mark_config_changed(tx)
    return now


def mark_key_used(tx: Connection, key: str, now: int) -> None:
    """Notes when a key was last used; the doors do so at most once a minute for each key."""
    tx.execute(update(api_keys).where(api_keys.c.id == key).values(last_used_at=now))
