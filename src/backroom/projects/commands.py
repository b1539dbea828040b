"""Creates, changes and deletes projects and their keys."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from backroom.access import Actor, KeyScope, Role
from backroom.accounts.oauth import end_grants_of_project
from backroom.accounts.rules import PLANS, Plan, check_name
from backroom.errors import Conflict, Invalid, NotFound, PlanLimit
from backroom.ids import is_id, new_id
from backroom.projects import rules
from backroom.projects.audit import note
from backroom.projects.queries import Project, find_project, get_reached, lock_project
from backroom.projects.rules import FIRST_CHANNELS, SHOWN_OF_KEY, Dialect, ProjectStatus
from backroom.store.changes import mark_config_changed
from backroom.store.tables import (
    api_keys,
    channels,
    doomed_projects,
    hints,
    key_days,
    old_slugs,
    projects,
    workspaces,
)

LONGEST_NUMBER = len("-1000000")
SLUG_TAKEN = "Slug is already taken"
PROJECT_LIMIT = "Project limit reached. Upgrade your plan to create more projects."


class NewKey(NamedTuple):
    """A new secret key. The store has only its hash, so it can't be shown again."""

    id: str
    key: str


def create_project(tx: Connection, actor: Actor, name: str, slug: str | None, now: int) -> str:
    """Adds a project with its first channels to the actor's workspace; returns its id.

    Without `slug` it is generated from the name. Raises Denied (least: admin), PlanLimit, Conflict (`slug` is taken).
    """
    actor.require_role(Role.ADMIN)
    name = check_name(name)
    # Before a slug is chosen: on PostgreSQL this locks a row, so that two transactions don't choose the same one.
    mark_config_changed(tx)
    _check_project_limit(tx, actor.workspace)
    slug = _free_slug(tx, rules.slug_of(name)) if slug is None else _asked_slug(tx, slug)
    tx.execute(delete(old_slugs).where(old_slugs.c.slug == slug))
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
    note(tx, actor, get_reached(tx, actor, project), "project.create", project, {"slug": slug}, now)
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
    """`wanted`, or `wanted` with -2, -3 … if it is taken. Nobody chose this slug, so it also avoids slugs that other
    projects had earlier: their old links go on working."""
    start = wanted[: rules.SLUG_LENGTH - LONGEST_NUMBER].rstrip("-")
    taken: set[str] = set()
    for slugs in (projects.c.slug, old_slugs.c.slug):
        taken.update(tx.execute(select(slugs).where(slugs.startswith(start))).scalars())
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
    """Changes a project's `name`, `slug`, `status`, `allowed_origins`, `url_patterns`, `identity_secret` (None
    removes it) or `default_channel_key` (of a live channel).

    Raises NotFound, Denied (least: admin, or a key's project:write), Conflict (the slug is taken), Invalid.
    """
    lock_project(tx, project)
    found = get_reached(tx, actor, project)
    actor.require(KeyScope.PROJECT_WRITE)
    values = _checked(tx, found, changes)
    kept = {name: msgspec.json.encode(value) if isinstance(value, list) else value for name, value in values.items()}
    tx.execute(update(projects).where(projects.c.id == project).values(kept | {"updated_at": now}))
    mark_config_changed(tx)
    if "slug" in values:
        _keep_old_slug(tx, found, values["slug"])
    differences = _differences(found, values)
    if differences:
        note(tx, actor, found, "project.change", project, differences, now)


def _keep_old_slug(tx: Connection, before: Project, slug: str) -> None:
    """Makes links with the project's old slug redirect to it, and removes redirects from its new slug."""
    tx.execute(delete(old_slugs).where(old_slugs.c.slug.in_([slug, before.slug])))
    tx.execute(insert(old_slugs).values(slug=before.slug, project=before.id))


def _checked(tx: Connection, found: Project, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes as they are stored. Raises Invalid, Conflict."""
    values: dict[str, Any] = {}
    if "name" in changes:
        values["name"] = check_name(changes["name"])
    if "slug" in changes and changes["slug"] != found.slug:
        values["slug"] = _asked_slug(tx, changes["slug"])
    if "status" in changes:
        values["status"] = ProjectStatus(changes["status"]).value
    if "allowed_origins" in changes:
        values["allowed_origins"] = [rules.check_origin(origin) for origin in changes["allowed_origins"]]
    if "url_patterns" in changes:
        values["url_patterns"] = [rules.check_url_pattern(pattern) for pattern in changes["url_patterns"]]
    if "identity_secret" in changes:
        secret = changes["identity_secret"]
        values["identity_secret"] = None if secret is None else rules.check_identity_secret(secret)
    if "default_channel_key" in changes:
        values["default_channel_key"] = _live_channel(tx, found.id, changes["default_channel_key"])
    return values


def _differences(before: Project, values: dict[str, Any]) -> dict[str, Any]:
    """What `values` change, each as `[before, after]`. The identity secret itself is never part of it."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name != "identity_secret":
            old = getattr(before, name)
            if old != value:
                found[name] = [old, value]
        elif value is not None:
            found[name] = "replaced" if before.identity_secret_set else "set"
        elif before.identity_secret_set:
            found[name] = "removed"
    return found


def generate_identity_secret(tx: Connection, actor: Actor, project: str, now: int) -> str:
    """Replaces a project's identity secret and returns the new one. Raises the same as `update_project`."""
    secret = rules.new_identity_secret()
    update_project(tx, actor, project, {"identity_secret": secret}, now)
    return secret


def _live_channel(tx: Connection, project: str, key: str) -> str:
    """Returns `key` if a live channel of the project has it. Raises Invalid."""
    query = select(channels.c.id).where(channels.c.project == project, channels.c.key == key)
    possible = rules.CHANNEL_KEY.match(key)  # PostgreSQL rejects NUL
    if not possible or tx.execute(query.where(channels.c.archived.is_(False))).first() is None:
        raise Invalid(f"This project has no live channel {key}.")
    return key


def delete_named(tx: Connection, actor: Actor, project: str, typed: str, now: int) -> None:
    """Deletes a project if `typed` is its name, as a confirmation. Raises Invalid, and the same as `delete_project`."""
    lock_project(tx, project)
    found = get_reached(tx, actor, project)
    actor.require_role(Role.OWNER)
    if typed.strip() != found.name:
        raise Invalid(f"Nothing was deleted. Type the project's name, {found.name}, to delete it.")
    delete_project(tx, actor, project, now)


def delete_project(tx: Connection, actor: Actor, project: str, now: int) -> None:
    """Deletes a project permanently. It disappears at once; a background task deletes its reports afterwards.

    Raises NotFound, Denied (least: owner).
    """
    lock_project(tx, project)
    found = get_reached(tx, actor, project)
    actor.require_role(Role.OWNER)
    for table in (key_days, api_keys, channels, hints, old_slugs):
        tx.execute(delete(table).where(table.c.project == project))
    tx.execute(delete(projects).where(projects.c.id == project))
    end_grants_of_project(tx, actor, project, now)
    tx.execute(insert(doomed_projects).values(project=project))
    mark_config_changed(tx)
    note(tx, actor, found, "project.delete", project, {"slug": found.slug}, now)


def create_secret_key(
    tx: Connection, actor: Actor, project: str, scopes: frozenset[KeyScope], name: str, now: int
) -> NewKey:
    """Adds a `pr_sk_` key with `scopes` to a project. Raises NotFound, Denied (least: admin), Invalid (no scope)."""
    found = get_reached(tx, actor, project)
    actor.require_role(Role.ADMIN)
    if not scopes:
        raise Invalid("A key needs at least one scope.")
    return _insert_key(tx, actor, found, Dialect.PATCHROOMS, scopes, name, now)


def regenerate_miniback_key(tx: Connection, actor: Actor, project: str, now: int) -> NewKey:
    """Replaces a project's `mbk_` key. The old one stops working at once. Raises NotFound, Denied (least: admin)."""
    found = get_reached(tx, actor, project)
    actor.require_role(Role.ADMIN)
    lock_project(tx, project)  # of two regenerations at once the later one must find and revoke the earlier one's key
    old = (api_keys.c.project == project) & (api_keys.c.dialect == Dialect.MINIBACK.value)
    tx.execute(update(api_keys).where(old, api_keys.c.revoked_at.is_(None)).values(revoked_at=now))
    return _insert_key(tx, actor, found, Dialect.MINIBACK, frozenset(KeyScope), "API Access", now)


def _insert_key(
    tx: Connection,
    actor: Actor,
    project: Project,
    dialect: Dialect,
    scopes: frozenset[KeyScope],
    name: str,
    now: int,
) -> NewKey:
    key = rules.new_key("mbk_" if dialect is Dialect.MINIBACK else "pr_sk_")
    id_ = new_id(now)
    values = {
        "id": id_,
        "project": project.id,
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
    shown = {name: values[name] for name in ("name", "dialect", "scopes")}
    note(tx, actor, project, "key.create", id_, shown, now)
    return NewKey(id_, key)


def revoke_key(tx: Connection, actor: Actor, key: str, now: int) -> int:
    """Revokes a secret key; returns when it was revoked (ms), which may be earlier.

    Raises NotFound, Denied (least: admin). Text that can't be an id may be the key itself, so no error repeats it.
    """
    if not is_id(key):
        raise NotFound("Give the key's id, not the key itself: the 24 hex digits that were shown when it was created.")
    columns = (api_keys.c.project, api_keys.c.name, api_keys.c.dialect, api_keys.c.revoked_at)
    row = tx.execute(select(*columns).where(api_keys.c.id == key).with_for_update()).first()
    found = None if row is None else find_project(tx, actor, row.project)
    if row is None or found is None:
        raise NotFound(f"There is no key {key}.")
    actor.require_role(Role.ADMIN)
    if row.revoked_at is not None:
        return int(row.revoked_at)
    tx.execute(update(api_keys).where(api_keys.c.id == key).values(revoked_at=now))
    mark_config_changed(tx)
    note(tx, actor, found, "key.revoke", key, {"name": row.name, "dialect": row.dialect}, now)
    return now
