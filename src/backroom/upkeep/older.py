"""Migrates the rows of an older backup to today's schema before a restore writes anything.

They are inserted into a temporary database with the tables of their schema, and the migrations run on it as on a
store. It is a nameless SQLite database: in memory while it is small, then in a file in the temporary folder that is
unlinked as soon as it is open. Nobody else can open it, and nothing is left of it however a restore ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Column, Connection, MetaData, NullPool, Table, create_engine, inspect
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from backroom.errors import Invalid, StoreFailed
from backroom.store.database import CACHE_KIB
from backroom.store.failures import first_line
from backroom.store.migrations import bring_to, head
from backroom.store.prepared import insert_rows
from backroom.upkeep.archive import FOREIGN_TABLES, Manifest, Rows
from backroom.upkeep.backup import count_rows, read_table

CANT_MIGRATE = "The older backup can't be migrated in the temporary folder. Set TMPDIR to another one."
ROW = "row"
"""SQLite's own row number of a report, which backups leave out."""


class OlderRows:
    """The rows of a backup. `tables` are those of its schema, with the columns in the order of the manifest."""

    def __init__(self, conn: Connection, manifest: Manifest) -> None:
        """On an empty database. Raises Invalid if the manifest's tables don't match its schema, StoreFailed."""
        self._conn = conn
        with _failures():
            bring_to(conn, manifest.revision)
            self.tables = {name: _find_table(conn, name, columns) for name, columns in manifest.columns.items()}

    def add(self, part: Rows) -> None:
        """Inserts rows. Raises Invalid for rows that don't fit the schema, StoreFailed."""
        with _failures():
            insert_rows(self._conn, self.tables[part.table], part.rows)

    def migrate(self) -> dict[str, int]:
        """Migrates the rows. Returns how many each table then has. Raises Invalid, StoreFailed."""
        with _failures():
            bring_to(self._conn, head())
            return count_rows(self._conn)

    def read(self, tables: Iterable[Table]) -> Iterator[Rows]:
        """The migrated rows of `tables`. Raises StoreFailed."""
        with _failures():
            for table in tables:
                for rows in read_table(self._conn, table):
                    yield Rows(table.name, [tuple(row) for row in rows])


@contextmanager
def older_rows(manifest: Manifest) -> Iterator[OlderRows]:
    """A temporary database for the rows of such a backup. Raises Invalid, StoreFailed."""
    engine = create_engine("sqlite://", creator=_connect_nameless, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as conn:
        conn.exec_driver_sql("BEGIN")
        yield OlderRows(conn, manifest)


def _connect_nameless() -> sqlite3.Connection:
    driver = sqlite3.connect("", isolation_level=None)
    driver.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return driver


def _find_table(conn: Connection, name: str, columns: list[str]) -> Table:
    found = inspect(conn)
    there = {column["name"]: column for column in found.get_columns(name)} if found.has_table(name) else {}
    if not columns or sorted(columns) != sorted(there.keys() - {ROW}):
        raise Invalid(FOREIGN_TABLES)
    made = (Column(column, there[column]["type"], nullable=there[column]["nullable"]) for column in columns)
    return Table(name, MetaData(), *made)


@contextmanager
def _failures() -> Iterator[None]:
    """Turns SQLite's exceptions into failures."""
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError) as error:
        raise Invalid(f"The backup has rows that don't fit its schema: {first_line(error)}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreFailed(CANT_MIGRATE) from error
