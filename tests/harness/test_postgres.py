import fcntl
import os
from pathlib import Path

import psycopg
import pytest

from tests.harness.postgres import PREFIX, Cluster, sweep

LONG_AGO, NEW = 1_000_000_000, 4_000_000_000


def test_databases_are_fresh_and_apart(postgres: Cluster) -> None:
    with postgres.database() as first, postgres.database() as second:
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE t (n int)")
        with psycopg.connect(second) as connection:
            found = connection.execute("SELECT to_regclass('t')").fetchone()
    assert found == (None,)


def test_database_copies_its_template(postgres: Cluster) -> None:
    template = postgres.create()
    with psycopg.connect(postgres.url(template)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS n")
    with postgres.database(template=template) as copy, psycopg.connect(copy) as connection:
        assert connection.execute("SELECT n FROM t").fetchone() == (7,)


def test_database_goes_although_somebody_is_connected(postgres: Cluster) -> None:
    with postgres.database() as url:
        connection = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()


def test_committed_rows_outlive_a_crash(durable_postgres: Cluster) -> None:
    with durable_postgres.database() as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE t AS SELECT 7 AS n")
        durable_postgres.crash()
        durable_postgres.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM t").fetchone() == (7,)
            assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_sweep_takes_only_what_nobody_holds(tmp_path: Path) -> None:
    left, held, young = (tmp_path / f"{PREFIX}{name}" for name in ("left", "held", "young"))
    for home in (left, held, young):
        home.mkdir()
        (home / "held").touch()
    for home in (left, held):
        os.utime(home, (LONG_AGO, LONG_AGO))
    os.utime(young, (NEW, NEW))
    with (held / "held").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        sweep(tmp_path)
    assert [home.exists() for home in (left, held, young)] == [False, True, True]
