"""Triage of single reports: what changes, what the timeline says, who may, and what a report's page reads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, delete, select

from backroom.access import ALL_SCOPES, Actor, KeyScope, Role, operator, person
from backroom.errors import Conflict, Denied, Failure, Invalid, NotFound
from backroom.projects.channels import update_channel
from backroom.projects.commands import create_secret_key
from backroom.reports import labels as label_commands
from backroom.reports.assignees import Person, list_assignable
from backroom.reports.commands import add_comment, assign, delete_reports, set_status
from backroom.reports.detail import File, LabelFace, get_first_shot, get_full, get_raw, get_report_file
from backroom.reports.labels import Label, delete_label, list_labels, recolor_label, rename_label
from backroom.reports.queries import StoredBytes
from backroom.reports.rules import AudioBlock, Status, StatusClass, TextBlock
from backroom.reports.slices import change_slice
from backroom.reports.submit import StoredFile
from backroom.reports.timeline import list_events
from backroom.reports.undo import (
    AddLabel,
    Change,
    Delete,
    Move,
    RemoveLabel,
    SetStatus,
    undo_slice,
)
from backroom.store.changes import change_number
from backroom.store.tables import api_keys, reports, users
from tests.reports.fill import member, set_blocks
from tests.reports.recount import counted, recounted
from tests.store.fixtures import NOW, Room, make_room

Command = Callable[..., Any]


def row(room: Room, report: str) -> Any:
    return room.db.read_now(lambda conn: conn.execute(select(reports).where(reports.c.id == report)).one())


def changed(tx: Connection, actor: Actor, selected: list[str], change: Change, now: int) -> int:
    """Does the change to the reports, as a report's own page does to one; 0 where they stay as they are."""
    return change_slice(tx, actor, change, selected, now).changed


def test_the_first_triage_and_the_last_resolution_are_kept(room: Room) -> None:
    report = room.submit().id
    steps = [
        (Status.TRIAGED, NOW + 10, NOW + 10, None),
        (Status.RESOLVED, NOW + 20, NOW + 10, NOW + 20),
        (Status.CLOSED, NOW + 30, NOW + 10, NOW + 20),
        (Status.OPEN, NOW + 40, NOW + 10, None),
        (Status.IN_PROGRESS, NOW + 50, NOW + 10, None),
        (Status.CLOSED, NOW + 60, NOW + 10, NOW + 60),
    ]
    for status, now, triaged_at, resolved_at in steps:
        room.db.write_now(set_status, room.actor, [report], status, now)
        found = row(room, report)
        assert (found.status, found.updated_at) == (status, now)
        assert (found.triaged_at, found.resolved_at) == (triaged_at, resolved_at)


def test_a_report_moves_to_a_live_channel(room: Room) -> None:
    db, report = room.db, room.submit().id
    number = db.read_now(change_number, room.id)
    assert db.write_now(changed, room.actor, [report], Move("feature"), NOW + 1) == 1
    assert (row(room, report).channel_key, row(room, report).updated_at) == ("feature", NOW + 1)
    assert db.read_now(counted) == db.read_now(recounted) == {(room.id, "feature", "open", "API"): 1}
    assert db.read_now(change_number, room.id) == number + 1
    db.write_now(update_channel, room.actor, room.id, "alpha-feedback", {"archived": True}, NOW)
    for channel in ("alpha-feedback", "nothing"):
        assert db.write_now(changed, room.actor, [report], Move(channel), NOW) == 0
        assert (row(room, report).channel_key, row(room, report).updated_at) == ("feature", NOW + 1)
    assert db.write_now(changed, room.actor, [report], Move("feature"), NOW + 2) == 0
    assert [event.payload for event in db.read_now(list_events, room.actor, report)] == [
        {"from": "bug", "to": "feature"}
    ]


def test_a_report_is_given_to_members_who_may_triage(room: Room) -> None:
    db, report = room.db, room.submit().id
    ann, bob, viewer = member(room, "ann"), member(room, "bob", Role.ADMIN), member(room, "viewer", Role.VIEWER)
    stranger = member(make_room(db, "Elsewhere"), "stranger")
    assert db.read_now(list_assignable, viewer) == [Person(ann.id, "Ann"), Person(bob.id, "Bob")]
    for user in (viewer.id, stranger.id, "nobody"):
        with pytest.raises(Invalid):
            db.write_now(assign, ann, [report], user, NOW)
    for given in (ann.id, bob.id, None):
        assert [each.after for each in db.write_now(assign, ann, [report], given, NOW)] == [given]
        assert row(room, report).assignee == given
    first, *_, last = db.read_now(list_events, ann, report)
    assert first[2:] == (
        *("user", ann.id, "Ann", "assignee"),
        {"from": None, "to": ann.id, "fromName": None, "toName": "Ann"},
    )
    assert last.payload == {"from": bob.id, "to": None, "fromName": "Bob", "toName": None}


def test_labels_are_made_on_first_use_and_go_with_the_project(room: Room) -> None:
    db, reports_ = room.db, [room.submit().id for _ in range(3)]
    for report in reports_:
        db.write_now(changed, room.actor, [report], AddLabel(" Slow "), NOW)
        db.write_now(changed, room.actor, [report], AddLabel("Slow"), NOW)
    db.write_now(changed, room.actor, [reports_[0]], AddLabel("cart"), NOW)
    db.write_now(changed, room.actor, [reports_[2]], RemoveLabel("Slow"), NOW)
    db.write_now(changed, room.actor, [reports_[2]], RemoveLabel("never"), NOW)
    first, second = label_commands.PALETTE[:2]
    assert db.read_now(list_labels, room.actor, room.id) == [Label("cart", second, 1), Label("Slow", first, 2)]
    db.write_now(rename_label, room.actor, room.id, "Slow", "Very slow")
    db.write_now(recolor_label, room.actor, room.id, "Very slow", "#000000")
    assert db.read_now(get_full, room.actor, reports_[0]).labels == [
        LabelFace("Very slow", "#000000"),
        LabelFace("cart", second),
    ]
    with pytest.raises(Conflict):
        db.write_now(rename_label, room.actor, room.id, "cart", "Very slow")
    for name in ("", " ", "x" * 41, "a\nb", "a\0b"):
        with pytest.raises(Invalid):
            db.write_now(changed, room.actor, [reports_[0]], AddLabel(name), NOW)
        with pytest.raises(Invalid):
            db.write_now(rename_label, room.actor, room.id, "cart", name)
    db.write_now(delete_label, room.actor, room.id, "Very slow")
    assert db.read_now(list_labels, room.actor, room.id) == [Label("cart", second, 1)]
    with pytest.raises(NotFound):
        db.write_now(delete_label, room.actor, room.id, "Very slow")
    kinds = [event.kind for event in db.read_now(list_events, room.actor, reports_[2])]
    assert kinds == ["label", "unlabel"]


def test_comments_raise_the_report(room: Room) -> None:
    db, report = room.db, room.submit().id
    number = db.read_now(change_number, room.id)
    (added,) = db.write_now(add_comment, room.actor, [report], "note", " Seen by *all* \n", NOW + 7)
    (event,) = db.read_now(list_events, room.actor, report)
    assert (event.id, event.at, event.kind, event.payload) == (added.after, NOW + 7, "note", {"text": "Seen by *all*"})
    assert row(room, report).updated_at == NOW + 7
    assert db.read_now(change_number, room.id) == number + 1
    for kind, text in (("note", " "), ("reply", "x" * 10_001), ("shout", "x"), ("note", "a\0b")):
        with pytest.raises(Invalid):
            db.write_now(add_comment, room.actor, [report], kind, text, NOW)


def test_the_timeline_names_everybody_also_those_who_left(room: Room) -> None:
    db, report = room.db, room.submit().id
    ann = member(room, "ann")
    secret = db.write_now(create_secret_key, room.actor, room.id, ALL_SCOPES, "CI", NOW)
    key = Actor("key", secret.id, room.workspace, room.id, ALL_SCOPES)
    db.write_now(set_status, ann, [report], Status.TRIAGED, NOW)
    db.write_now(set_status, key, [report], Status.CLOSED, NOW)
    db.write_now(set_status, operator(), [report], Status.OPEN, NOW)
    names = [event.actor_name for event in db.read_now(list_events, ann, report)]
    assert names == ["Ann", "CI", "Command line"]

    def leave(tx: Connection) -> None:
        tx.execute(delete(users).where(users.c.id == ann.id))
        tx.execute(delete(api_keys))

    db.write_now(leave)
    names = [event.actor_name for event in db.read_now(list_events, room.actor, report)]
    assert names == ["Former member", "Deleted key", "Command line"]


def test_a_reports_page_reads_all_that_belongs_to_it(room: Room) -> None:
    db = room.db
    ann = member(room, "ann")
    sound = StoredFile("f" * 24, "audio", "audio/webm", 10, "00" * 32, "k", None, None, 1500)
    url = f"/api/v1/projects/{room.id}/files/{sound.id}"
    given: dict[str, Any] = {
        "identity": b'{"userId":"mara","verified":true}',
        "user_id": "mara",
        "artifact_id": "a1",
        "artifact": b'{"id":"a1","title":"T","constraints":["x","y"]}',
        "agent": "Safari/iOS/mobile",
        "context": b'{"url":"https://app.example.com/","extra":{"n":1}}',
    }
    report = room.submit(files=[sound], **given).id
    set_blocks(room, report, [{"type": "text", "text": "Hi"}, {"type": "audio", "url": url, "durationMs": 1500}])
    db.write_now(assign, ann, [report], ann.id, NOW + 1)
    db.write_now(set_status, ann, [report], Status.RESOLVED, NOW + 2)
    full = db.read_now(get_full, ann, report)
    assert full.blocks == [TextBlock("Hi"), AudioBlock(url, 1500)]
    assert full.files == {url: File(sound.id, url, "audio", "audio/webm", 10, None, None, 1500)}
    assert (full.project, full.project_name, full.project_slug) == (room.id, "Room", "room")
    assert full.channel is not None
    assert full.channel.name == "Bugs"
    assert full.context["extra"] == {"n": 1}
    assert full.identity is not None
    assert (full.identity.user_id, full.identity.verified) == ("mara", True)
    assert full.artifact is not None
    assert full.artifact.constraints == ["x", "y"]
    assert full.assignee == Person(ann.id, "Ann")
    assert full.events == db.read_now(list_events, ann, report)
    assert (full.created_at, full.updated_at, full.triaged_at, full.resolved_at) == (NOW, NOW + 2, NOW + 2, NOW + 2)
    assert db.read_now(get_report_file, ann, report, sound.id) == StoredBytes("k", "audio/webm", 10, "00" * 32)
    raw = msgspec.json.decode(db.read_now(get_raw, ann, report))
    assert (raw["id"], raw["status"], raw["artifact"]["title"]) == (report, "resolved", "T")


def test_a_file_is_found_by_the_report_that_has_it(room: Room) -> None:
    db, (first, second) = (
        room.db,
        (StoredFile(n * 24, "screenshot", "image/png", 9, "00" * 32, n, 4, 3, None) for n in "ab"),
    )
    report, other = room.submit(files=[first, second]).id, room.submit().id
    shots = [
        {"type": "screenshot", "url": f"/api/v1/projects/{room.id}/files/{each.id}", "width": 4, "height": 3}
        for each in (second, first)
    ]
    set_blocks(room, report, [{"type": "text", "text": "Hi"}, *shots])
    viewer = person("u", "U", room.workspace, Role.VIEWER)
    outside = make_room(db, "Elsewhere").actor
    assert db.read_now(get_report_file, viewer, report, first.id).key == "a"
    assert db.read_now(get_first_shot, viewer, report).key == "b"
    for file in (first.id, "0" * 24, "", "\0"):
        for actor, its in ((viewer, other), (viewer, "\0"), (outside, report), (outside, other)):
            with pytest.raises(NotFound):
                db.read_now(get_report_file, actor, its, file)
    for actor, its in ((viewer, other), (viewer, "0" * 24), (outside, report)):
        with pytest.raises(NotFound):
            db.read_now(get_first_shot, actor, its)
    for query in (get_first_shot, partial(get_report_file, file=first.id)):
        with pytest.raises(Denied):
            db.read_now(query, viewer._replace(scopes=frozenset()), report)


WRITES: list[tuple[Command, tuple[Any, ...]]] = [
    (set_status, (Status.CLOSED, NOW)),
    (set_status, (StatusClass.RESOLVED, NOW)),
    (delete_reports, (NOW,)),
    (changed, (Move("feature"), NOW)),
    (assign, (None, NOW)),
    (changed, (AddLabel("slow"), NOW)),
    (changed, (RemoveLabel("slow"), NOW)),
    (add_comment, ("note", "text", NOW)),
]
READS = [get_full, get_raw, list_events]


@pytest.mark.parametrize(("command", "args"), WRITES)
def test_each_role_and_key_does_what_it_may(room: Room, command: Command, args: tuple[Any, ...]) -> None:
    db = room.db
    reading = frozenset({KeyScope.FEEDBACK_READ})
    writing = frozenset({KeyScope.FEEDBACK_WRITE})
    may = [person("u", "U", room.workspace, role) for role in (Role.MEMBER, Role.ADMIN, Role.OWNER)]
    may += [Actor("key", "k", room.workspace, room.id, writing), operator()]
    may_not = [person("u", "U", room.workspace, Role.VIEWER), Actor("key", "k", room.workspace, room.id, reading)]
    outside = [
        person("u", "U", make_room(db, "Elsewhere").workspace, Role.OWNER),
        person("u", "U", "0" * 24, Role.VIEWER),
        Actor("key", "k", room.workspace, "0" * 24, ALL_SCOPES),
    ]
    for actor in may:
        db.write_now(command, actor, [room.submit().id], *args)
    report = room.submit().id
    before = row(room, report)
    for actor in may_not:
        with pytest.raises(Denied):
            db.write_now(command, actor, [report], *args)
    for actor in outside:
        with pytest.raises(NotFound):
            db.write_now(command, actor, [report], *args)
    with pytest.raises(NotFound):
        db.write_now(command, room.actor, ["0" * 24], *args)
    assert row(room, report) == before
    assert db.read_now(counted) == db.read_now(recounted)


@pytest.mark.parametrize("query", READS)
def test_readers_read_and_the_outsider_finds_nothing(room: Room, query: Command) -> None:
    db, report = room.db, room.submit().id
    viewer = person("u", "U", room.workspace, Role.VIEWER)
    db.read_now(query, viewer, report)
    with pytest.raises(Denied):
        db.read_now(query, viewer._replace(scopes=frozenset()), report)
    with pytest.raises(NotFound):
        db.read_now(query, make_room(db, "Elsewhere").actor, report)
    with pytest.raises(NotFound):
        db.read_now(query, viewer, "0" * 24)


def test_labels_of_a_project_role_by_role(room: Room) -> None:
    db = room.db
    db.write_now(changed, room.actor, [room.submit().id], AddLabel("slow"), NOW)
    viewer, outsider = person("u", "U", room.workspace, Role.VIEWER), make_room(db, "Elsewhere").actor
    asks: list[tuple[Command, tuple[Any, ...]]] = [
        (rename_label, ("slow", "quick")),
        (recolor_label, ("slow", "#ffffff")),
        (delete_label, ("slow",)),
    ]

    def kind_of(actor: Actor, command: Command, args: tuple[Any, ...]) -> type[Failure] | None:
        try:
            db.write_now(command, actor, room.id, *args)
        except Failure as error:
            return type(error)
        return None

    assert {kind_of(viewer, *ask) for ask in asks} == {Denied}
    assert {kind_of(outsider, *ask) for ask in asks} == {NotFound}
    assert len(db.read_now(list_labels, viewer, room.id)) == 1
    with pytest.raises(NotFound):
        db.read_now(list_labels, outsider, room.id)


def test_bulk_changes_role_by_role(room: Room) -> None:
    db, report = room.db, room.submit().id
    viewer, outsider = person("u", "U", room.workspace, Role.VIEWER), make_room(db, "Elsewhere").actor
    for change in (SetStatus(Status.CLOSED), Delete()):
        with pytest.raises(Denied):
            db.write_now(change_slice, viewer, change, [report], NOW)
        with pytest.raises(NotFound):
            db.write_now(change_slice, outsider, change, [report], NOW)
    done = db.write_now(change_slice, room.actor, SetStatus(Status.CLOSED), [report], NOW).undo or ""
    for actor in (outsider, member(room, "ann"), viewer):
        with pytest.raises(NotFound):
            db.write_now(undo_slice, actor, done, NOW)
    with pytest.raises(Denied):
        db.write_now(undo_slice, person(room.actor.id, "S", room.workspace, Role.VIEWER), done, NOW)
    assert db.write_now(undo_slice, room.actor, done, NOW) == (1, False)
