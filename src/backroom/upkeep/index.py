"""Emptying the search index before a restore, and creating it where it is missing."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, func, inspect, select

from backroom.errors import Failure
from backroom.store import facets

POSTGRESQL_EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
POSTGRESQL_INDEX = "CREATE INDEX IF NOT EXISTS report_search_message ON report_search USING gin (message gin_trgm_ops)"


def index_exists(conn: Connection) -> bool:
    """Whether the trigram index exists now; the store itself asks only once per process."""
    if conn.dialect.name == "sqlite":
        return inspect(conn).has_table("report_search")
    return bool(conn.execute(select(func.to_regclass("report_search_message"))).scalar())


def empty_index(tx: Connection) -> None:
    """Empties SQLite's index, which the server then fills again; on PostgreSQL triggers keep it up to date."""
    if tx.dialect.name != "sqlite":
        return
    facets.empty(tx)
    tx.exec_driver_sql("UPDATE search_state SET row = 0, newest = 0, in_order = 1")
    if index_exists(tx):
        tx.exec_driver_sql("INSERT INTO report_search (report_search) VALUES ('delete-all')")


def create_index(tx: Connection) -> None:
    """Creates a missing index; the server fills SQLite's in its idle moments. Raises Failure if it can't be created."""
    if tx.dialect.name != "sqlite":
        tx.exec_driver_sql(POSTGRESQL_EXTENSION)
        tx.exec_driver_sql(POSTGRESQL_INDEX)
        return
    if "ENABLE_FTS5" not in tx.exec_driver_sql("SELECT compile_options FROM pragma_compile_options").scalars().all():
        raise Failure(f"This Python's SQLite {sqlite3.sqlite_version} has no FTS5.")
    tx.exec_driver_sql(
        "CREATE VIRTUAL TABLE report_search USING fts5(message, content='', tokenize='trigram case_sensitive 1')"
    )
    empty_index(tx)
