"""`backroom backup` and `restore`: the same store again, on either engine, whatever happens meanwhile."""

import gzip
import io
import itertools
import json
import os
import random
import signal
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from backroom.clock import now_ms
from backroom.errors import Conflict, Invalid
from backroom.store.changes import change_number
from backroom.store.tables import reports, users
from backroom.upkeep.archive import ArchiveWriter, read_members
from backroom.upkeep.backup import back_up
from backroom.upkeep.restore import MARK, Restored, is_unfinished, restore
from tests.cli.test_commands import assert_fails
from tests.harness.cast import Cast
from tests.harness.nursery import nursery
from tests.harness.processes import PATIENCE, clean_environment, wait_until
from tests.harness.samples import Demo
from tests.harness.server import BACKROOM, Cli
from tests.harness.store import Store
from tests.upkeep.contents import arrivals_of, blobs_of, database, files_of, lists_of, rows_of
from tests.upkeep.reporting import send_reports

LATER = 5_000
"""Milliseconds by which the clock of a second call is ahead."""

AT_ONCE = 20
"""Reports that are sent one after the other before they are told of."""


def test_restored_store_is_the_same_on_either_engine(demo: Demo, target: Store, tmp_path: Path) -> None:
    demo_store, said = demo
    file = tmp_path / "backup.tar.gz"
    made = Cli(demo_store)("backup", str(file))
    back = Cli(target)("restore", str(file))
    assert (made["reports"], made["missing"]) == (back["reports"], [])
    assert made["files"] == back["files"] > 0
    assert rows_of(target) == rows_of(demo_store)
    assert arrivals_of(target) == arrivals_of(demo_store)
    assert files_of(target) == files_of(demo_store)
    assert lists_of(target, said, tmp_path / "log") == lists_of(demo_store, said, tmp_path / "log")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_reports_keep_the_order_in_which_they_came(fresh_cast: Cast, tmp_path: Path) -> None:
    # An imported report is older by its id than one that came before it.
    with database(fresh_cast.store) as db:
        send_reports(db, fresh_cast.owner.project.project_key, 2)
        send_reports(db, fresh_cast.owner.project.project_key, 1, ids=["0" * 24])
    assert arrivals_of(fresh_cast.store)[-1] == "0" * 24
    file = tmp_path / "backup.tar.gz"
    fresh_cast.cli("backup", str(file))
    restored = Store("sqlite", tmp_path / "restored", f"sqlite:///{tmp_path / 'restored' / 'backroom.db'}")
    Cli(restored)("restore", str(file))
    assert arrivals_of(restored) == arrivals_of(fresh_cast.store)


def test_backup_while_reports_come_in_is_of_one_moment(fresh_cast: Cast, target: Store, tmp_path: Path) -> None:
    key = fresh_cast.owner.project.project_key
    file, stop = tmp_path / "backup.tar.gz", threading.Event()
    acknowledged: list[str] = []
    with database(fresh_cast.store) as writing, database(fresh_cast.store) as reading:
        writing.start()

        def load() -> None:
            while not stop.is_set():
                acknowledged.extend(send_reports(writing, key, AT_ONCE))

        loader = threading.Thread(target=load)
        loader.start()
        try:
            wait_until(lambda: len(acknowledged) > 200, "reports")
            before = list(acknowledged)
            copied = back_up(reading, blobs_of(fresh_cast.store), file, now_ms())
            then = len(acknowledged)
            # Those that are told of first may have been sent before the backup began.
            wait_until(lambda: len(acknowledged) > then + AT_ONCE, "reports after the backup")
        finally:
            stop.set()
            loader.join()
    Cli(target)("restore", str(file))
    restored = arrivals_of(target)
    assert len(restored) == copied.rows["reports"]
    assert set(before) <= set(restored) < set(acknowledged)
    checks = {check["name"]: check for check in json.loads(Cli(target).run("doctor", "--json").out)["checks"]}
    assert checks["counters"]["ok"], checks["counters"]


def test_restore_refuses_a_store_with_data(fresh_cast: Cast, backup_file: Path) -> None:
    before = rows_of(fresh_cast.store)
    assert_fails(fresh_cast.cli.run("restore", str(backup_file)), 1, "has data")
    assert rows_of(fresh_cast.store) == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("calls", [1, 90])
def test_interrupted_restore_is_seen_and_begins_anew(
    demo_store: Store, backup_file: Path, target: Store, calls: int
) -> None:
    with database(target) as db:
        counted = itertools.count()

        def interrupt(what: str, _done: int, _total: int | None) -> None:
            if what == "restoring" and next(counted) == calls:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            restore(db, blobs_of(target), backup_file, now_ms(), interrupt)
        assert db.read_now(is_unfinished)
        assert rows_of(target)[users.name] == []
    assert_fails(Cli(target).run("serve", "--port", "0"), 1, "restore")
    doctor = {check["name"]: check for check in json.loads(Cli(target).run("doctor", "--json").out)["checks"]}
    assert not doctor["restore"]["ok"]
    Cli(target)("restore", str(backup_file))
    assert rows_of(target) == rows_of(demo_store)
    assert arrivals_of(target) == arrivals_of(demo_store)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_killed_restore_is_seen_and_begins_anew(
    demo_store: Store, backup_file: Path, store: Store, tmp_path: Path
) -> None:
    Cli(store)("migrate")
    child = nursery().fork(["restore", backup_file], clean_environment(**store.env), tmp_path / "log")
    with database(store) as db:
        wait_until(lambda: child.poll() is not None or db.read_now(is_unfinished), "the mark", every=0.001)
        child.send_signal(signal.SIGKILL)
        child.wait()
        # It may have been done already, whatever it ended by.
        unfinished = db.read_now(is_unfinished)
    if unfinished:
        Cli(store)("restore", str(backup_file))
    assert rows_of(store) == rows_of(demo_store)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_change_numbers_never_go_back(demo_store: Store, target: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    with database(demo_store) as db:
        project = db.read_now(lambda conn: conn.execute(reports.select().limit(1)).one().project)
        back_up(db, blobs_of(demo_store), file, now_ms())
        then = db.read_now(change_number, project)
    with database(target) as db:
        restore(db, blobs_of(target), file, now_ms())
        assert db.read_now(change_number, project) > then
        assert db.read_now(change_number, "config") > 0
        assert db.read_now(change_number, MARK) == 0


def test_file_that_is_gone_is_named(backup_file: Path, store: Store, tmp_path: Path) -> None:
    Cli(store)("restore", str(backup_file))
    key = min(files_of(store))
    blobs_of(store).delete([key])
    again = tmp_path / "again.tar.gz"
    assert Cli(store)("backup", str(again))["missing"] == [key]
    assert key in Cli(store).run("backup", str(again)).out


def test_file_that_was_cut_is_named(backup_file: Path, store: Store, tmp_path: Path) -> None:
    Cli(store)("restore", str(backup_file))
    key = min(files_of(store))
    blobs_of(store).put(key, b"cut")
    again = tmp_path / "again.tar.gz"
    made = Cli(store)("backup", str(again))
    assert (made["missing"], made["changed"]) == ([], [key])
    assert key in Cli(store).run("backup", str(again)).out


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_backup_is_private_and_leaves_no_part(demo_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_text("last night's")
    Cli(demo_store)("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
    with tarfile.open(file) as archive:
        names = archive.getnames()
    assert (names[0], names[-1]) == ("manifest.json", "end.json")
    assert_fails(Cli(demo_store).run("backup", str(tmp_path / "missing" / "b.tar.gz")), 1, "missing")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_backups_to_one_file_at_once_are_both_whole(demo_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    with database(demo_store) as db:
        found: list[list[str]] = []

        def back_up_too(_what: str, _done: int, _total: int | None) -> None:
            if not found:
                found.append([])
                assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]
                back_up(db, blobs_of(demo_store), file, now_ms())
                found.append([member.name for member in read_members(file)])

        back_up(db, blobs_of(demo_store), file, now_ms(), back_up_too)
        found.append([member.name for member in read_members(file)])
    assert found[1] == found[2] != []
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_backup_that_finds_no_room_is_one_line(demo_store: Store, tmp_path: Path) -> None:
    """And not also what the archive says when it is forgotten, half written."""
    limited = ["bash", "-c", f'ulimit -f 512; exec "{BACKROOM}" backup "{tmp_path}/backup.tar.gz"']
    env = clean_environment(**demo_store.env)
    done = subprocess.run(limited, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_backup_that_fails_leaves_no_part(demo_store: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"

    def be_in_the_way(_what: str, _done: int, _total: int | None) -> None:
        file.mkdir(exist_ok=True)

    with database(demo_store) as db, pytest.raises(IsADirectoryError):
        back_up(db, blobs_of(demo_store), file, now_ms(), be_in_the_way)
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("target", [".", "/", "", "..", "files", "pipe"])
def test_backup_is_refused_at_once_where_no_file_can_be(
    store: Store, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    (store.data_dir / "files").mkdir()
    os.mkfifo(store.data_dir / "pipe")
    monkeypatch.chdir(store.data_dir)
    assert_fails(Cli(store).run("backup", target), 1, "a file")
    assert {path.name for path in store.data_dir.iterdir()} == {"files", "pipe"}, "the store wasn't even opened"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_backup_never_takes_the_place_of_the_store(
    fresh_cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, before = fresh_cast.store, rows_of(fresh_cast.store)
    link, other = tmp_path / "link", tmp_path / "elsewhere"
    link.symlink_to(store.data_dir)
    monkeypatch.chdir(store.data_dir)
    beside = [
        f"{folder}/backroom.db{end}" for folder in (store.data_dir, link) for end in ("", "-wal", "-shm", ".lock")
    ]
    for target in (*beside, "backroom.db", "files/a/b", f"{link}/files/c"):
        assert_fails(fresh_cast.cli.run("backup", target), 1, target, "the store")
    elsewhere = Cli(store, {"BACKROOM_FILES_URL": f"file://{other}/with%20space"})
    assert_fails(elsewhere.run("backup", f"{other}/with space/backup.tar.gz"), 1, "the store")
    assert not any(store.data_dir.glob("*.part"))
    assert rows_of(store) == before
    assert fresh_cast.cli("backup", "backup.tar.gz")["file"] == "backup.tar.gz", "beside it there is room"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_backup_never_takes_the_place_of_a_store_that_is_linked_to(fresh_cast: Cast, tmp_path: Path) -> None:
    data, real = tmp_path / "linked", fresh_cast.store.data_dir / "backroom.db"
    data.mkdir()
    (data / "backroom.db").symlink_to(real)
    for target in (data / "backroom.db", data / "backroom.db.lock", real, real.with_name("backroom.db-wal")):
        assert_fails(fresh_cast.cli.run("backup", str(target), "--data", str(data)), 1, "the store")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("harm", ["cut", "flipped", "rows", "end", "other", "empty", "newer", "format"])
def test_damaged_backup_changes_nothing(backup_file: Path, store: Store, tmp_path: Path, harm: str) -> None:
    file = tmp_path / "damaged.tar.gz"
    file.write_bytes(damaged(backup_file.read_bytes(), harm))
    with database(store) as db:
        with pytest.raises(Invalid):
            restore(db, blobs_of(store), file, now_ms())
        assert not db.read_now(is_unfinished)
    assert not any(rows_of(store).values())


def test_flipped_bit_is_noticed_wherever_it_is(tmp_path: Path) -> None:
    file, words = tmp_path / "backup.tar.gz", random.Random(1)
    with file.open("wb") as opened:
        archive = ArchiveWriter(opened)
        for number in range(3):
            archive.add(f"tables/{number}", b"".join(b"[%d]\n" % words.randrange(99) for _ in range(8_000)))
        archive.finish([])
    whole, content = list(read_members(file)), file.read_bytes()
    noticed = 0
    for place in range(0, len(content), 50):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        try:
            assert list(read_members(file)) == whole  # a few bits of gzip's mean nothing
        except Invalid:
            noticed += 1
    assert noticed > 400


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_file_that_is_no_backup_is_one_line(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "other"
    assert_fails(Cli(store).run("restore", str(file)), 1, str(file))
    file.write_text("something else")
    assert_fails(Cli(store).run("restore", str(file)), 1, str(file))


def damaged(content: bytes, harm: str) -> bytes:
    """A backup with that done to it."""
    if harm == "cut":
        return content[: len(content) * 2 // 3]
    if harm == "flipped":
        middle = len(content) // 2
        return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    if harm == "other":
        return gzip.compress(b"something else")
    if harm == "empty":
        return b""
    return rewritten(content, harm)


def rewritten(content: bytes, harm: str) -> bytes:
    """The same archive with a member changed or left out, whole as a tar.gz."""
    result = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=result, mode="w:gz") as new:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            data = file.read()
            if (harm, member.name) == ("end", "end.json") or (harm == "rows" and "/reports/" in member.name):
                continue
            if member.name == "manifest.json" and harm == "newer":
                data = json.dumps(json.loads(data) | {"revision": "9999"}).encode()
            if member.name == "manifest.json" and harm == "format":
                data = json.dumps(json.loads(data) | {"format": 2}).encode()
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return result.getvalue()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_two_restores_at_once_leave_one(demo_store: Store, backup_file: Path, target: Store) -> None:
    with database(target) as db, database(target) as other:
        finished: list[Restored] = []

        def finish_other(what: str, done: int, total: int | None) -> None:
            if what == "restoring" and not finished:
                finished.append(restore(other, blobs_of(target), backup_file, now_ms()))

        with pytest.raises(Conflict):
            restore(db, blobs_of(target), backup_file, now_ms() + LATER, finish_other)
    assert rows_of(target) == rows_of(demo_store)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_restore_stops_where_another_has_begun_since(backup_file: Path, target: Store) -> None:
    """The other has taken away what this one had written: it must not go on as if it were there."""
    with database(target) as db, database(target) as other:
        counted = itertools.count()

        def interrupt(what: str, _done: int, _total: int | None) -> None:
            if what == "restoring":
                raise KeyboardInterrupt

        def begin_other(what: str, _done: int, _total: int | None) -> None:
            if what == "restoring" and next(counted) == 1:
                with pytest.raises(KeyboardInterrupt):
                    restore(other, blobs_of(target), backup_file, now_ms(), interrupt)

        with pytest.raises(Conflict, match="Another restore"):
            restore(db, blobs_of(target), backup_file, now_ms(), begin_other)
        assert db.read_now(is_unfinished)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_restores_that_start_together_leave_one_and_say_so(
    demo_store: Store, backup_file: Path, target: Store, tmp_path: Path
) -> None:
    Cli(target)("migrate")
    logs = [tmp_path / f"log-{number}" for number in range(3)]
    env = clean_environment(**target.env)
    children = [nursery().fork(["restore", backup_file], env, log) for log in logs]
    ended = sorted((child.wait(PATIENCE), log.read_text()) for child, log in zip(children, logs, strict=True))
    assert [status for status, _ in ended] == [0, 1, 1], ended
    for _, said in ended[1:]:
        assert said.startswith("backroom: ")
        assert said.count("\n") == 1
        assert "Another restore" in said or "has data" in said
    assert rows_of(target) == rows_of(demo_store)
    assert arrivals_of(target) == arrivals_of(demo_store)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_comparison_sees_a_difference(demo_store: Store, backup_file: Path, target: Store) -> None:
    Cli(target)("restore", str(backup_file))
    with database(target) as db:
        db.write_now(lambda tx: tx.execute(delete(reports).where(reports.c.status == "open")))
        db.write_now(lambda tx: tx.execute(insert(users), [user("a"), user("b")]))
    assert rows_of(target)["reports"] != rows_of(demo_store)["reports"]
    assert rows_of(target)["users"] != rows_of(demo_store)["users"]


def user(name: str) -> dict[str, object]:
    """Values for a row of users."""
    return {"id": name, "email": name, "name": name, "password_hash": "", "created_at": 0}
