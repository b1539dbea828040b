"""`backroom restore` of a backup that an older release made."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine

from backroom.clock import now_ms
from backroom.errors import Invalid, StoreFailed
from backroom.store.changes import CONFIG, change_number
from backroom.store.migrations import head, revisions
from backroom.store.tables import metadata
from backroom.upkeep.archive import FORMAT, LAST, Manifest, Rows
from backroom.upkeep.older import OlderRows
from backroom.upkeep.restore import is_unfinished, restore
from tests.cli.test_commands import assert_fails
from tests.harness.cast import Cast, copy_cast
from tests.harness.fixtures import CastOf
from tests.harness.nursery import nursery
from tests.harness.postgres import Cluster
from tests.harness.processes import clean_environment
from tests.harness.server import Cli
from tests.harness.store import Store, new_store
from tests.upkeep import killed
from tests.upkeep.contents import arrivals_of, blobs_of, database, files_of, lists_of, rows_of
from tests.upkeep.older import PROGRAM, Backup, backup_of, fill
from tests.upkeep.test_backup import damaged

OLDER = revisions()[:-1]
CASES = [
    *((revision, "sqlite", "sqlite") for revision in OLDER),
    *((revision, "postgresql", "postgresql") for revision in (OLDER[0], OLDER[-1])),
    (OLDER[0], "sqlite", "postgresql"),
    (OLDER[0], "postgresql", "sqlite"),
]
FILLED = ("daily", "reports.page", "users.instance_owner")
"""Tables and columns that migrations make from what there was."""

BackupOf = Callable[[str], Backup]


@pytest.fixture(scope="module")
def whole(cluster: Cluster | None, cast_of: CastOf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    """The cast on a store of today that has something in every table; the tests only read it."""
    with copy_cast(cast_of(cluster), tmp_path_factory.mktemp("whole") / "data") as copy:
        fill(copy)
        yield copy


@pytest.fixture(scope="module")
def lists(whole: Cast, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What a server answers on that store."""
    return lists_of(whole.store, asked_of(whole), tmp_path_factory.mktemp("lists") / "log")


def asked_of(cast: Cast) -> dict[str, Any]:
    """The owner's project, as `lists_of` wants it."""
    owner = cast.owner
    return {"projects": [{"id": owner.project.id, "key": owner.key, "minibackKey": owner.miniback_key}]}


@pytest.fixture
def backup(whole: Cast, cluster: Cluster | None, tmp_path: Path) -> BackupOf:
    """Gives what a backup of `whole` had at a revision."""

    def made(revision: str) -> Backup:
        with new_store(tmp_path / f"older-{revision}", cluster) as older:
            return backup_of(whole.store, revision, older)

    return made


@pytest.mark.parametrize(("revision", "engine", "target"), CASES, indirect=["engine", "target"])
def test_backup_of_every_older_schema_restores(
    revision: str, whole: Cast, lists: list[bytes], backup: BackupOf, target: Store, tmp_path: Path
) -> None:
    kept = backup(revision)
    assert all(kept.rows.values())
    file, then = kept.write(tmp_path / "backup.tar.gz"), now_ms()
    with database(target) as db:
        restored = restore(db, blobs_of(target), file, then)
        assert min(db.read_now(change_number, name) for name in (CONFIG, whole.owner.project.id)) >= then
    assert (restored.rows["reports"], restored.files) == (len(kept.rows["reports"]), 1)
    assert_kept(rows_of(target), rows_of(whole.store), kept)
    assert arrivals_of(target) == arrivals_of(whole.store)
    assert files_of(target) == files_of(whole.store)
    assert lists_of(target, asked_of(whole), tmp_path / "log") == lists


def assert_kept(restored: dict[str, Any], whole: dict[str, Any], kept: Backup) -> None:
    """What the backup had, and what migrations make of it, is as in `whole`; the rest is empty."""
    for name, rows in restored.items():
        table = metadata.tables[name]
        columns = [
            place
            for place, column in enumerate(table.columns)
            if column.name in kept.columns.get(name, []) or name in FILLED or f"{name}.{column.name}" in FILLED
        ]
        assert parts(rows, columns) == (parts(whole[name], columns) if columns else []), name
        others = [place for place in range(len(table.columns)) if place not in columns]
        assert {value for row in parts(rows, others) for value in row} <= {None}, name


def parts(rows: list[tuple[Any, ...]], columns: list[int]) -> list[tuple[Any, ...]]:
    """Only those columns of the rows, sorted."""
    return sorted((tuple(row[place] for place in columns) for row in rows), key=repr)


@pytest.mark.parametrize("moment", ["checking", "restoring"])
def test_killed_restore_of_an_older_backup_begins_anew(
    moment: str, whole: Cast, backup: BackupOf, store: Store, tmp_path: Path
) -> None:
    kept, temporary = backup(OLDER[0]), tmp_path / "temporary"
    file = kept.write(tmp_path / "backup.tar.gz")
    temporary.mkdir()
    env = clean_environment(TMPDIR=str(temporary))
    words = (file, store.data_dir, store.url, moment)
    child = nursery().fork(words, env, tmp_path / "log", module=killed.__name__)
    assert child.wait() == -signal.SIGKILL
    assert list(temporary.iterdir()) == []
    left = rows_of(store)
    with database(store) as db:
        assert db.read_now(is_unfinished) == (moment == "restoring")
    if moment == "checking":
        assert not any(left.values())
    else:
        assert not any(left[name] for name in LAST)
        assert_fails(Cli(store).run("serve", "--port", "0"), 1, "restore")
    Cli(store)("restore", str(file))
    assert_kept(rows_of(store), rows_of(whole.store), kept)


def add_a_table(backup: Backup) -> None:
    backup.columns["strangers"], backup.rows["strangers"] = ["id"], [("x",)]


def add_a_later_column(backup: Backup) -> None:
    backup.columns["users"].append("instance_owner")
    backup.rows["users"] = [(*row, True) for row in backup.rows["users"]]


def leave_a_column_out(backup: Backup) -> None:
    backup.columns["users"].pop()
    backup.rows["users"] = [row[:-1] for row in backup.rows["users"]]


def repeat_rows(backup: Backup) -> None:
    backup.rows["users"] *= 2


def mistake_a_type(backup: Backup) -> None:
    backup.rows["users"][0] = (5, *backup.rows["users"][0][1:])


def come_from_the_future(backup: Backup) -> None:
    backup.revision = "9999"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (add_a_table, "don't match its schema"),
        (add_a_later_column, "don't match its schema"),
        (leave_a_column_out, "don't match its schema"),
        (repeat_rows, "don't fit its schema: UNIQUE"),
        (mistake_a_type, "A row of users in the backup can't be read"),
        (come_from_the_future, f"created by Backroom {PROGRAM} with schema 9999"),
        ("cut", "damaged"),
        ("flipped", "damaged"),
        ("rows", "damaged"),
        ("end", "damaged"),
    ],
)
def test_refused_older_backup_changes_nothing(
    harm: Callable[[Backup], None] | str, said: str, backup: BackupOf, store: Store, tmp_path: Path
) -> None:
    kept, file = backup(OLDER[0]), tmp_path / "backup.tar.gz"
    if callable(harm):
        harm(kept)
    kept.write(file)
    if isinstance(harm, str):
        file.write_bytes(damaged(file.read_bytes(), harm))
    with database(store) as db:
        with pytest.raises(Invalid, match=said):
            restore(db, blobs_of(store), file, now_ms())
        assert not db.read_now(is_unfinished)
    assert not any(rows_of(store).values())
    assert not any((store.data_dir / "files").rglob("*"))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_release_that_backed_other_tables_up_is_read(
    whole: Cast, backup: BackupOf, store: Store, tmp_path: Path
) -> None:
    kept = backup(head())
    kept.rows["reports"].reverse()  # imports, each older by its id than the one before
    del kept.columns["views"], kept.rows["views"]
    kept.columns["undos"], kept.rows["undos"] = (
        ["at", "content", "id", "user", "workspace"],
        [(1, b"{}", "x", "x", "x")],
    )
    Cli(store)("restore", str(kept.write(tmp_path / "backup.tar.gz")))
    restored = rows_of(store)
    assert restored["views"] == restored["undos"] == []
    assert restored["reports"] == rows_of(whole.store)["reports"]
    assert arrivals_of(store) == arrivals_of(whole.store)[::-1]


def test_folder_without_room_is_said() -> None:
    manifest = Manifest(
        FORMAT, PROGRAM, OLDER[0], 1, {"usage": ["workspace", "month", "kind", "n"]}, {"usage": 0}, 0, 0
    )
    with create_engine("sqlite://", poolclass=NullPool).connect() as conn:
        older = OlderRows(conn, manifest)
        conn.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes it for the present size
        with pytest.raises(StoreFailed, match="TMPDIR"):
            older.add(Rows("usage", [("x" * 999, str(number), "x", 1) for number in range(99)]))
