"""Monthly usage. It is exact: each call or report is counted in the transaction that stores it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from backroom.accounts.rules import PLANS, Kind, Plan, over_quota
from backroom.clock import month_of, next_month
from backroom.errors import OverQuota
from backroom.store.prepared import Prepared
from backroom.store.tables import usage, workspaces
from backroom.store.tasks import Batched


class Meter(NamedTuple):
    """A workspace's month: the quota (None: unlimited), how much is used, and when the next month starts (ms)."""

    limit: int | None
    used: int
    reset: int


class Call(NamedTuple):
    """One authenticated request with an `mbk_` key, to be counted at `now` (ms)."""

    workspace: str
    now: int


_used = Prepared(
    select(usage.c.n).where(
        usage.c.workspace == bindparam("workspace"),
        usage.c.month == bindparam("month"),
        usage.c.kind == bindparam("kind"),
    )
)
_standing = Prepared(
    select(workspaces.c.plan, usage.c.n)
    .join_from(
        workspaces,
        usage,
        (usage.c.workspace == workspaces.c.id)
        & (usage.c.month == bindparam("month"))
        & (usage.c.kind == bindparam("kind")),
        isouter=True,
    )
    .where(workspaces.c.id == bindparam("workspace"))
)


def _add_statement(dialect: str) -> Prepared:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(usage).values(
        workspace=bindparam("workspace"),
        month=bindparam("month"),
        kind=bindparam("kind"),
        n=bindparam("n"),
    )
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=["workspace", "month", "kind"],
            set_={"n": usage.c.n + statement.excluded.n},
        ).returning(usage.c.n)
    )


_add = {dialect: _add_statement(dialect) for dialect in ("sqlite", "postgresql")}


def get_plan(conn: Connection, workspace: str) -> Plan:
    """The plan of a workspace, which must exist."""
    return Plan(conn.execute(select(workspaces.c.plan).where(workspaces.c.id == workspace)).scalar_one())


def used(conn: Connection, workspace: str, kind: Kind, now: int) -> int:
    """How many of `kind` the workspace has used in the month of `now` (ms)."""
    rows = _used(conn, workspace=workspace, month=month_of(now), kind=kind.value)
    return int(rows[0][0]) if rows else 0


def meter(conn: Connection, workspace: str, kind: Kind, now: int) -> Meter:
    """The workspace's quota and usage of `kind` in the month of `now` (ms)."""
    rows = _standing(conn, workspace=workspace, month=month_of(now), kind=kind.value)
    if not rows:
        return Meter(0, used(conn, workspace, kind, now), next_month(now))
    plan, n = rows[0]
    return Meter(PLANS[Plan(plan)].of(kind), int(n or 0), next_month(now))


def take(
    tx: Connection, workspace: str, kind: Kind, wanted: int, now: int, plan: Plan | None = None
) -> tuple[int, Meter]:
    """Uses up to `wanted` of the month's quota; returns how many were granted, and the usage afterwards.

    Pass the workspace's `plan` if you know it: an unlimited one saves a read. To take several in one transaction,
    sort them by kind, then workspace; otherwise two transactions can deadlock.
    """
    unlimited = plan is not None and PLANS[plan].of(kind) is None
    before = Meter(None, 0, next_month(now)) if unlimited else meter(tx, workspace, kind, now)
    if before.limit is not None and before.used >= before.limit:
        return 0, before
    add = _add[tx.dialect.name]
    name = {"workspace": workspace, "month": month_of(now), "kind": kind.value}
    # Adds first and subtracts what was too much. The update locks the row on PostgreSQL, so two writers that both
    # read the same number before can't both take the last one.
    after = int(add(tx, **name, n=wanted)[0][0])
    excess = 0 if before.limit is None else min(wanted, max(0, after - before.limit))
    if excess:
        add(tx, **name, n=-excess)
    return wanted - excess, Meter(before.limit, after - excess, before.reset)


def lock_quota(tx: Connection, workspace: str, kind: Kind, now: int) -> None:
    """Locks the month's quota until the transaction ends: waits for other writers that use it, and blocks new ones."""
    # SQLite needs no lock, it has one writer at a time. Adding 0 locks the row even if it had to be created first.
    if tx.dialect.name == "postgresql":
        _add["postgresql"](tx, workspace=workspace, month=month_of(now), kind=kind.value, n=0)


def _count_calls(tx: Connection, calls: list[Call]) -> list[Meter | OverQuota]:
    """Counts API calls; returns for each one the usage after it, or OverQuota if it is over the limit."""
    outcomes: dict[int, Meter | OverQuota] = {}
    for (workspace, _), places in _grouped(calls):
        now = calls[places[0]].now
        granted, after = take(tx, workspace, Kind.API_CALLS, len(places), now)
        for number, place in enumerate(places):
            if number < granted:
                outcomes[place] = after._replace(used=after.used - granted + number + 1)
            else:
                outcomes[place] = over_quota(Kind.API_CALLS, after.limit or 0, after.used, now)
    return [outcomes[place] for place in range(len(calls))]


def _grouped(calls: Iterable[Call]) -> list[tuple[tuple[str, str], list[int]]]:
    groups: dict[tuple[str, str], list[int]] = {}
    for place, call in enumerate(calls):
        groups.setdefault((call.workspace, month_of(call.now)), []).append(place)
    return sorted(groups.items())


count_call = Batched(_count_calls)
