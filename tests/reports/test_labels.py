"""The labels of many projects at once."""

from __future__ import annotations

import pytest

from backroom.access import operator
from backroom.errors import Denied, NotFound
from backroom.projects.commands import create_project
from backroom.reports.labels import list_label_names, rename_label
from backroom.reports.slices import change_slice
from backroom.reports.undo import AddLabel
from backroom.reports.views import create_view, list_views
from tests.store.fixtures import NOW, Room, make_room


def test_each_name_is_told_once_in_order(room: Room) -> None:
    db, actor = room.db, room.actor
    other = Room(db, room.workspace, db.write_now(create_project, operator(room.workspace), "B", None, NOW), actor)
    elsewhere = make_room(db, "Elsewhere")
    for place, names in ((room, ("slow", "Ünder")), (other, ("Beta", "slow")), (elsewhere, ("secret",))):
        for name in names:
            db.write_now(change_slice, place.actor, AddLabel(name), [place.submit().id], NOW)
    assert db.read_now(list_label_names, actor, [room.id, other.id]) == ["Beta", "slow", "Ünder"]
    assert db.read_now(list_label_names, actor, [other.id]) == ["Beta", "slow"]
    assert db.read_now(list_label_names, actor, []) == []
    with pytest.raises(NotFound):
        db.read_now(list_label_names, actor, [room.id, elsewhere.id])
    with pytest.raises(Denied):
        db.read_now(list_label_names, actor._replace(scopes=frozenset()), [room.id])


def test_saved_views_follow_a_labels_new_name(room: Room) -> None:
    db, actor = room.db, room.actor
    db.write_now(change_slice, actor, AddLabel("slow"), [room.submit().id], NOW)
    for name, query, project in (
        ("Slow", "label=slow&status=open", room.id),
        ("Beta", "label=beta", room.id),
        ("Slow anywhere", "label=slow", ""),
    ):
        db.write_now(create_view, actor, name, query, project, True, NOW)
    db.write_now(rename_label, actor, room.id, "slow", "very slow")
    queries = {view.name: view.query for view in db.read_now(list_views, actor, None)}
    assert queries == {"Slow": "status=open&label=very+slow", "Beta": "label=beta", "Slow anywhere": "label=slow"}
