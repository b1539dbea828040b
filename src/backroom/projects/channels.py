"""Channels and hints. A channel can be added, changed and archived, but never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from backroom.access import Actor, KeyScope
from backroom.errors import Conflict, Invalid, NotFound
from backroom.ids import is_id, new_id
from backroom.projects import rules
from backroom.projects.audit import note
from backroom.projects.queries import get_reached, lock_project, within_reach
from backroom.projects.rules import HINT_LIFETIME, WORDED_WEIGHTS, Channel, Hint
from backroom.store.changes import mark_config_changed
from backroom.store.prepared import Prepared
from backroom.store.tables import channels, hints, projects

COLUMNS = (
    channels.c.id,
    channels.c.key,
    channels.c.name,
    channels.c.color,
    channels.c.mascot,
    channels.c.base_weight,
    channels.c.archived,
)
"""The columns for a Channel, in the order of its fields."""

_live = Prepared(
    select(hints.c.id, hints.c.channel_key, hints.c.user_id, hints.c.weight)
    .where(hints.c.project == bindparam("project"), hints.c.expires_at > bindparam("now"))
    .order_by(hints.c.expires_at, hints.c.id)
)

CHECKS: dict[str, Any] = {
    "name": rules.check_channel_name,
    "color": rules.check_color,
    "mascot": rules.check_mascot,
    "base_weight": rules.check_base_weight,
    "archived": bool,
}


class LiveHint(NamedTuple):
    """A hint that hasn't expired: for one user, or for everyone if `user_id` is None. It expires in `left_ms`."""

    id: str
    channel_key: str
    user_id: str | None
    weight: str | float
    expires_at: int
    left_ms: int


def list_channels(conn: Connection, actor: Actor, project: str, archived: bool) -> list[Channel]:
    """The project's channels, oldest first. Includes archived ones if `archived`. Raises NotFound, Denied."""
    get_reached(conn, actor, project)
    actor.require(KeyScope.CHANNEL_READ)
    query = select(*COLUMNS).where(channels.c.project == project).order_by(channels.c.id)
    if not archived:
        query = query.where(channels.c.archived.is_(False))
    return [Channel(*row) for row in conn.execute(query)]


def list_channels_of(conn: Connection, actor: Actor, named: Sequence[str], archived: bool) -> dict[str, list[Channel]]:
    """The channels of each of the projects `named`, as `list_channels` returns them, in one statement.

    Raises NotFound if the actor can't access one of them, Denied.
    """
    kept = channels.c.project == projects.c.id
    if not archived:
        kept &= channels.c.archived.is_(False)
    query = select(projects.c.id, *COLUMNS).outerjoin(channels, kept)
    query = query.where(within_reach(actor), projects.c.id.in_(named)).order_by(projects.c.id, channels.c.id)
    found: dict[str, list[Channel]] = {}
    for project, *channel in conn.execute(query):
        of_project = found.setdefault(project, [])
        if channel[0] is not None:
            of_project.append(Channel(*channel))
    if set(found) != set(named):
        raise NotFound("Project not found")
    actor.require(KeyScope.CHANNEL_READ)
    return found


def create_channel(tx: Connection, actor: Actor, project: str, channel: Channel, now: int) -> Channel:
    """Adds a channel with a new `id`.

    Raises NotFound, Denied (least: admin, or a key's channel:write), Invalid, Conflict (the key is taken).
    """
    found = get_reached(tx, actor, project)
    actor.require(KeyScope.CHANNEL_WRITE)
    new = Channel(
        new_id(now),
        rules.check_channel_key(channel.key),
        rules.check_channel_name(channel.name),
        rules.check_color(channel.color),
        rules.check_mascot(channel.mascot),
        rules.check_base_weight(channel.base_weight),
        False,
    )
    if _find(tx, project, new.key):
        raise Conflict(f"This project already has a channel {new.key}.")
    tx.execute(insert(channels).values(project=project, **asdict(new)))
    mark_config_changed(tx)
    note(tx, actor, found, "channel.create", new.key, {"name": new.name}, now)
    return new


def update_channel(tx: Connection, actor: Actor, project: str, key: str, changes: dict[str, Any], now: int) -> Channel:
    """Changes a channel's `name`, `color`, `mascot`, `base_weight` or `archived`; returns the changed channel.

    Raises NotFound, Denied (least: admin, or a key's channel:write), Invalid (also for archiving the default channel).
    """
    lock_project(tx, project)
    found = get_reached(tx, actor, project)
    actor.require(KeyScope.CHANNEL_WRITE)
    before = asdict(_get(tx, project, key))
    values = {name: CHECKS[name](value) for name, value in changes.items()}
    if values.get("archived") and key == found.default_channel_key:
        raise Invalid("The default channel can't be archived; choose another default first.")
    if values:
        tx.execute(update(channels).where(channels.c.project == project, channels.c.key == key).values(values))
        mark_config_changed(tx)
    differences = {name: [before[name], value] for name, value in values.items() if value != before[name]}
    if differences:
        note(tx, actor, found, "channel.change", key, differences, now)
    return _get(tx, project, key)


def add_hint(
    tx: Connection,
    actor: Actor,
    project: str,
    channel_key: str,
    weight: str | float,
    user_id: str | None,
    now: int,
) -> None:
    """Adds a hint, which favors a live channel for five minutes.

    Only a person's hint is logged in the audit log: an app may send one with every click of a user.
    Raises NotFound, Denied (least: admin, or a key's channel:write), Invalid.
    """
    found = get_reached(tx, actor, project)
    actor.require(KeyScope.CHANNEL_WRITE)
    weight = rules.check_hint_weight(weight)
    channel = _find(tx, project, channel_key)
    if channel is None or channel.archived:
        raise NotFound(f"This project has no live channel {channel_key}.")
    tx.execute(delete(hints).where(hints.c.project == project, hints.c.expires_at <= now))
    id_ = new_id(now)
    tx.execute(
        insert(hints).values(
            project=project,
            id=id_,
            channel_key=channel_key,
            user_id=user_id,
            weight=str(weight),
            expires_at=now + HINT_LIFETIME,
        )
    )
    if actor.kind != "key":
        note(tx, actor, found, "hint.add", id_, {"channel": channel_key, "weight": weight, "user": user_id}, now)


def delete_hint(tx: Connection, actor: Actor, project: str, hint: str, now: int) -> None:
    """Deletes a hint before it expires. Raises NotFound, Denied (least: admin, or a key's channel:write)."""
    found = get_reached(tx, actor, project)
    actor.require(KeyScope.CHANNEL_WRITE)
    condition = (hints.c.project == project) & (hints.c.id == hint) & (hints.c.expires_at > now)
    returned = (hints.c.channel_key, hints.c.user_id)
    row = tx.execute(delete(hints).where(condition).returning(*returned)).first() if is_id(hint) else None
    if row is None:
        raise NotFound("This hint has already ended.")
    note(tx, actor, found, "hint.delete", hint, {"channel": row.channel_key, "user": row.user_id}, now)


def list_hints(conn: Connection, actor: Actor, project: str, now: int) -> list[LiveHint]:
    """The hints that are live at `now` (ms), oldest first. Raises NotFound, Denied."""
    get_reached(conn, actor, project)
    actor.require(KeyScope.CHANNEL_READ)
    query = select(hints).where(hints.c.project == project, hints.c.expires_at > now)
    return [
        LiveHint(row.id, row.channel_key, row.user_id, _weight(row.weight), row.expires_at, row.expires_at - now)
        for row in conn.execute(query.order_by(hints.c.expires_at, hints.c.id))
    ]


def live_hints(conn: Connection, project: str, now: int) -> list[Hint]:
    """The hints of a project that are live at `now` (ms), oldest first."""
    rows = _live(conn, project=project, now=now)
    return [Hint(id_, channel, user, _weight(weight)) for id_, channel, user, weight in rows]


def _weight(kept: str) -> str | float:
    return kept if kept in WORDED_WEIGHTS else float(kept)


def _get(conn: Connection, project: str, key: str) -> Channel:
    channel = _find(conn, project, key)
    if channel is None:
        raise NotFound(f"This project has no channel {key}.")
    return channel


def _find(conn: Connection, project: str, key: str) -> Channel | None:
    if not rules.CHANNEL_KEY.match(key):  # PostgreSQL refuses a NUL
        return None
    row = conn.execute(select(*COLUMNS).where(channels.c.project == project, channels.c.key == key)).first()
    return None if row is None else Channel(*row)
