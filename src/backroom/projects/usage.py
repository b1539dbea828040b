"""What a workspace uses of its plan, and the calls of its keys day by day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, Integer, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from backroom.access import Actor, Role
from backroom.accounts.rules import PLANS, Kind, Plan
from backroom.accounts.usage import Meter, used
from backroom.clock import DAY, MINUTE, next_month
from backroom.errors import NotFound
from backroom.projects.rules import Dialect
from backroom.store.prepared import Prepared
from backroom.store.tables import api_keys, key_days, projects, workspaces

DAYS_SHOWN = 30
METERED = (Kind.FEEDBACK, Kind.API_CALLS)


class KeyUse(NamedTuple):
    """How often a key was used on a day (UTC, days since the epoch), and when last (ms)."""

    key: str
    day: int
    n: int
    last: int


class KeyCalls(NamedTuple):
    """A key's calls: `days` are those of the last 30 days, oldest first. `revoked` keys show as long as they count."""

    key: str
    name: str
    dialect: Dialect
    revoked: bool
    project_name: str
    days: list[int]
    total: int


class UsageOverview(NamedTuple):
    """Where a workspace stands: `projects` of now, the others of this month (UTC), of which `days_left` are left,
    today among them. `first_day` (days since the epoch, UTC) is that of `days[0]` of each key, those used most first.
    """

    plan: Plan
    projects: Meter
    feedback: Meter
    api_calls: Meter
    days_left: int
    first_day: int
    keys: list[KeyCalls]


def usage_overview(conn: Connection, actor: Actor, now: int) -> UsageOverview:
    """The usage of the actor's workspace at `now` (ms). Raises NotFound, Denied (keys of one project)."""
    actor.require_role(Role.VIEWER)
    plan_name = conn.execute(select(workspaces.c.plan).where(workspaces.c.id == actor.workspace)).scalar()
    if plan_name is None:
        raise NotFound("There is no such workspace.")
    plan, reset = Plan(plan_name), next_month(now)
    limits = PLANS[plan]
    number = conn.execute(select(func.count()).where(projects.c.workspace == actor.workspace)).scalar_one()
    feedback, calls = (Meter(limits.of(kind), used(conn, actor.workspace, kind, now), reset) for kind in METERED)
    first_day = now // DAY - DAYS_SHOWN + 1
    return UsageOverview(
        plan,
        Meter(limits.projects, number, reset),
        feedback,
        calls,
        -((now - reset) // DAY),
        first_day,
        _calls(conn, actor.workspace, first_day),
    )


def _calls(conn: Connection, workspace: str, first_day: int) -> list[KeyCalls]:
    """The keys of the workspace that were used since `first_day`."""
    columns = (api_keys.c.id, api_keys.c.name, api_keys.c.dialect, api_keys.c.revoked_at)
    query = select(*columns, projects.c.name.label("project_name"), key_days.c.day, key_days.c.n)
    query = query.join(key_days, (key_days.c.project == api_keys.c.project) & (key_days.c.key == api_keys.c.id))
    query = query.join(projects, projects.c.id == api_keys.c.project)
    query = query.where(projects.c.workspace == workspace, key_days.c.day >= first_day)
    found: dict[str, KeyCalls] = {}
    for row in conn.execute(query):
        calls = found.get(row.id)
        if calls is None:
            known = (row.id, row.name, Dialect(row.dialect), row.revoked_at is not None, row.project_name)
            calls = KeyCalls(*known, [0] * DAYS_SHOWN, 0)
        if row.day - first_day < DAYS_SHOWN:
            calls.days[row.day - first_day] += row.n
        found[row.id] = calls
    totalled = [calls._replace(total=sum(calls.days)) for calls in found.values()]
    return sorted(totalled, key=lambda calls: (-calls.total, calls.key))


def note_uses(tx: Connection, uses: Sequence[KeyUse]) -> None:
    """Adds to the calls of keys, and notes when each was last used, unless that was noted within the last minute.

    The project is the key's own; a key that is gone with its project counts no more. In sorted order, so that
    writers don't deadlock.
    """
    add = _add[tx.dialect.name]
    for use in sorted(uses):
        add(tx, id=use.key, day=use.day, n=use.n)
    for use in sorted(uses):
        _mark(tx, id=use.key, last=use.last, until=use.last - MINUTE)


def _adding(dialect: str) -> Prepared:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    columns = (api_keys.c.project, bindparam("day", type_=Integer), api_keys.c.id, bindparam("n", type_=BigInteger))
    row = select(*columns).where(api_keys.c.id == bindparam("id"))
    statement = insert(key_days).from_select(["project", "day", "key", "n"], row)
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=["project", "day", "key"], set_={"n": key_days.c.n + statement.excluded.n}
        )
    )


_add = {dialect: _adding(dialect) for dialect in ("sqlite", "postgresql")}
_mark = Prepared(
    update(api_keys)
    .where(api_keys.c.id == bindparam("id"), func.coalesce(api_keys.c.last_used_at, 0) <= bindparam("until"))
    .values(last_used_at=bindparam("last"))
)
