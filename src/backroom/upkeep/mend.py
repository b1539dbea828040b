"""What the doctor can mend by itself: counters and a missing search index."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from backroom.reports.counters import add_to_counters
from backroom.store.changes import mark_changed
from backroom.store.database import Database
from backroom.store.tables import counters, daily, doomed_projects
from backroom.upkeep.index import index_exists, make_index
from backroom.upkeep.inspections import recount


def mend(db: Database) -> None:
    """Counts every report again, and makes the search index where it is missing. Raises Failure."""
    db.write_now(count_again)
    if not db.read_now(index_exists):
        db.write_now(make_index)


def count_again(tx: Connection) -> None:
    """Puts what a recount says into the counters. Takes a second or two for a million reports, while writes wait."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("LOCK TABLE reports, counters, daily IN SHARE ROW EXCLUSIVE MODE")
    alive = counters.c.project.not_in(select(doomed_projects.c.project))
    projects = set(tx.execute(select(counters.c.project).where(alive)).scalars())
    tx.execute(delete(counters).where(alive))
    tx.execute(delete(daily).where(daily.c.project.not_in(select(doomed_projects.c.project))))
    actual = recount(tx)
    add_to_counters(tx, actual)
    mark_changed(tx, projects | {key.project for key in actual})
