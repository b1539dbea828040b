"""Counted once: reports by channel, status and source, in all and by the day they came, in the transaction itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, bindparam, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from backroom.clock import DAY
from backroom.store.prepared import Prepared
from backroom.store.tables import counters, daily, reports

REPORT_DAY: ColumnElement[int] = reports.c.created_at.op("/")(literal_column(str(DAY)))
"""A report's day in SQL: both engines divide whole numbers into whole numbers."""


class Counted(NamedTuple):
    """What reports are counted by. `day` is the one they came on (UTC, days since the epoch)."""

    project: str
    day: int
    channel_key: str
    status: str
    source: str


def day_of(ms: int) -> int:
    """The day of a moment: whole days since the epoch, UTC."""
    return ms // DAY


def add_to_counters(tx: Connection, sums: Mapping[Counted, int]) -> None:
    """Adds to the counters, in sorted order so that writers don't deadlock.

    All reports of a channel share one row, so that these rows are what writers wait for: they are locked last.
    Sorting is cheap, a deadlock isn't: PostgreSQL takes a second to see one (docs/decisions/0001).
    """
    totals: Counter[tuple[str, str, str, str]] = Counter()
    by_day = _by_day[tx.dialect.name]
    for (project, day, channel, status, source), n in sorted(sums.items()):
        if n:
            totals[project, channel, status, source] += n
            by_day(tx, project=project, day=day, channel_key=channel, status=status, source=source, n=n)
    total = _total[tx.dialect.name]
    for (project, channel, status, source), n in sorted(totals.items()):
        if n:
            total(tx, project=project, channel_key=channel, status=status, source=source, n=n)


def _adding(table: Table, dialect: str) -> Prepared:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table).values({column.name: bindparam(column.name) for column in table.columns})
    return Prepared(
        statement.on_conflict_do_update(
            index_elements=[column.name for column in table.primary_key],
            set_={"n": table.c.n + statement.excluded.n},
        )
    )


_total = {dialect: _adding(counters, dialect) for dialect in ("sqlite", "postgresql")}
_by_day = {dialect: _adding(daily, dialect) for dialect in ("sqlite", "postgresql")}
