"""The door to the store: durable, shared by processes, one moment for a read, clear failures."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, func, insert, make_url, select, text

from backroom.errors import NotFound, StoreFailed
from backroom.store.changes import change_number, mark_changed
from backroom.store.database import Database, parse_url
from backroom.store.prepared import Prepared
from backroom.store.tables import workspaces
from tests.harness.nursery import Forked, nursery
from tests.harness.processes import clean_environment, wait_until
from tests.harness.store import Store
from tests.store.fixtures import database_of, opened
from tests.store.test_writer import add, end_other_sessions, ids

sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

_count_prepared = Prepared(select(func.count()).select_from(workspaces).where(workspaces.c.plan == bindparam("plan")))


def count_prepared(conn: Connection) -> int:
    """How many workspaces there are, straight on the driver."""
    return int(_count_prepared(conn, plan="PRO")[0][0])


def count_core(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(workspaces)).scalar_one()


def parameters(conn: Connection) -> dict[str, str]:
    """What libpq was asked for, and doesn't do anyway."""
    driver: Any = conn.connection.driver_connection
    return dict(driver.info.get_parameters())


def elsewhere(store: Store, work: str, *words: str) -> tuple[Forked, Path]:
    """The process, and the file that it writes to."""
    url, log = store.url if store.engine == "postgresql" else "", store.data_dir.with_name(secrets.token_hex(4))
    args = [work, store.data_dir, url, *words]
    return nursery().fork(args, clean_environment(), log, module="tests.store.elsewhere"), log


def all_end_well(children: list[tuple[Forked, Path]]) -> None:
    assert [(child.wait(), log.read_text()) for child, log in children] == [(0, "")] * len(children)


def test_processes_share_a_store_and_nobody_is_turned_away(core_store: Store, db: Database) -> None:
    children = [elsewhere(core_store, "write", name, "300") for name in "abc"]
    for number in range(100):
        db.write_now(add, f"here-{number}")
        assert len(ids(db)) > number
    all_end_well(children)
    assert len(ids(db)) == 1000
    assert db.read_now(change_number, "shared") == 900


def test_processes_migrate_one_store_at_once(store: Store) -> None:
    all_end_well([elsewhere(store, "migrate") for _ in range(4)])
    with opened(store) as db:
        assert db.write_now(add, "a") == "a"


@sqlite_only
def test_what_is_committed_is_synced(db: Database) -> None:
    def settings(conn: Connection) -> tuple[Any, ...]:
        names = ("journal_mode", "synchronous", "busy_timeout", "query_only")
        return tuple(conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names)

    FULL = 2
    assert db.write_now(settings) == ("wal", FULL, 10_000, 0)
    assert db.read_now(settings) == ("wal", FULL, 10_000, 1)
    assert asyncio.run(db.read_short(settings)) == ("wal", FULL, 10_000, 1)
    with db.connect_unmanaged() as conn:
        assert settings(conn) == ("wal", FULL, 10_000, 0)


@postgresql_only
def test_commits_wait_for_the_disk(db: Database) -> None:
    assert db.write_now(lambda tx: tx.exec_driver_sql("SHOW synchronous_commit").scalar()) == "on"


@sqlite_only
def test_a_writer_outside_our_turns_is_waited_for(core_store: Store, db: Database) -> None:
    """Somebody's own tool on the file holds SQLite's lock, and knows nothing of ours."""
    assert db.path is not None
    tool = sqlite3.connect(db.path, isolation_level=None)
    tool.execute("BEGIN IMMEDIATE")
    tool.execute("INSERT INTO workspaces VALUES ('tool', 'w', 'PRO', 1)")

    async def run() -> None:
        waiting = [asyncio.ensure_future(db.write(add, str(number))) for number in range(5)]
        await asyncio.sleep(0)
        await asyncio.to_thread(wait_until, db._tasks.empty, "the writer to take them")
        assert not any(one.done() for one in waiting)
        assert ids(db) == []
        tool.execute("COMMIT")
        await asyncio.gather(*waiting)

    asyncio.run(run())
    tool.close()
    assert len(ids(db)) == 6


@pytest.mark.parametrize("count", [count_core, count_prepared])
def test_a_read_sees_one_moment(core_store: Store, db: Database, count: Callable[[Connection], int]) -> None:
    def twice(conn: Connection) -> tuple[int, int]:
        before = count(conn)
        other.write_now(add, f"other {before}")
        return before, count(conn)

    db.write_now(add, "a")
    other = database_of(core_store)
    assert db.read_now(twice) == (1, 1)
    assert asyncio.run(db.read(twice)) == (2, 2)
    other.close()
    assert len(ids(db)) == 3


def test_a_snapshot_sees_one_moment(db: Database) -> None:
    db.write_now(add, "a")
    with db.snapshot() as conn:
        assert count_prepared(conn) == 1
        db.write_now(add, "b")
        assert count_prepared(conn) == 1
        assert conn.execute(select(workspaces.c.id)).scalars().all() == ["a"]


def test_short_reads_see_every_commit(db: Database) -> None:
    async def run() -> list[int]:
        found = [await db.read_short(count_prepared)]
        await db.write(add, "a")
        found += [await db.read_short(count_prepared)]
        found += [await db.read_short(count_core)]
        await db.write(add, "b")
        return [*found, await db.read_short(count_prepared)]

    assert asyncio.run(run()) == [0, 1, 1, 2]


def test_a_read_cannot_write(db: Database) -> None:
    for read in (db.read_now, lambda query: asyncio.run(db.read_short(query))):
        with pytest.raises(StoreFailed):
            read(lambda conn: conn.execute(insert(workspaces).values(id="a", name="w", plan="PRO", created_at=1)))
    assert ids(db) == []


def test_a_failure_of_a_query_comes_as_it_is(db: Database) -> None:
    def missing(conn: Connection) -> None:
        count_prepared(conn)
        raise NotFound("gone")

    with pytest.raises(NotFound):
        db.read_now(missing)
    with pytest.raises(NotFound):
        asyncio.run(db.read_short(missing))
    assert ids(db) == []


@postgresql_only
@pytest.mark.parametrize("prepared", [True, False])
def test_a_read_whose_connection_is_lost_is_a_failure_of_the_store(
    core_store: Store, db: Database, prepared: bool
) -> None:
    def lose(conn: Connection) -> None:
        ids_before = count_prepared(conn)
        other.write_now(end_other_sessions)
        if prepared:
            count_prepared(conn)
        else:
            conn.execute(text("SELECT 1"))
        raise AssertionError(ids_before)

    other = database_of(core_store)
    with pytest.raises(StoreFailed):
        db.read_now(lose)
    with pytest.raises(StoreFailed):
        asyncio.run(db.read(lose))
    other.close()
    for _ in range(5):
        assert ids(db) == []


def test_a_file_that_is_none_of_ours_is_a_failure_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "backroom.db").write_bytes(b"a letter to nobody\n" * 1000)
    db = Database("", tmp_path)
    with pytest.raises(StoreFailed):
        db.read_now(count_prepared)
    with pytest.raises(StoreFailed):
        db.write_now(add, "a")
    db.close()


def test_change_numbers_count_the_changes_of_each_name(db: Database) -> None:
    assert db.read_now(change_number, "a") == 0
    db.write_now(mark_changed, ["a", "b", "a"])
    db.write_now(mark_changed, {"b"})
    db.write_now(mark_changed, [])
    assert [db.read_now(change_number, name) for name in "abc"] == [1, 2, 0]


@pytest.mark.parametrize(
    ("url", "is_now"),
    [
        ("", "sqlite:////data/backroom.db"),
        ("sqlite:////elsewhere/b.db", "sqlite:////elsewhere/b.db"),
        ("postgresql://me:secret@db/backroom", "postgresql+psycopg://me:secret@db/backroom"),
        ("postgresql+psycopg2://db/backroom", "postgresql+psycopg://db/backroom"),
    ],
)
def test_addresses(url: str, is_now: str) -> None:
    assert parse_url(url, Path("/data")).render_as_string(hide_password=False) == is_now


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://db/backroom"])
def test_addresses_of_nothing_durable_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"postgresql://… or sqlite:///"):
        parse_url(url, Path("/data"))


@postgresql_only
def test_a_host_that_is_gone_is_given_up(core_store: Store) -> None:
    """The system alone would wait for two hours; what the address says goes before what we say."""
    own = make_url(core_store.url).update_query_dict({"tcp_user_timeout": "5000"}).render_as_string(False)
    for url, waits in ((core_store.url, "30000"), (own, "5000")):
        database = Database(url, core_store.data_dir)
        try:
            given = [database.read_now(parameters)]
            with database.connect_unmanaged() as connection:
                given.append(parameters(connection))
        finally:
            database.close()
        assert [(each["connect_timeout"], each["tcp_user_timeout"]) for each in given] == [("10", waits)] * 2


def test_a_close_may_come_twice(core_store: Store) -> None:
    with opened(core_store) as db:
        db.write_now(add, "a")
        db.close()
