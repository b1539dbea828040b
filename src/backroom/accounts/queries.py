"""Reads of accounts."""

from __future__ import annotations

from sqlalchemy import Connection, select

from backroom.accounts.rules import Plan
from backroom.errors import NotFound
from backroom.store.tables import users, workspaces


def get_plan(conn: Connection, workspace: str) -> Plan:
    """The workspace's plan. Raises NotFound."""
    plan = conn.execute(select(workspaces.c.plan).where(workspaces.c.id == workspace)).scalar()
    if plan is None:
        raise NotFound(f"There is no workspace {workspace}.")
    return Plan(plan)


def is_empty(conn: Connection) -> bool:
    """Whether nobody has an account and no workspace exists: a store that was never used."""
    return conn.execute(select(users.c.id).limit(1)).first() is None and (
        conn.execute(select(workspaces.c.id).limit(1)).first() is None
    )
