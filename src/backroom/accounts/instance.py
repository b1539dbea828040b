"""The settings that an instance's owner can change, and the instance's own secret."""

from __future__ import annotations

import secrets
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from backroom.access import Actor
from backroom.accounts.audit import note_change
from backroom.accounts.commands import set_plan
from backroom.accounts.rules import Plan, SignUp
from backroom.errors import Denied
from backroom.store.tables import instance, memberships, users, workspaces

SIGN_UP = "sign_up"
DEFAULT_PLAN = "default_plan"
SECRET = "secret"  # noqa: S105 -- its name
SECRET_BYTES = 32


class Instance(NamedTuple):
    """The instance's settings. `default_plan` is for new workspaces; None means that of the environment."""

    sign_up: SignUp
    default_plan: Plan | None


class WorkspaceInfo(NamedTuple):
    """A workspace as the instance's owner sees it. `created_at` in milliseconds since the epoch."""

    id: str
    name: str
    plan: Plan
    members: int
    created_at: int


def get_instance(conn: Connection) -> Instance:
    """The instance's current settings."""
    query = select(instance.c.name, instance.c.value).where(instance.c.name.in_((SIGN_UP, DEFAULT_PLAN)))
    found = {row.name: msgspec.json.decode(row.value) for row in conn.execute(query)}
    plan = found.get(DEFAULT_PLAN)
    return Instance(SignUp(found.get(SIGN_UP, SignUp.INVITATION)), None if plan is None else Plan(plan))


def first_plan(conn: Connection, otherwise: Plan) -> Plan:
    """The plan of a new workspace: the instance's default plan, or `otherwise` (the environment's) if it has none."""
    return get_instance(conn).default_plan or otherwise


def owns_instance(conn: Connection, actor: Actor) -> bool:
    """Whether the actor may change the instance. Its owners and the operator may, a key never."""
    if actor.kind == "operator":
        return True
    query = select(users.c.id).where(users.c.id == actor.id, users.c.instance_owner.is_(True))
    return actor.kind == "user" and conn.execute(query).first() is not None


def require_instance_owner(conn: Connection, actor: Actor) -> None:
    """Raises Denied unless the actor may change the instance."""
    if not owns_instance(conn, actor):
        raise Denied("Only an owner of this instance may do that.")


def set_sign_up(tx: Connection, actor: Actor, mode: SignUp, now: int) -> None:
    """Changes who may create an account. Raises Denied."""
    require_instance_owner(tx, actor)
    _put(tx, SIGN_UP, mode.value)
    note_change(tx, actor, "instance.sign-up", SIGN_UP, {"mode": mode.value}, now)


def set_default_plan(tx: Connection, actor: Actor, plan: Plan | None, now: int) -> None:
    """Changes the plan of new workspaces; None means that of the environment. Raises Denied."""
    require_instance_owner(tx, actor)
    _put(tx, DEFAULT_PLAN, None if plan is None else plan.value)
    note_change(tx, actor, "instance.default-plan", DEFAULT_PLAN, {"plan": None if plan is None else plan.value}, now)


def change_plan(tx: Connection, actor: Actor, workspace: str, plan: Plan, now: int) -> None:
    """Changes the plan of any workspace and logs it there. Raises Denied, NotFound."""
    require_instance_owner(tx, actor)
    set_plan(tx, workspace, plan)
    note_change(tx, actor._replace(workspace=workspace), "workspace.plan", workspace, {"plan": plan.value}, now)


def list_all_workspaces(conn: Connection, actor: Actor) -> list[WorkspaceInfo]:
    """Every workspace of the instance, by name. Raises Denied."""
    require_instance_owner(conn, actor)
    members = select(func.count()).where(memberships.c.workspace == workspaces.c.id).scalar_subquery()
    query = select(workspaces.c.id, workspaces.c.name, workspaces.c.plan, members, workspaces.c.created_at)
    rows = conn.execute(query.order_by(workspaces.c.name, workspaces.c.id))
    return [WorkspaceInfo(row[0], row[1], Plan(row[2]), row[3], row[4]) for row in rows]


def instance_secret(tx: Connection) -> bytes:
    """The instance's own secret of 32 random bytes, for signatures that only it checks.

    The first call creates it, so it needs a write transaction. It never changes: call this once, at the start.
    """
    _put(tx, SECRET, secrets.token_hex(SECRET_BYTES), only_new=True)
    value = tx.execute(select(instance.c.value).where(instance.c.name == SECRET)).scalar_one()
    return bytes.fromhex(msgspec.json.decode(value, type=str))


def _put(tx: Connection, name: str, value: Any, *, only_new: bool = False) -> None:
    insert = sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert
    statement = insert(instance).values(name=name, value=msgspec.json.encode(value))
    if only_new:
        tx.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
    else:
        given = {"value": statement.excluded.value}
        tx.execute(statement.on_conflict_do_update(index_elements=["name"], set_=given))
