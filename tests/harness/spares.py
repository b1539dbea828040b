"""Databases that one test after the other uses."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from tests.harness.postgres import Cluster
from tests.harness.processes import wait_until

KEPT = "alembic_version"
OTHERS = "pid <> pg_backend_pid() AND datname = current_database()"
SHAPE = """
SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
  SELECT concat_ws(':', oid, relname, relfilenode) FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(':', attrelid, attnum, attname, atttypid, attnotnull, atthasdef)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(':', oid, tgname, tgenabled) FROM pg_trigger
  UNION ALL SELECT concat_ws(':', oid, conname, convalidated) FROM pg_constraint
  UNION ALL SELECT concat_ws(':', oid, proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(':', extname, extversion) FROM pg_extension
  UNION ALL SELECT array_to_string(setconfig, ':') FROM pg_db_role_setting
    JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
) AS parts (part)
"""
"""What a test changes when it changes more than rows."""


class Spares:
    """Copies of a database of a cluster that has tables and no rows, each lent to one test after the other.

    To empty a copy takes 1 ms of PostgreSQL, to make and drop one 250. One whose tables a test has changed is dropped.
    """

    def __init__(self, cluster: Cluster, template: str) -> None:
        self._cluster = cluster
        self._template = template
        self._free: list[str] = []
        with self._connect(template) as conn:
            self._shape = _shape(conn)
            named = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            tables = [name for (name,) in named if name != KEPT]
        statements = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in tables]
        self._empty = sql.SQL("; ").join([sql.SQL("SET session_replication_role = replica"), *statements])

    @contextmanager
    def lend(self) -> Iterator[str]:
        """The name of a database that nobody else uses, for the time of the block."""
        name = self._free.pop() if self._free else self._cluster.create(template=self._template)
        try:
            yield name
        finally:
            if self._cluster.running:
                if self._emptied(name):
                    self._free.append(name)
                else:
                    self._cluster.drop(name)

    def _emptied(self, name: str) -> bool:
        """Whether the database is as the template again."""
        with self._connect(name) as conn:
            wait_until(lambda: _is_alone(conn), "the test's sessions to end")
            if _shape(conn) != self._shape:
                return False
            conn.execute(self._empty)
            return True

    def _connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self._cluster.url(name), autocommit=True)


def _is_alone(conn: psycopg.Connection) -> bool:
    """Whether nobody else is connected to the database; ends who is."""
    return conn.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}").fetchone() is None


def _shape(conn: psycopg.Connection) -> str:
    row = conn.execute(SHAPE).fetchone()
    assert row is not None
    return str(row[0])
