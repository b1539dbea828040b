"""`backroom doctor` finds each kind of broken thing, says how to mend it, and mends what it can."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, update

from backroom.clock import DAY, now_ms
from backroom.reports.filters import Filter
from backroom.reports.find import count_ids
from backroom.store import search
from backroom.store.tables import counters, doomed_projects, reports
from backroom.upkeep.inspections import recount
from tests.harness.cast import Cast
from tests.harness.postgres import Cluster
from tests.harness.server import Cli
from tests.harness.store import Store, new_store
from tests.upkeep.contents import database
from tests.upkeep.reporting import send_reports

REPORTS = 5
Checks = dict[str, dict[str, Any]]


def examine(store: Store, **env: str) -> tuple[int, Checks]:
    """The exit status of `backroom doctor --json`, and its checks by name."""
    finished = Cli(store, env).run("doctor", "--json")
    assert finished.err == ""
    said = json.loads(finished.out)
    assert list(said) == ["ok", "checks"]
    for check in said["checks"]:
        assert list(check) == ["name", "ok", "detail", "mend"]
        assert bool(check["mend"]) is not check["ok"]
    assert said["ok"] is all(check["ok"] for check in said["checks"])
    return finished.status, {check["name"]: check for check in said["checks"]}


def wrong(store: Store, **env: str) -> Checks:
    """What the doctor finds wrong; its exit status says the same. PostgreSQL of the tests has fsync off."""
    status, checks = examine(store, **env)
    found = {name: check for name, check in checks.items() if not check["ok"]}
    assert status == (1 if found else 0)
    if store.engine == "postgresql":
        assert "fsync" in found.pop("durability")["detail"]
    return found


@pytest.fixture
def filled(fresh_cast: Cast) -> Store:
    """A store with the cast and a few reports."""
    with database(fresh_cast.store) as db:
        send_reports(db, fresh_cast.owner.project.project_key, REPORTS)
    return fresh_cast.store


def test_healthy_store(filled: Store) -> None:
    assert wrong(filled) == {}
    finished = Cli(filled).run("doctor")
    assert f"counters: {REPORTS} reports" in finished.out


@pytest.fixture
def durable_store(durable_postgres: Cluster, tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "durable", durable_postgres) as store:
        yield store


def test_postgresql_that_syncs_is_healthy(durable_store: Store) -> None:
    Cli(durable_store)("migrate")
    status, checks = examine(durable_store)
    assert (status, checks["durability"]["ok"]) == (0, True)


@contextmanager
def database_with(cluster: Cluster, folder: Path, options: str) -> Iterator[Store]:
    """An empty database of the cluster that is made with these options of CREATE DATABASE."""
    name = "odd"
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}".encode())
    try:
        folder.mkdir()
        yield Store("postgresql", folder, cluster.url(name), cluster, name)
    finally:
        cluster.drop(name)


def test_postgresql_of_another_encoding(postgres: Cluster, tmp_path: Path) -> None:
    with database_with(postgres, tmp_path / "odd", "ENCODING 'LATIN1' LOCALE 'C'") as store:
        _, checks = examine(store)
    assert list(checks)[-1] == "encoding"
    assert "LATIN1" in checks["encoding"]["detail"]
    assert "ENCODING 'UTF8'" in checks["encoding"]["mend"]


def test_postgresql_that_cannot_fold_letters(postgres: Cluster, tmp_path: Path) -> None:
    with database_with(postgres, tmp_path / "odd", "ENCODING 'UTF8' LOCALE 'C'") as store:
        Cli(store)("migrate")
        found = wrong(store)
    assert list(found) == ["letters"]
    assert "LC_CTYPE C " in found["letters"]["detail"]
    assert "LOCALE 'C.UTF-8'" in found["letters"]["mend"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_unknown_variable(filled: Store) -> None:
    found = wrong(filled, BACKROOM_MAX_JASON="1")
    assert list(found) == ["settings"]
    assert "BACKROOM_MAX_JASON (did you mean BACKROOM_MAX_JSON?)" in found["settings"]["detail"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_impossible_value(filled: Store) -> None:
    found = wrong(filled, BACKROOM_MAX_JSON="lots")
    assert "BACKROOM_MAX_JSON" in found["settings"]["detail"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_file_that_is_missing(filled: Store) -> None:
    """What to do depends on whether there was one: a new store in its place would seal the loss."""
    (filled.data_dir / "backroom.db").unlink()
    found = wrong(filled)
    assert "put the file back" in found["database"]["mend"]
    assert "migrate" not in found["database"]["mend"]
    for path in filled.data_dir.glob("backroom.db*"):
        path.unlink()
    assert "backroom migrate" in wrong(filled)["database"]["mend"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_data_folder_that_is_missing_or_a_file(store: Store, tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", tmp_path / "file"):
        if place.name == "file":
            place.write_text("in its place")
        found = wrong(Store("sqlite", place, ""))
        assert list(found) == ["data folder"]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_file_in_place_of_the_files_folder(filled: Store) -> None:
    folder = filled.data_dir / "files"
    if folder.exists():
        folder.rename(filled.data_dir / "moved")
    folder.write_text("in its place")
    assert list(wrong(filled)) == ["files"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_doctor_leaves_nothing_behind(filled: Store) -> None:
    def files() -> set[Path]:
        return {path for path in filled.data_dir.rglob("*") if path.is_file() and not path.name.startswith("backroom.")}

    before = files()
    assert wrong(filled) == {}
    assert files() == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_missing_database(store: Store) -> None:
    found = wrong(store)
    assert list(found) == ["database"]
    assert not (store.data_dir / "backroom.db").exists()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_database_at_all(filled: Store) -> None:
    (filled.data_dir / "backroom.db").write_bytes(b"no database " * 5000)
    found = wrong(filled)
    assert list(found) == ["database"]
    assert "backroom restore" in found["database"]["mend"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_corrupt_page(filled: Store) -> None:
    file = filled.data_dir / "backroom.db"
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 'reports'").fetchone()
        (size,) = conn.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(b"\xff" * size)
    found = wrong(filled)
    assert list(found) == ["integrity"]
    assert "backroom restore" in found["integrity"]["mend"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_postgresql_out_of_reach(store: Store) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/nothing"
    status, checks = examine(store, BACKROOM_DATABASE_URL=url)
    assert status == 1
    assert not checks["database"]["ok"]
    assert "secret" not in str(checks)


def test_schema_that_is_missing_or_newer(store: Store) -> None:
    with closing(sqlite3.connect(store.data_dir / "backroom.db")) as conn:
        conn.execute("PRAGMA journal_mode=WAL")
    assert list(wrong(store)) == ["schema"]
    with database(store) as db:
        db.write_now(lambda tx: tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    found = wrong(store)
    assert list(found) == ["schema"]
    assert "9999" in found["schema"]["detail"]


def test_wrong_counter_is_found_and_mended(filled: Store) -> None:
    with database(filled) as db:
        db.write_now(lambda tx: tx.execute(update(counters).values(n=counters.c.n + 1)))
    found = wrong(filled)
    assert list(found) == ["counters"]
    assert f"{REPORTS + 1} instead of {REPORTS}" in found["counters"]["detail"]
    Cli(filled).run("doctor", "--mend")
    assert wrong(filled) == {}
    with database(filled) as db:
        counted = db.read_now(lambda conn: [row.n for row in conn.execute(counters.select())])
    assert counted == [REPORTS]


def test_counters_of_a_project_being_cleared_away_are_no_matter(filled: Store) -> None:
    with database(filled) as db:
        project = db.read_now(lambda conn: next(iter(recount(conn)))[0])
        db.write_now(lambda tx: tx.execute(insert(doomed_projects).values(project=project)))
        db.write_now(lambda tx: tx.execute(update(counters).values(n=77)))
    assert wrong(filled) == {}


def test_missing_search_index_is_found_and_mended(filled: Store) -> None:
    drop = "DROP TABLE report_search" if filled.engine == "sqlite" else "DROP INDEX IF EXISTS report_search_message"
    with database(filled) as db:
        offered = filled.engine == "sqlite" or db.read_now(
            lambda conn: conn.exec_driver_sql("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'").first()
        )
        db.write_now(lambda tx: tx.exec_driver_sql(drop))
    assert list(wrong(filled)) == ["search"]
    if not offered:
        finished = Cli(filled).run("doctor", "--mend")
        assert (finished.status, finished.err.count("\n")) == (1, 1)
        return
    Cli(filled).run("doctor", "--mend")
    assert wrong(filled) == {}
    with database(filled) as db:
        # The made index is fed anew, and finds what came before it.
        while db.write_now(search.index_next):
            pass
        projects = tuple(db.read_now(lambda conn: {key[0] for key in recount(conn)}))
        assert db.read_now(count_ids, Filter(projects, phrase="Report number")) == REPORTS
        assert db.read_now(search.count_unindexed) == 0


def test_report_from_the_future_tells_of_a_wrong_clock(filled: Store) -> None:
    with database(filled) as db:
        db.write_now(lambda tx: tx.execute(update(reports).values(created_at=now_ms() + DAY)))
    assert list(wrong(filled)) == ["counters", "clock"], "by day, it counts on another one"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_for_people_it_says_what_is_wrong_and_how_to_mend_it(filled: Store) -> None:
    finished = Cli(filled, {"BACKROOM_COLOUR": "on"}).run("doctor")
    assert finished.status == 1
    assert "WRONG  settings: unknown variables: BACKROOM_COLOUR" in finished.out
    assert "ok     database: SQLite" in finished.out
