"""Filters in addresses, and saved under names."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from backroom.access import Role, person
from backroom.errors import Conflict, Denied, Invalid, NotFound
from backroom.reports import views as view_commands
from backroom.reports.filters import NOBODY, Filter, parse_filter, query_of
from backroom.reports.rules import Source, Status
from backroom.reports.views import canonical_query, create_view, delete_view, list_views, rename_view
from tests.store.fixtures import NOW, Room, make_room

FULL = Filter(
    projects=("p",),
    statuses=(Status.OPEN, Status.CLOSED),
    channels=("bug", "feature"),
    source=Source.WIDGET,
    person="mara & co",
    page="app.example.com/a?b",
    artifact="my/artifact #1",
    assignee=NOBODY,
    label="very slow",
    since=1_780_444_800_000,
    until=1_780_531_199_999,
    search="50% off",
    browser="Safari",
    system="iOS",
    device="mobile",
)


def test_a_filter_and_its_address_are_one() -> None:
    assert parse_filter(parse_qsl(query_of(FULL)), ("p",)) == FULL
    assert "since=2026-06-03&until=2026-06-03" in query_of(FULL)
    exact = Filter((), since=1_780_444_800_001, until=1_780_444_860_000, assignee="0" * 24)
    assert parse_filter(parse_qsl(query_of(exact)), ()) == exact
    assert query_of(Filter(("p",))) == ""


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""),
        (
            "?channel=feature&status=closed&status=open&channel=bug",
            "status=open&status=closed&channel=bug&channel=feature",
        ),
        ("status=new&status=open&before=x&view=1&q=&person=", "status=open"),
        ("source=widget&q=a+b&until=2026-06-03", "source=WIDGET&until=2026-06-03&q=a+b"),
        ("since=2026-06-03T09:14Z", "since=2026-06-03T09%3A14%3A00.000Z"),
    ],
)
def test_the_same_filter_has_one_form(query: str, canonical: str) -> None:
    assert canonical_query(query) == canonical == canonical_query(canonical)


@pytest.mark.parametrize(
    "query",
    [
        *("status=done", "channel=A+b", "source=mail", "assignee=me", "since=yesterday", "until=2026-13-01"),
        *("q=" + "x" * 1001, "person=%00", "since=2026-06-03T", "x=" + "y" * 4000),
    ],
)
def test_filters_that_cannot_be_read(query: str) -> None:
    with pytest.raises(Invalid):
        canonical_query(query)


def test_views_are_ones_own_or_shared(room: Room) -> None:
    db = room.db
    ann, bob = (person(name * 24, name, room.workspace, Role.MEMBER) for name in "ab")
    viewer = person("c" * 24, "C", room.workspace, Role.VIEWER)
    outsider = make_room(db, "Elsewhere")
    own = db.write_now(create_view, ann, " Mine ", "?status=open", "", False, NOW)
    shared = db.write_now(create_view, ann, "All", "q=pay&label=", room.id, True, NOW)
    theirs = db.write_now(create_view, viewer, "zzz", "", "", False, NOW)
    assert db.read_now(list_views, ann, room.id) == [
        (shared, "All", "q=pay", room.id, True),
        (own, "Mine", "status=open", "", False),
    ]
    assert [view.id for view in db.read_now(list_views, ann)] == [own]
    assert [view.id for view in db.read_now(list_views, viewer, room.id)] == [shared, theirs]
    assert db.read_now(list_views, outsider.actor, room.id) == []
    db.write_now(rename_view, bob, shared, "Everything")
    assert [view.name for view in db.read_now(list_views, bob, room.id)] == ["Everything"]
    for actor, view, error in (
        (bob, own, NotFound),
        (outsider.actor, shared, NotFound),
        (outsider.actor, own, NotFound),
        (viewer, shared, Denied),
        (ann, "0" * 24, NotFound),
    ):
        with pytest.raises(error):
            db.write_now(rename_view, actor, view, "x")
        with pytest.raises(error):
            db.write_now(delete_view, actor, view)
    with pytest.raises(Denied):
        db.write_now(create_view, viewer, "x", "", "", True, NOW)
    with pytest.raises(NotFound):
        db.write_now(create_view, ann, "x", "", outsider.id, False, NOW)
    with pytest.raises(Invalid):
        db.write_now(create_view, ann, "", "", "", False, NOW)
    for actor, view in ((ann, own), (bob, shared), (viewer, theirs)):
        db.write_now(delete_view, actor, view)
    assert db.read_now(list_views, ann, room.id) == []


def test_nobody_saves_views_without_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_commands, "MOST_VIEWS", 2)
    for _ in range(2):
        room.db.write_now(create_view, room.actor, "x", "", "", False, NOW)
    with pytest.raises(Conflict):
        room.db.write_now(create_view, room.actor, "x", "", "", False, NOW)
    room.db.write_now(create_view, room.actor, "x", "", "", True, NOW)
