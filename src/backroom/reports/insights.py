"""Figures over a range of days. What `daily` counts is exact; the rest is read from the range's newest reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, text, union_all

from backroom.access import Actor
from backroom.clock import DAY
from backroom.errors import Invalid
from backroom.ids import first_id_at
from backroom.reports.find import MOST_RANGES
from backroom.reports.lookup import reach
from backroom.reports.places import UNKNOWN
from backroom.reports.rules import Status
from backroom.store.tables import daily, reports

MOST_DAYS = 3_660
LAST_DAY = 100_000
LOOKED_AT = 100_000
SHOWN = 10


class Durations(NamedTuple):
    """How long it took for `n` reports: median and 90th percentile in milliseconds."""

    n: int
    median: int
    p90: int


class Insights(NamedTuple):
    """Figures of the reports that came from `first_day` to `last_day` (days since the epoch, UTC), as they stand now.

    `by_channel`, `by_status`: a number for each day. `pages`, `browsers`, `systems`, `devices`: the most frequent,
    most first. Durations and those lists are of the newest `looked_at` reports; `capped` where there are more.
    """

    first_day: int
    last_day: int
    total: int
    by_channel: dict[str, list[int]]
    by_status: dict[Status, list[int]]
    sources: dict[str, int]
    to_triage: Durations | None
    to_resolve: Durations | None
    pages: list[tuple[str, int]]
    browsers: list[tuple[str, int]]
    systems: list[tuple[str, int]]
    devices: list[tuple[str, int]]
    looked_at: int
    capped: bool


def get_insights(conn: Connection, actor: Actor, projects: Sequence[str], first_day: int, last_day: int) -> Insights:
    """The figures of these projects. Raises NotFound, Denied, Invalid (the range ends before it begins, or is too
    long)."""
    projects = reach(conn, actor, projects)
    if not 0 <= last_day - first_day < MOST_DAYS or not 0 <= first_day < LAST_DAY:
        raise Invalid(f"The range must have 1 to {MOST_DAYS:,} days.")
    by_channel = _by_day(conn, projects, first_day, last_day, "channel_key")
    by_status = _by_day(conn, projects, first_day, last_day, "status")
    total = sum(map(sum, by_status.values()))
    rows = _newest(conn, projects, first_day, last_day) if projects and total else []
    agents = Counter(row.agent for row in rows)
    return Insights(
        first_day=first_day,
        last_day=last_day,
        total=total,
        by_channel=by_channel,
        by_status={status: by_status.get(status.value, [0] * (last_day - first_day + 1)) for status in Status},
        sources=_sources(conn, projects, first_day, last_day),
        to_triage=durations_of(row.triaged_at - row.created_at for row in rows if row.triaged_at is not None),
        to_resolve=durations_of(row.resolved_at - row.created_at for row in rows if row.resolved_at is not None),
        pages=Counter(row.page for row in rows if row.page is not None).most_common(SHOWN),
        browsers=_parts(agents, 0),
        systems=_parts(agents, 1),
        devices=_parts(agents, 2),
        looked_at=len(rows),
        capped=len(rows) < total,
    )


def durations_of(values: Iterable[int]) -> Durations | None:
    """Median and 90th percentile, each a value that is there: the smallest that so many don't exceed."""
    ordered = sorted(values)
    if not ordered:
        return None
    at = [ordered[-(-len(ordered) * percent // 100) - 1] for percent in (50, 90)]
    return Durations(len(ordered), *at)


def _by_day(
    conn: Connection, projects: Sequence[str], first_day: int, last_day: int, name: str
) -> dict[str, list[int]]:
    kind = daily.c[name]
    query = select(kind, daily.c.day, func.sum(daily.c.n)).where(*_of_days(projects, first_day, last_day))
    found: dict[str, list[int]] = {}
    for value, day, n in conn.execute(query.group_by(kind, daily.c.day).order_by(kind)):
        if n:
            found.setdefault(value, [0] * (last_day - first_day + 1))[day - first_day] = int(n)
    return found


def _sources(conn: Connection, projects: Sequence[str], first_day: int, last_day: int) -> dict[str, int]:
    query = select(daily.c.source, func.sum(daily.c.n)).where(*_of_days(projects, first_day, last_day))
    found = {source: int(n) for source, n in conn.execute(query.group_by(daily.c.source)) if n}
    return dict(sorted(found.items(), key=lambda each: -each[1]))


def _of_days(projects: Sequence[str], first_day: int, last_day: int) -> tuple[ColumnElement[bool], ...]:
    return daily.c.project.in_(projects), daily.c.day.between(first_day, last_day)


def _newest(conn: Connection, projects: Sequence[str], first_day: int, last_day: int) -> Sequence[Row[Any]]:
    """The newest reports of the range; a branch for each project, so that none is sorted."""
    c = reports.c
    columns = (c.id, c.page, c.agent, c.created_at, c.triaged_at, c.resolved_at)
    low, high = first_id_at(first_day * DAY), first_id_at((last_day + 1) * DAY)

    def of(project: str) -> Select[Any]:
        return select(*columns).where(c.project == project, c.id >= low, c.id < high)

    rows: list[Row[Any]] = []
    for some in (projects[start : start + MOST_RANGES] for start in range(0, len(projects), MOST_RANGES)):
        branches = [of(project) for project in some]
        query = union_all(*branches) if len(branches) > 1 else branches[0]
        rows += conn.execute(query.order_by(text("id DESC")).limit(LOOKED_AT))
    return rows if len(projects) <= MOST_RANGES else sorted(rows, key=lambda row: row.id, reverse=True)[:LOOKED_AT]


def _parts(agents: Counter[str | None], place: int) -> list[tuple[str, int]]:
    """The most frequent browsers, systems or devices (the part at `place`) of agents such as `Safari/iOS/mobile`."""
    found: Counter[str] = Counter()
    for agent, n in agents.items():
        found[agent.split("/")[place] if agent else UNKNOWN] += n
    return found.most_common(SHOWN)
