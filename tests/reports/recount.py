"""What the counters must say: the same, counted anew from the rows."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from backroom.reports.counters import REPORT_DAY
from backroom.store.tables import counters, daily, doomed_projects, reports

Counts = dict[tuple[str, str, str, str], int]

_c = reports.c
_key = (_c.project, _c.channel_key, _c.status, _c.source)


def counted(conn: Connection) -> Counts:
    """The counters that aren't 0, by project, channel key, status and source; those by day must fit the rows
    of every project that isn't being cleared away."""
    gone = select(doomed_projects.c.project)
    by_day = {
        tuple(row[:5]): row[5] for row in conn.execute(select(daily).where(daily.c.project.not_in(gone))) if row[5]
    }
    day_key = (_c.project, REPORT_DAY, *_key[1:])
    rows = conn.execute(select(*day_key, func.count()).where(_c.project.not_in(gone)).group_by(*day_key))
    assert by_day == {tuple(row[:5]): row[5] for row in rows}
    return {tuple(row[:4]): row[4] for row in conn.execute(select(counters)) if row[4]}


def recounted(conn: Connection) -> Counts:
    """The reports that are there, counted the same way."""
    return {tuple(row[:4]): row[4] for row in conn.execute(select(*_key, func.count()).group_by(*_key))}
