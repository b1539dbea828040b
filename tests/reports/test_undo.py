"""Many reports at once, the trash, and undo: what comes back, how often, and for how long."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from backroom.access import Role, operator, person
from backroom.clock import DAY
from backroom.errors import Invalid, NotFound
from backroom.files.blobs import Blobs
from backroom.ids import new_id
from backroom.projects.channels import update_channel
from backroom.projects.commands import delete_project
from backroom.reports import slices
from backroom.reports.commands import add_comment, set_status
from backroom.reports.filters import Filter
from backroom.reports.inbox import count_by_status, list_inbox
from backroom.reports.purge import purge_deleted_projects
from backroom.reports.queries import get_file
from backroom.reports.rules import Status
from backroom.reports.slices import change_all, change_slice
from backroom.reports.submit import StoredFile, submit_report
from backroom.reports.trash import has_old_trash, purge_trash
from backroom.reports.undo import AddLabel, Assign, Change, Delete, Move, RemoveLabel, SetStatus, undo_all, undo_slice
from backroom.store.database import Database
from backroom.store.tables import doomed_files, events, files, report_labels, reports, trash, undos
from backroom.upkeep.sweep import GRACE, sweep_doomed
from tests.harness.store import Store
from tests.reports.fill import Known, feed_all, member, submit_known
from tests.reports.recount import counted, recounted
from tests.store.fixtures import NOW, Room, make_room, opened, submission

SHOT = StoredFile("f" * 24, "screenshot", "image/png", 10, "00" * 32, "stored/f1", 2, 3, None)


def rows(db: Database, table: Table) -> list[tuple[Any, ...]]:
    return sorted(map(tuple, db.read_now(lambda conn: conn.execute(select(table)).all())), key=repr)


def test_an_endless_user_id_does_not_come_back(room: Room) -> None:
    """What is in the trash may be of a time when there was no limit; PostgreSQL's index has one."""
    report = room.submit(user_id="u" * 201, message="Still here").id
    done = room.db.write_now(change_slice, room.actor, Delete(), [report], NOW)
    room.db.write_now(undo_slice, room.actor, done.undo or "", NOW + 1)
    kept = select(reports.c.message, reports.c.user_id)
    assert room.db.read_now(lambda conn: conn.execute(kept).one()) == ("Still here", None)


def state(db: Database) -> list[list[tuple[Any, ...]]]:
    """Everything that a report is, and the row that SQLite keeps it in."""
    numbered = "SELECT row, id FROM reports" if db.is_sqlite else "SELECT id FROM reports"
    places = db.read_now(lambda conn: sorted(map(tuple, conn.exec_driver_sql(numbered))))
    return [places, *(rows(db, table) for table in (reports, files, events, report_labels))]


def found(db: Database, wanted: Filter) -> list[str]:
    return [row.id for row in db.read_now(list_inbox, wanted, None, None, 500).rows]


def test_a_deleted_report_is_gone_everywhere_and_comes_back_as_it_was(room: Room) -> None:
    db = room.db
    ids = [room.submit(message="the coupon", user_id="ann", client_id=f"c{n}").id for n in range(3)]
    full = room.submit(message="the coupon", user_id="ann", client_id="full", files=[SHOT]).id
    ids += [full, room.submit(message="the coupon", user_id="ann").id]
    feed_all(db)
    ids += [room.submit(message="the coupon", user_id="ann").id for _ in range(2)]
    db.write_now(change_slice, room.actor, AddLabel("slow"), [full], NOW)
    db.write_now(add_comment, room.actor, [full], "note", "Look", NOW)
    db.write_now(set_status, room.actor, [full], Status.RESOLVED, NOW)
    for picked in ([full], ids[:2], ids[-1:], ids[4:], ids):
        before, counts = state(db), db.read_now(counted)
        done = db.write_now(change_slice, room.actor, Delete(), picked, NOW + 5)
        assert (done.changed, done.before) == (len(picked), None)
        left = [id_ for id_ in reversed(ids) if id_ not in picked]
        everyone = Filter((room.id,))
        for wanted in (everyone, Filter((room.id,), search="coupon"), Filter((room.id,), person="ann")):
            assert found(db, wanted) == left
        assert sum(count.n for count in db.read_now(count_by_status, everyone).values()) == len(left)
        assert db.read_now(counted) == db.read_now(recounted)
        with pytest.raises(NotFound):
            db.write_now(set_status, room.actor, [picked[0]], Status.CLOSED, NOW)
        if full in picked:
            with pytest.raises(NotFound):
                db.read_now(get_file, room.id, SHOT.id)
        assert rows(db, doomed_files) == []
        assert undo_all(db, room.actor, done.undo or "", NOW + 6) == len(picked)
        assert state(db) == before
        assert db.read_now(counted) == db.read_now(recounted) == counts
        for wanted in (everyone, Filter((room.id,), search="coupon"), Filter((room.id,), person="ann")):
            assert found(db, wanted) == ids[::-1]
        assert rows(db, trash) == []
        feed_all(db)


def test_a_report_whose_row_was_given_away_comes_back_all_the_same(room: Room) -> None:
    db = room.db
    first, last = (room.submit(message="the coupon", user_id="ann", client_id=name).id for name in "ab")
    feed_all(db)
    done = db.write_now(change_slice, room.actor, Delete(), [last], NOW)
    again = room.submit(message="the coupon", user_id="ann", client_id="b")
    assert again.created, "whoever sends it again means it"
    feed_all(db)
    undo_all(db, room.actor, done.undo or "", NOW)
    for fed in (False, True):
        for wanted in (Filter((room.id,)), Filter((room.id,), search="coupon"), Filter((room.id,), person="ann")):
            assert sorted(found(db, wanted)) == sorted([first, last, again.id]), fed
        feed_all(db)
    named = db.read_now(lambda conn: dict(conn.execute(select(reports.c.id, reports.c.client_id)).all()))
    assert named == {first: "a", last: None, again.id: "b"}
    assert db.read_now(counted) == db.read_now(recounted)


def test_after_a_day_the_trash_is_emptied(room: Room) -> None:
    db = room.db
    kept, gone = room.submit().id, room.submit(files=[SHOT]).id
    done = db.write_now(change_slice, room.actor, Delete(), [gone], NOW)
    assert not db.read_now(has_old_trash, NOW + DAY - 1)
    db.write_now(purge_trash, NOW + DAY - 1)
    assert len(rows(db, trash)) == 1
    assert db.read_now(has_old_trash, NOW + DAY)
    with pytest.raises(NotFound):
        db.write_now(undo_slice, room.actor, done.undo or "", NOW + DAY)
    assert not db.write_now(purge_trash, NOW + DAY)
    assert rows(db, trash) == rows(db, undos) == []
    assert rows(db, doomed_files) == [("stored/f1", NOW + DAY)]
    assert found(db, Filter((room.id,))) == [kept]


def test_a_deleted_projects_trash_goes_with_it(room: Room) -> None:
    db = room.db
    done = db.write_now(change_slice, room.actor, Delete(), [room.submit(files=[SHOT]).id], NOW)
    db.write_now(delete_project, room.actor, room.id, NOW)
    assert undo_all(db, room.actor, done.undo or "", NOW) == 0
    while db.write_now(purge_deleted_projects, NOW):
        pass
    assert rows(db, trash) == rows(db, reports) == rows(db, report_labels) == []
    assert rows(db, doomed_files) == [("stored/f1", NOW)]


CHANGES: list[Change] = [
    SetStatus(Status.CLOSED),
    Move("feature"),
    Assign("ann"),
    AddLabel("slow"),
    RemoveLabel("old"),
    Delete(),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_all_that_a_filter_matches_is_changed_in_slices_and_put_back(
    room: Room, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE", 4)
    db, other = room.db, make_room(room.db, "Elsewhere")
    ann, pick = member(room, "ann"), random.Random(3)
    change = Assign(ann.id) if isinstance(change, Assign) else change
    known: list[Known] = [submit_known(room, pick, NOW + n * 1000) for n in range(30)]
    known += [submit_known(other, pick, NOW + n * 1000) for n in range(5)]
    for each in known[::3]:
        owner = room if each.project == room.id else other
        db.write_now(change_slice, owner.actor, AddLabel("old"), [each.id], NOW)
        db.write_now(change_slice, owner.actor, SetStatus(pick.choice(list(Status))), [each.id], NOW + 1)
    wanted = Filter((room.id,), person="ann")
    before = state(db)
    done = change_all(db, ann, change, wanted, NOW + 50_000)
    assert db.read_now(counted) == db.read_now(recounted)
    assert done.undo is not None
    assert len(rows(db, undos)) > 1 or isinstance(change, RemoveLabel)
    ids = {row[0] for row in before[1] if row[1] == room.id}
    changed_rows = set(before[1]) ^ set(rows(db, reports))
    assert {row[0] for row in changed_rows} <= {each.id for each in known if each.fits(wanted)} <= ids
    assert done.changed == len({row[0] for row in changed_rows}) > 0
    assert undo_all(db, ann, done.undo, NOW + 60_000) == done.changed
    after = state(db)
    update_at = list(reports.columns).index(reports.c.updated_at)
    assert [[*row[:update_at], *row[update_at + 1 :]] for row in after[1]] == [
        [*row[:update_at], *row[update_at + 1 :]] for row in before[1]
    ]
    assert (after[2], after[4]) == (before[2], before[4])
    assert db.read_now(counted) == db.read_now(recounted)
    with pytest.raises(NotFound):
        db.write_now(undo_slice, ann, done.undo, NOW + 60_000)


def test_undo_puts_back_only_what_nobody_changed_meanwhile(room: Room) -> None:
    db, ann = room.db, member(room, "ann")
    ids = [room.submit().id for _ in range(3)]
    done = db.write_now(change_slice, room.actor, SetStatus(Status.CLOSED), ids, NOW)
    db.write_now(set_status, ann, [ids[0]], Status.IN_PROGRESS, NOW)
    db.write_now(change_slice, ann, Delete(), ids[1:2], NOW)
    assert db.write_now(undo_slice, room.actor, done.undo or "", NOW) == (1, False)
    statuses = {row.id: row.status for row in db.read_now(list_inbox, Filter((room.id,)), None, None, 10).rows}
    assert statuses == {ids[0]: "in-progress", ids[2]: "open"}
    assert db.read_now(counted) == db.read_now(recounted)


def test_undo_is_done_once_also_by_many_at_once(room: Room) -> None:
    db, ids = room.db, [room.submit().id for _ in range(3)]
    for change in (Delete(), SetStatus(Status.CLOSED)):
        done = db.write_now(change_slice, room.actor, change, ids, NOW)

        def ask(_: int, undo_id: str = done.undo or "") -> int:
            try:
                return db.write_now(undo_slice, room.actor, undo_id, NOW).changed
            except NotFound:
                return 0

        with ThreadPoolExecutor(6) as threads:
            assert sorted(threads.map(ask, range(6))) == [0] * 5 + [3]
    assert db.read_now(counted) == db.read_now(recounted)


def test_what_is_so_already_stays_and_is_not_counted(room: Room) -> None:
    db, ids = room.db, [room.submit().id for _ in range(3)]
    db.write_now(set_status, room.actor, [ids[0]], Status.CLOSED, NOW)
    assert db.write_now(change_slice, room.actor, SetStatus(Status.CLOSED), ids, NOW).changed == 2
    assert db.write_now(change_slice, room.actor, SetStatus(Status.CLOSED), ids, NOW) == (0, None, None)
    assert db.write_now(change_slice, room.actor, Move("nothing"), ids, NOW).changed == 0
    db.write_now(update_channel, room.actor, room.id, "feature", {"archived": True}, NOW)
    assert db.write_now(change_slice, room.actor, Move("feature"), ids, NOW).changed == 0
    assert db.write_now(change_slice, room.actor, SetStatus(Status.OPEN), [*ids, "0" * 24, "no id"], NOW).changed == 3
    for selection in ([], ["0" * 24], ["no id"]):
        with pytest.raises(NotFound):
            db.write_now(change_slice, room.actor, SetStatus(Status.OPEN), selection, NOW)
    for change in (Assign("nobody"), AddLabel(""), Move("\0")):
        with pytest.raises(Invalid):
            db.write_now(change_slice, room.actor, change, ids, NOW)
    with pytest.raises(Invalid):
        db.write_now(change_slice, room.actor, Delete(), [new_id() for _ in range(slices.MOST_SELECTED + 1)], NOW)
    outsider = make_room(db, "Elsewhere")
    with pytest.raises(NotFound):
        db.write_now(change_slice, outsider.actor, Delete(), Filter((room.id,)), NOW)
    assert db.write_now(change_slice, outsider.actor, Delete(), Filter((outsider.id,)), NOW) == (0, None, None)


def test_an_undo_that_can_be_none(room: Room) -> None:
    for undo_id in ("", "x", "0" * 24, "%", "\0"):
        with pytest.raises(NotFound):
            room.db.write_now(undo_slice, room.actor, undo_id, NOW)


def test_reports_of_several_days_are_counted_on_each_and_together(room: Room) -> None:
    ids = [room.submit(NOW + day * DAY).id for day in range(3)]
    room.db.write_now(change_slice, room.actor, SetStatus(Status.RESOLVED), ids, NOW + 3 * DAY)
    assert room.db.read_now(counted) == room.db.read_now(recounted) == {(room.id, "bug", "resolved", "API"): 3}


def test_an_undo_is_for_whoever_made_the_change(room: Room) -> None:
    done = room.db.write_now(change_slice, room.actor, SetStatus(Status.RESOLVED), [room.submit().id], NOW)
    assert done.undo is not None
    with pytest.raises(NotFound):
        room.db.write_now(undo_slice, person("another", "Another", room.workspace, Role.OWNER), done.undo, NOW)
    assert room.db.write_now(undo_slice, room.actor, done.undo, NOW).changed == 1


@pytest.mark.parametrize("seed", range(6))
def test_any_history_keeps_the_counters(room: Room, seed: int) -> None:
    """Changes, deletions and undos in any order: the counters agree with the rows, and each undo works at most once."""
    db, pick = room.db, random.Random(seed)
    ids = [room.submit(NOW + n, channel=pick.choice(["bug", "feature"])).id for n in range(12)]
    waiting: list[str] = []
    for step in range(40):
        if waiting and pick.random() < 0.4:
            undo_all(db, room.actor, waiting.pop(pick.randrange(len(waiting))), NOW + step)
        else:
            changes: list[Change] = [SetStatus(pick.choice(list(Status))), Move("feature"), Move("bug"), Delete()]
            change = pick.choice(changes)
            try:
                done = db.write_now(change_slice, room.actor, change, pick.sample(ids, 4), NOW + step)
            except NotFound:
                continue
            if done.undo:
                waiting.append(done.undo)
        if step % 7 == 0:
            feed_all(db)
        assert db.read_now(counted) == db.read_now(recounted)
    assert sorted(found(db, Filter((room.id,)))) == sorted(row[0] for row in rows(db, reports))
    for undo_id in reversed(waiting):
        undo_all(db, room.actor, undo_id, NOW)
    assert sorted(row[0] for row in rows(db, reports)) == ids

    def fine(tx: Connection) -> None:
        tx.exec_driver_sql("INSERT INTO report_search (report_search) VALUES ('integrity-check')")

    if db.is_sqlite:
        feed_all(db)
        db.write_now(fine)


def test_bulk_changes_cross_with_everything_else(core_store: Store, db: Database, room: Room) -> None:
    """Slices over several projects, single changes, deletions, undos and submissions by two processes at once: they
    may wait for each other, and all of them get through."""
    rooms = [room, make_room(db, "Elsewhere")]
    actor = operator(room.workspace)
    ids = [each.submit(NOW + n).id for n in range(8) for each in rooms]
    facts = [each.facts() for each in rooms]
    with opened(core_store) as other:

        def work(number: int) -> object:
            store, pick = (db, other)[number % 2], random.Random(number)
            try:
                if number % 4 == 0:
                    return store.write_now(submit_report, submission(facts[number // 4 % 2]))
                if number % 4 == 1:
                    return store.write_now(set_status, actor, [pick.choice(ids)], pick.choice(list(Status)), NOW)
                changes: list[Change] = [Delete(), AddLabel("slow"), Move("feature"), SetStatus(Status.CLOSED)]
                change = pick.choice(changes)
                done = store.write_now(change_slice, actor, change, pick.sample(ids, 6), NOW)
                return done.undo and store.write_now(undo_slice, actor, done.undo, NOW)
            except NotFound:
                return None

        with ThreadPoolExecutor(12) as threads:
            list(threads.map(work, range(240)))
    assert db.read_now(counted) == db.read_now(recounted)


def test_the_sweep_takes_the_bytes_of_what_was_long_in_the_trash(room: Room, tmp_path: Path) -> None:
    db, blobs = room.db, Blobs("", tmp_path / "blobs")
    blobs.put(SHOT.key, b"0123456789")
    db.write_now(change_slice, room.actor, Delete(), [room.submit(files=[SHOT]).id], NOW)
    sweep_doomed(db, blobs, NOW + DAY - 1)
    assert blobs.get(SHOT.key)
    sweep_doomed(db, blobs, NOW + DAY)
    sweep_doomed(db, blobs, NOW + DAY + GRACE)
    with pytest.raises(NotFound):
        blobs.get(SHOT.key)
    assert rows(db, trash) == rows(db, doomed_files) == []
