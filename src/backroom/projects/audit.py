"""What happens to projects goes to their workspace's audit log."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from backroom.access import Actor
from backroom.accounts.audit import note_change
from backroom.projects.queries import Project


def note(
    tx: Connection, actor: Actor, project: Project, action: str, subject: str, payload: dict[str, Any], now: int
) -> None:
    """Notes `action` (such as `key.revoke`) on `subject`, with the project's id and name, which may be gone later.

    The operator has no workspace of their own, so the project's is where it stands. `payload` holds no secrets.
    """
    where = actor._replace(workspace=project.workspace)
    named = {"project": project.id, "project_name": project.name}
    note_change(tx, where, action, subject, named | payload, now)
