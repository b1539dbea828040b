"""Reports by person and by page. PostgreSQL has an index for each; SQLite has `report_facets`.

That table is fed as the search index is: after the acknowledgement, in small slices between writes, from
where it last stopped. Who looks for a person or a page looks there and, directly, at the rows that aren't
in it yet. So a report's own transaction pays for neither.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, column, func, literal_column, not_, select, table

from backroom.store.search import ROW
from backroom.store.tables import reports

PERSON = "person"
PAGE = "page"
SLICE_SECONDS = 0.002
SLICE_ROWS = 64

COLUMNS: dict[str, ColumnElement[str | None]] = {PERSON: reports.c.user_id, PAGE: reports.c.page}
"""What reports are found by, and the column that says it."""

FACETS = table("report_facets", column("project"), column("kind"), column("value"), column("report"))
_ADD = "INSERT OR IGNORE INTO report_facets (project, kind, value, report) VALUES (?, ?, ?, ?)"
_REMOVE = "DELETE FROM report_facets WHERE project = ? AND kind = ? AND value = ? AND report = ?"
_FACTS = (reports.c.project, reports.c.id, reports.c.user_id, reports.c.page)


def index_next(tx: Connection) -> bool:
    """Puts the next few reports into SQLite's table; returns whether more are waiting."""
    if tx.dialect.name != "sqlite":
        return False
    driver: Any = tx.connection.driver_connection
    until = time.perf_counter() + SLICE_SECONDS
    (position,) = driver.execute("SELECT row FROM facets_state").fetchone()
    while True:
        rows = driver.execute(
            "SELECT row, project, id, user_id, page FROM reports WHERE row > ? ORDER BY row LIMIT ?",
            (position, SLICE_ROWS),
        ).fetchall()
        if rows:
            driver.executemany(_ADD, [entry for row in rows for entry in _entries(*row[1:])])
            position = rows[-1][0]
            driver.execute("UPDATE facets_state SET row = ?", (position,))
        if len(rows) < SLICE_ROWS:
            return False
        if time.perf_counter() > until:
            return True


def count_unindexed(conn: Connection) -> int:
    """How many reports aren't in SQLite's table yet (0 on PostgreSQL)."""
    if conn.dialect.name != "sqlite":
        return 0
    sql = "SELECT count(*) FROM reports WHERE row > (SELECT row FROM facets_state)"
    return int(conn.exec_driver_sql(sql).scalar_one())


def position(conn: Connection) -> int:
    """The last row that is in SQLite's table; every later one is to be looked at directly."""
    return int(conn.exec_driver_sql("SELECT row FROM facets_state").scalar_one())


def by_row(projects: Sequence[str]) -> ColumnElement[bool]:
    """Says of a report that it is of these projects, so that SQLite goes by its row, not by an index of projects."""
    unindexed: ColumnElement[str] = literal_column("+reports.project")
    return unindexed.in_(projects)


def unindex(tx: Connection, condition: ColumnElement[bool]) -> None:
    """Takes the reports that meet `condition` out of SQLite's table, before they are deleted.

    SQLite gives the row numbers of deleted last rows out again, so the position steps back behind them.
    """
    if tx.dialect.name != "sqlite":
        return
    entries = [entry for row in tx.execute(select(*_FACTS).where(condition)) for entry in _entries(*row)]
    driver: Any = tx.connection.driver_connection
    driver.executemany(_REMOVE, entries)
    last = tx.execute(select(func.max(ROW)).select_from(reports).where(not_(condition))).scalar()
    driver.execute("UPDATE facets_state SET row = min(row, ?)", (last or 0,))


def reindex(tx: Connection, condition: ColumnElement[bool]) -> None:
    """Puts back those reports that meet `condition` and came back at a place the feeding has passed."""
    if tx.dialect.name != "sqlite":
        return
    passed = select(*_FACTS).where(condition, position(tx) >= ROW)
    entries = [entry for row in tx.execute(passed) for entry in _entries(*row)]
    driver: Any = tx.connection.driver_connection
    driver.executemany(_ADD, entries)


def empty(tx: Connection) -> None:
    """Takes everything out of SQLite's table, which then feeds itself anew."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("DELETE FROM report_facets")
        tx.exec_driver_sql("UPDATE facets_state SET row = 0")


def _entries(project: str, report: str, person: str | None, page: str | None) -> list[tuple[str, str, str, str]]:
    found = ((PERSON, person), (PAGE, page))
    return [(project, kind, value, report) for kind, value in found if value is not None]
