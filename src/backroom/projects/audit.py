"""Logs changes of projects in the audit log of their workspace."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from backroom.access import Actor
from backroom.accounts.audit import note_change
from backroom.projects.queries import Project


def note(
    tx: Connection, actor: Actor, project: Project, action: str, subject: str, payload: dict[str, Any], now: int
) -> None:
    """Logs `action` (such as `key.revoke`) on `subject`. `payload` must not contain secrets.

    The entry has the project's id and name, because the project may be deleted later. An operator has no workspace,
    so their changes are logged in the project's.
    """
    where = actor._replace(workspace=project.workspace)
    named = {"project": project.id, "project_name": project.name}
    note_change(tx, where, action, subject, named | payload, now)
