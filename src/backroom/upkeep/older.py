"""The rows of an older backup, brought to today's schema before a restore writes anything.

They go into a database of their own with the tables of their schema, and the migrations run over them as over a store.
It is SQLite's database without a name: in memory while it is small, else in a file in the folder for temporary files
that has lost its name once it is open. Nobody else can use it, and nothing of it is left, however a restore ends.
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

NO_ROOM = "The older backup can't be brought to this schema in the folder for temporary files; TMPDIR names another."
ROW = "row"
"""SQLite's own number of a report, which no backup has."""


class OlderRows:
    """What a backup has in its tables. `tables` are those of its schema, with the columns as the manifest has them."""

    def __init__(self, conn: Connection, manifest: Manifest) -> None:
        """On an empty database. Raises Invalid where the manifest's tables aren't those of its schema, StoreFailed."""
        self._conn = conn
        with _told():
            bring_to(conn, manifest.revision)
            self.tables = {name: _find_table(conn, name, columns) for name, columns in manifest.columns.items()}

    def add(self, part: Rows) -> None:
        """Raises Invalid for rows that the schema doesn't take, StoreFailed."""
        with _told():
            insert_rows(self._conn, self.tables[part.table], part.rows)

    def migrate(self) -> dict[str, int]:
        """Brings the rows to today's schema. Returns how many each table then has. Raises Invalid, StoreFailed."""
        with _told():
            bring_to(self._conn, head())
            return count_rows(self._conn)

    def read(self, tables: Iterable[Table]) -> Iterator[Rows]:
        """The rows of some of today's tables. Raises StoreFailed."""
        with _told():
            for table in tables:
                for rows in read_table(self._conn, table):
                    yield Rows(table.name, [tuple(row) for row in rows])


@contextmanager
def older_rows(manifest: Manifest) -> Iterator[OlderRows]:
    """Room for the rows of such a backup, for the time of the block. Raises Invalid, StoreFailed."""
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
def _told() -> Iterator[None]:
    """Says what SQLite refused."""
    try:
        yield
    except (IntegrityError, sqlite3.IntegrityError) as error:
        raise Invalid(f"The backup has rows that its schema doesn't take: {first_line(error)}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreFailed(NO_ROOM) from error
