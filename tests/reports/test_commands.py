"""Triage and deletion, also when many do it at once; and clearing deleted projects away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, select

from backroom.access import Actor, operator
from backroom.accounts.audit import list_audit
from backroom.errors import NotFound
from backroom.projects.commands import delete_project
from backroom.projects.directory import Stale
from backroom.reports import purge
from backroom.reports.commands import (
    add_comment,
    add_label,
    delete_reports,
    link_commit,
    move_to_channel,
    remove_label,
    set_status,
)
from backroom.reports.commits import Commit
from backroom.reports.filters import Filter
from backroom.reports.find import count_ids
from backroom.reports.purge import purge_deleted_projects
from backroom.reports.queries import list_reports
from backroom.reports.rules import CLASS_OF, Status, StatusClass
from backroom.reports.submit import StoredFile, submit_report
from backroom.reports.timeline import AGENT, NOTE
from backroom.store import search
from backroom.store.changes import change_number
from backroom.store.database import Database
from backroom.store.tables import doomed_files, doomed_projects, events, files, reports
from backroom.web.dashboard.workspace.audit import ABOUT_OTHERS, SENTENCES
from tests.harness.processes import wait_until
from tests.harness.store import Store
from tests.reports.recount import counted, recounted
from tests.store.fixtures import NOW, Room, make_room, opened, submission

SHOT = StoredFile("f1", "screenshot", "image/png", 10, "00" * 32, "stored/f1", 2, 3, None)


@pytest.fixture
def both(core_store: Store, db: Database) -> Iterator[list[Database]]:
    """The store as two processes have it open."""
    with opened(core_store) as other:
        yield [db, other]


def all_rows(db: Database, table: Any) -> list[Any]:
    return list(db.read_now(lambda conn: conn.execute(select(table)).all()))


def statuses(db: Database) -> list[tuple[str, str]]:
    rows = db.read_now(lambda conn: conn.execute(select(reports).order_by(reports.c.id)).all())
    return [(row.status, row.status_class) for row in rows]


@pytest.mark.parametrize("status", Status)
def test_a_status_is_set_with_its_class(room: Room, status: Status) -> None:
    db, report = room.db, room.submit().id
    done = db.write_now(set_status, room.actor, [report], status, NOW + 5)
    assert statuses(db) == [(status, CLASS_OF[status])]
    changed = status != Status.OPEN
    assert [(each.report[:5], each.before, each.after) for each in done] == (
        [((report, room.id, "bug", "open", "API"), "open", status)] if changed else []
    )
    assert all_rows(db, reports)[0].updated_at == (NOW + 5 if changed else NOW)
    assert db.read_now(change_number, room.id) == (2 if changed else 1)
    assert db.read_now(counted) == db.read_now(recounted) == {(room.id, "bug", status, "API"): 1}
    assert [event[:1] + event[2:] for event in all_rows(db, events)] == (
        [(room.id, report, NOW + 5, "user", "somebody", "status", msgspec.json.encode({"from": "open", "to": status}))]
        if changed
        else []
    )


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("wanted", StatusClass)
def test_a_class_is_set_unless_the_report_is_in_it(room: Room, before: Status, wanted: StatusClass) -> None:
    """Miniback, "One store, two dialects", B."""
    report = room.submit().id
    room.db.write_now(set_status, room.actor, [report], before, NOW)
    done = room.db.write_now(set_status, room.actor, [report], wanted, NOW)
    status = done[0].after if done else before
    assert status is not None
    assert CLASS_OF[status] is wanted
    assert (not done) is (status == before) is (CLASS_OF[before] is wanted)
    assert statuses(room.db) == [(status, wanted)]


def test_nobody_changes_what_they_do_not_reach(room: Room) -> None:
    db, report = room.db, room.submit().id
    outsiders = [
        make_room(db, "Elsewhere").actor,
        Actor("key", "k", room.workspace, "0" * 24, operator().scopes),
        Actor("key", "k", "0" * 24, room.id, operator().scopes),
    ]
    for outsider in outsiders:
        with pytest.raises(NotFound):
            db.write_now(set_status, outsider, [report], Status.CLOSED, NOW)
        with pytest.raises(NotFound):
            db.write_now(set_status, outsider, [report], StatusClass.RESOLVED, NOW)
        with pytest.raises(NotFound):
            db.write_now(delete_reports, outsider, [report], NOW)
    with pytest.raises(NotFound):
        db.write_now(set_status, room.actor, ["0" * 24], Status.CLOSED, NOW)
    assert statuses(db) == [("open", "NEW")]
    for insider in (room.actor, operator(), Actor("key", "k", room.workspace, room.id, operator().scopes)):
        assert db.write_now(set_status, insider, [report], Status.OPEN, NOW) == []


def test_a_deleted_report_leaves_nothing_but_its_bytes_to_be_cleared(room: Room) -> None:
    db = room.db
    kept = room.submit(client_id="kept", files=[SHOT._replace(id="f2", key="stored/f2")])
    gone = room.submit(client_id="gone", files=[SHOT])
    db.write_now(set_status, room.actor, [gone.id], Status.CLOSED, NOW)
    number = db.read_now(change_number, room.id)
    db.write_now(delete_reports, room.actor, [gone.id], NOW + 9)
    assert [row.id for row in all_rows(db, reports)] == [kept.id]
    assert [row.id for row in all_rows(db, files)] == ["f2"]
    assert all_rows(db, events) == []
    assert [tuple(row) for row in all_rows(db, doomed_files)] == [("stored/f1", NOW + 9)]
    assert db.read_now(counted) == db.read_now(recounted)
    assert db.read_now(change_number, room.id) == number + 1
    with pytest.raises(NotFound):
        db.write_now(delete_reports, room.actor, [gone.id], NOW)
    assert room.submit(client_id="gone").created, "whoever sends it again means it"


def test_changes_of_one_report_take_turns(both: list[Database], room: Room) -> None:
    """Every change begins where the one before it ended, and the counters agree with the rows."""
    ids = [room.submit().id for _ in range(3)]
    wanted = [Status.TRIAGED, Status.IN_PROGRESS, Status.RESOLVED, Status.OPEN, Status.CLOSED]

    def change(number: int) -> None:
        db, report = both[number % 2], ids[number % 3]
        db.write_now(set_status, room.actor, [report], wanted[number % 5], NOW + number)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(change, range(180)))
    assert room.db.read_now(counted) == room.db.read_now(recounted)
    rows = {row.id: row for row in all_rows(room.db, reports)}
    for report in ids:
        steps = [msgspec.json.decode(event.payload) for event in all_rows(room.db, events) if event.report == report]
        follows = {step["from"] for step in steps} | {rows[report].status}
        assert {step["to"] for step in steps} <= follows
        balance: dict[str, int] = {}
        for step in steps:
            balance[step["to"]] = balance.get(step["to"], 0) + 1
            balance[step["from"]] = balance.get(step["from"], 0) - 1
        moved = {"open": -1, rows[report].status: 1} if rows[report].status != "open" else {}
        assert {status: n for status, n in balance.items() if n} == moved


def test_everything_at_once_neither_fails_nor_miscounts(both: list[Database], room: Room) -> None:
    """Submissions, triage and deletions of several projects cross in the writers' groups: they may wait for each
    other, in any order, and all of them get through."""
    rooms = [room, make_room(room.db, "Elsewhere")]
    ids = [[each.submit().id for _ in range(8)] for each in rooms]
    facts = [each.facts() for each in rooms]

    def work(number: int) -> object:
        db, place = both[number % 2], number // 2 % 2
        each, report = rooms[place], ids[place][number // 4 % 8]
        if number % 3:
            return db.write_now(submit_report, submission(facts[place], client_id=f"c{number // 5}"))
        try:
            if number % 7 == 0:
                return db.write_now(delete_reports, each.actor, [report], NOW)
            return db.write_now(set_status, each.actor, [report], list(Status)[number % 5], NOW)
        except NotFound:
            return None

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(480)))
    assert room.db.read_now(counted) == room.db.read_now(recounted)
    named = [row.client_id for row in all_rows(room.db, reports) if row.client_id]
    assert len(named) == len({(row.project, row.client_id) for row in all_rows(room.db, reports) if row.client_id})


def test_one_of_many_who_delete_a_report_does(both: list[Database], room: Room) -> None:
    report = room.submit(files=[SHOT]).id

    def ask(number: int) -> bool:
        try:
            both[number % 2].write_now(delete_reports, room.actor, [report], NOW)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(16)))
    assert answers.count(True) == 1
    assert room.db.read_now(counted) == {}
    assert len(all_rows(room.db, doomed_files)) == 1


def purge_all(db: Database, now: int = NOW) -> int:
    slices = 0
    while db.write_now(purge_deleted_projects, now):
        slices += 1
    return slices


def test_a_deleted_projects_reports_are_cleared_away_in_slices(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "PURGE_SLICE", 4)
    db, other = room.db, make_room(room.db, "Elsewhere")
    for number in range(10):
        room.submit(message=f"word {number}", files=[SHOT._replace(id=f"f{number}", key=f"stored/{number}")])
    kept = other.submit(message="word of another")
    db.write_now(search.index_next)
    db.write_now(set_status, room.actor, [all_rows(db, reports)[0].id], Status.CLOSED, NOW)
    assert not db.write_now(purge_deleted_projects, NOW), "nothing is doomed"
    db.write_now(delete_project, room.actor, room.id, NOW)
    with pytest.raises(NotFound):
        db.write_now(set_status, room.actor, [all_rows(db, reports)[1].id], Status.CLOSED, NOW)
    assert purge_all(db, NOW + 3) == 4, "three slices of reports, and the project's counters"
    assert [row.id for row in all_rows(db, reports)] == [kept.id]
    assert db.read_now(counted) == db.read_now(recounted) == {(other.id, "bug", "open", "API"): 1}
    assert all_rows(db, events) == all_rows(db, files) == all_rows(db, doomed_projects) == []
    assert sorted(tuple(row) for row in all_rows(db, doomed_files)) == [(f"stored/{n}", NOW + 3) for n in range(10)]
    wanted = Filter((room.id, other.id), phrase="word")
    assert [row.id for row in db.read_now(list_reports, wanted, 20, 0)] == [kept.id]
    assert db.read_now(count_ids, wanted) == 1
    assert purge_all(db) == 0


def test_processes_clear_away_at_once(both: list[Database], room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "PURGE_SLICE", 3)
    others = [make_room(room.db, f"Room {number}") for number in range(3)]
    for each in others:
        for number in range(12):
            each.submit(files=[SHOT._replace(id=f"f{number}", key=f"{each.id}/{number}")])
        room.db.write_now(delete_project, each.actor, each.id, NOW)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: purge_all(both[n % 2]), range(4)))
    purge_all(room.db)
    assert all_rows(room.db, reports) == all_rows(room.db, doomed_projects) == []
    assert room.db.read_now(counted) == {}
    assert len(all_rows(room.db, doomed_files)) == 36


def test_the_writer_clears_away_by_itself(core_store: Store) -> None:
    def purge(tx: Connection) -> bool:
        return purge_deleted_projects(tx, NOW)

    with opened(core_store, [search.index_next, purge]) as db:
        room = make_room(db)
        for _ in range(20):
            room.submit()
        db.write_now(delete_project, room.actor, room.id, NOW)
        wait_until(lambda: not all_rows(db, reports) and not all_rows(db, doomed_projects), "the purge")
        assert db.read_now(counted) == {}


def test_no_report_comes_in_behind_the_clearing(both: list[Database], room: Room) -> None:
    """A report and the deletion of its project at once: whichever is first, no row is left when all is cleared."""
    submitting, deleting = both
    for _ in range(6):
        project = make_room(room.db, "Short-lived")
        start = Barrier(2)

        def submit(project: Room = project, start: Barrier = start) -> None:
            facts = project.facts()
            start.wait()
            for _ in range(20):
                with suppress(Stale):
                    submitting.write_now(submit_report, submission(facts))

        def remove(project: Room = project, start: Barrier = start) -> None:
            start.wait()
            deleting.write_now(delete_project, project.actor, project.id, NOW)
            purge_all(deleting)

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(submit), threads.submit(remove)]:
                done.result()
    assert all_rows(room.db, reports) == all_rows(room.db, doomed_projects) == []


def test_the_log_has_a_sentence_for_whatever_an_agent_does(room: Room) -> None:
    db, report = room.db, room.submit().id
    agent = room.actor._replace(kind=AGENT, name="Helper")
    changes: list[Callable[[Connection], object]] = [
        lambda tx: set_status(tx, agent, [report], Status.TRIAGED, NOW),
        lambda tx: move_to_channel(tx, agent, [report], "feature", NOW),
        lambda tx: add_label(tx, agent, [report], "checkout", NOW),
        lambda tx: remove_label(tx, agent, [report], "checkout", NOW),
        lambda tx: add_comment(tx, agent, [report], NOTE, "Done", NOW),
        lambda tx: link_commit(tx, agent, [report], Commit("0123456789abcdef", None, None), NOW),
        lambda tx: delete_reports(tx, agent, [report], NOW),
    ]
    for change in changes:
        db.write_now(change)
    log = db.read_now(list_audit, operator(room.actor.workspace), None, 50)
    actions = [each.action for each in log if each.action.startswith("report.")]
    assert sorted(actions) == sorted({*SENTENCES, *ABOUT_OTHERS} & set(actions))
    assert len(actions) == len(changes)
