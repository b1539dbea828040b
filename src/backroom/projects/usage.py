"""How much of its plan a workspace uses, and the calls of its keys per day."""

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
    """How often a key was used on a day (UTC, days since the epoch), and when it was last used (ms)."""

    key: str
    day: int
    n: int
    last: int


class KeyCalls(NamedTuple):
    """A key's calls on each of the last 30 days, oldest first. Revoked keys are listed if they were used then."""

    key: str
    name: str
    dialect: Dialect
    revoked: bool
    project_name: str
    days: list[int]
    total: int


class UsageOverview(NamedTuple):
    """A workspace's usage: the current number of projects; reports and calls of this month (UTC). `days_left` counts
    today. `first_day` (days since the epoch, UTC) is the day of each key's `days[0]`. Most used keys come first.
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
    """Counts calls of keys, and records when each was last used, at most once a minute.

    Keys that no longer exist, because their project was deleted, are ignored.
    """
    # Sorted, so that two transactions lock the rows in the same order and can't deadlock.
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
