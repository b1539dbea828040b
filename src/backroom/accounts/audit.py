"""The audit log of a workspace: who changed what."""

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
    """One entry. `at` is in milliseconds since the epoch; `payload` has the values of the change, never a secret."""

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
    """Adds an entry to the log of `actor.workspace`, in the transaction of the change itself.

    `action` is a thing and a verb, such as `member.remove`. `subject` is the id or key of what was changed. `payload`
    has the details that the log may show, as JSON. An operator has no workspace: set it to the subject's first.
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
    """Logs a change that a person made to their own account, in every workspace that they belong to."""
    query = select(memberships.c.workspace).where(memberships.c.user == user)
    for workspace in tx.execute(query.order_by(memberships.c.workspace)).scalars().all():
        note_change(tx, Actor("user", user, workspace, None, frozenset(), None, name), action, user, None, now)


def list_audit(conn: Connection, actor: Actor, before: str | None, limit: int) -> list[Change]:
    """At most 200 of the workspace's entries, newest first, older than the entry `before`. For admins and owners."""
    actor.require_role(Role.ADMIN)
    query = select(*[column for column in audit.columns if column is not audit.c.workspace])
    query = query.where(audit.c.workspace == actor.workspace)
    if before is not None and is_id(before):
        query = query.where(audit.c.id < before)
    rows = conn.execute(query.order_by(audit.c.id.desc()).limit(min(limit, MOST_AT_ONCE)))
    return [Change(*row)._replace(payload=msgspec.json.decode(row.payload)) for row in rows]
