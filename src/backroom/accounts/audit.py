"""Who changed what in a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select

from backroom.access import Actor, Role
from backroom.ids import is_id, new_id
from backroom.store.tables import audit, memberships

MOST_AT_ONCE = 200


class Change(NamedTuple):
    """One entry. `at` in milliseconds since the epoch; `payload` says what was given, never a secret."""

    id: str
    at: int
    actor_kind: str
    actor_id: str
    actor_name: str
    action: str
    subject: str
    payload: dict[str, Any]


def note_change(
    tx: Connection, actor: Actor, action: str, subject: str, payload: Mapping[str, Any] | None, now: int
) -> None:
    """Notes, in the transaction of the change itself, what the actor did in `actor.workspace`.

    `action` is a thing and a verb such as `member.remove`, `subject` the id or key of what was changed,
    `payload` what can be shown of it as JSON. Where an operator acts, give it the subject's workspace first.
    """
    tx.execute(
        insert(audit).values(
            workspace=actor.workspace,
            id=new_id(now),
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            action=action,
            subject=subject,
            payload=msgspec.json.encode(payload or {}),
        )
    )


def note_personal(tx: Connection, user: str, name: str, action: str, now: int) -> None:
    """Notes what somebody did to their own account, in every workspace that they belong to."""
    query = select(memberships.c.workspace).where(memberships.c.user == user)
    for workspace in tx.execute(query.order_by(memberships.c.workspace)).scalars().all():
        note_change(tx, Actor("user", user, workspace, None, frozenset(), None, name), action, user, None, now)


def list_audit(conn: Connection, actor: Actor, before: str | None, limit: int) -> list[Change]:
    """The workspace's changes, newest first, older than the entry `before`; at most 200. For admins and owners."""
    actor.require_role(Role.ADMIN)
    query = select(*[column for column in audit.columns if column is not audit.c.workspace])
    query = query.where(audit.c.workspace == actor.workspace)
    if before is not None and is_id(before):
        query = query.where(audit.c.id < before)
    rows = conn.execute(query.order_by(audit.c.id.desc()).limit(min(limit, MOST_AT_ONCE)))
    return [Change(*row)._replace(payload=msgspec.json.decode(row.payload)) for row in rows]
