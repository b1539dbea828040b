"""What the doctor can fix by itself: counters and a missing search index."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from backroom.reports.counters import add_to_counters
from backroom.store.changes import mark_changed
from backroom.store.database import Database
from backroom.store.tables import counters, daily, doomed_projects
from backroom.upkeep.index import create_index, index_exists
from backroom.upkeep.inspections import recount


def mend(db: Database) -> None:
    """Recounts every report, and creates the search index if it is missing. Raises Failure."""
    db.write_now(rebuild_counters)
    if not db.read_now(index_exists):
        db.write_now(create_index)


def rebuild_counters(tx: Connection) -> None:
    """Sets the counters to a recount. Takes a second or two for a million reports, while writes wait."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("LOCK TABLE reports, counters, daily IN SHARE ROW EXCLUSIVE MODE")
    alive = counters.c.project.not_in(select(doomed_projects.c.project))
    projects = set(tx.execute(select(counters.c.project).where(alive)).scalars())
    tx.execute(delete(counters).where(alive))
    tx.execute(delete(daily).where(daily.c.project.not_in(select(doomed_projects.c.project))))
    actual = recount(tx)
    add_to_counters(tx, actual)
    mark_changed(tx, projects | {key.project for key in actual})
