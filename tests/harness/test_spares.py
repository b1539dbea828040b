"""What a test leaves in a lent database, the next one doesn't find."""

from __future__ import annotations

import psycopg
import pytest

from tests.harness.postgres import Cluster
from tests.harness.spares import Spares

NUMBERS = "CREATE TABLE numbers (n INTEGER PRIMARY KEY); CREATE TABLE more (n INTEGER REFERENCES numbers (n))"


@pytest.fixture
def spares(postgres: Cluster) -> Spares:
    template = postgres.create()
    run(postgres, template, NUMBERS)
    return Spares(postgres, template)


def run(cluster: Cluster, database: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(cluster.url(database), autocommit=True) as conn:
        done = conn.execute(statement)
        return done.fetchall() if done.description else []


def test_it_is_the_same_database_without_rows(postgres: Cluster, spares: Spares) -> None:
    with spares.lend() as first:
        run(postgres, first, "INSERT INTO numbers VALUES (1); INSERT INTO more VALUES (1)")
    with spares.lend() as second:
        assert run(postgres, second, "SELECT n FROM numbers UNION ALL SELECT n FROM more") == []
    assert second == first


def test_two_at_once_have_one_each(spares: Spares) -> None:
    with spares.lend() as first, spares.lend() as second:
        assert first != second


def test_sessions_that_were_left_open_are_ended(postgres: Cluster, spares: Spares) -> None:
    with spares.lend() as first:
        left = psycopg.connect(postgres.url(first))
        left.execute("INSERT INTO numbers VALUES (1)")
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE elsewhere (n INTEGER)",
        "DROP TABLE more",
        "ALTER TABLE more ADD COLUMN name TEXT",
        "ALTER TABLE more ALTER COLUMN n SET NOT NULL",
        "CREATE INDEX quick ON more (n)",
        "CREATE FUNCTION one() RETURNS INTEGER LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE more DISABLE TRIGGER ALL",
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 65', current_database()); END$$",
    ],
)
def test_one_with_other_tables_is_dropped(postgres: Cluster, spares: Spares, change: str) -> None:
    with spares.lend() as first:
        run(postgres, first, change)
    with spares.lend() as second:
        assert second != first
