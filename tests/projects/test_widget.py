"""A project's widget: its settings, who may change them, and what pages are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from backroom.access import Role, operator, person
from backroom.accounts.commands import create_workspace
from backroom.accounts.rules import Plan
from backroom.errors import Denied, Invalid, NotFound
from backroom.projects.commands import update_project
from backroom.projects.widget import CHOICES, DEFAULTS, Widgets, check_widget, get_widget, update_widget
from backroom.store.tables import audit, projects
from tests.store.fixtures import NOW, Room

WIDGET_TYPES = Path(__file__).parents[2] / "widget/src/types.ts"


def stored(room: Room) -> Any:
    raw = room.db.read_now(lambda conn: conn.execute(select(projects.c.widget)).scalar_one())
    return msgspec.json.decode(raw)


def change(room: Room, **changes: Any) -> Any:
    return room.db.write_now(update_widget, room.actor, room.id, changes, NOW)


def test_a_new_project_has_the_documented_defaults(room: Room) -> None:
    """Patchrooms, "Widget": fox, bubble, middle-right, console errors captured."""
    config = room.db.read_now(get_widget, room.actor, room.id)
    assert config == DEFAULTS
    assert (config.mascot, config.shape, config.anchor) == ("fox", "bubble", "middle-right")
    assert config.capture_console_errors is True


def test_only_what_differs_is_stored_under_the_names_of_init(room: Room) -> None:
    change(room, mascot="owl", capture_console_errors=False)
    assert stored(room) == {"mascot": "owl", "captureConsoleErrors": False}
    change(room, mascot="fox")
    assert stored(room) == {"captureConsoleErrors": False}


def test_what_isnt_named_stays(room: Room) -> None:
    change(room, mask=[".card"], texts={"title": "Tell us"})
    config = change(room, theme="dark")
    assert (config.mask, config.texts, config.theme) == ((".card",), {"title": "Tell us"}, "dark")


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_is_taken_and_no_other(name: str) -> None:
    for word in CHOICES[name]:
        assert getattr(check_widget({name: word}), name) == word
    with pytest.raises(Invalid, match=f"{name} must be one of"):
        check_widget({name: "nothing of the kind"})


@pytest.mark.parametrize("name", CHOICES)
def test_the_choices_are_those_of_the_widget_itself(name: str) -> None:
    """The widget's types have them as a list, or where none is needed there, as the words that may stand."""
    as_list, as_words = rf"const {name.upper()}S = \[([^]]*)\] as const", rf'type {name.title()} = ("[^;]*);'
    written = re.search(rf"{as_list}|{as_words}", WIDGET_TYPES.read_text(encoding="utf-8"))
    if name == "trigger":
        assert CHOICES[name] == ("visible", "hidden")
    else:
        assert written
        assert tuple(re.findall(r'"([^"]+)"', written[0])) == CHOICES[name]


@pytest.mark.parametrize(
    "values",
    [
        {"color": "red"},
        {"color": "#12345g"},
        {"mask": [""]},
        {"mask": ["a{color:red}"]},
        {"mask": ["x\n"]},
        {"mask": ["p"] * 51},
        {"texts": {"not a key": "x"}},
        {"texts": {"title": "x" * 501}},
        {"texts": {"title": "\0"}},
        {"texts": {f"a{chr(97 + n % 26)}{chr(97 + n // 26)}": "x" for n in range(201)}},
        {"texts": "title"},
        {"mascot": None},
        {"capture_console_errors": "yes"},
        {"nothing": 1},
    ],
)
def test_what_is_no_setting_is_refused(room: Room, values: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        change(room, **values)
    assert stored(room) == {}


def test_who_may_change_it(room: Room) -> None:
    """Admins; members and viewers read; somebody of another workspace finds nothing."""
    for role in (Role.MEMBER, Role.VIEWER):
        somebody = person("other", "Other", room.workspace, role)
        with pytest.raises(Denied):
            room.db.write_now(update_widget, somebody, room.id, {"mascot": "cat"}, NOW)
        assert room.db.read_now(get_widget, somebody, room.id) == DEFAULTS
    elsewhere = room.db.write_now(create_workspace, "Elsewhere", Plan.PRO, NOW)
    outsider = person("outsider", "Outsider", elsewhere, Role.OWNER)
    with pytest.raises(NotFound):
        room.db.write_now(update_widget, outsider, room.id, {"mascot": "cat"}, NOW)
    with pytest.raises(NotFound):
        room.db.read_now(get_widget, outsider, room.id)


def test_a_change_is_noted_and_nothing_else(room: Room) -> None:
    change(room, mascot="cat")
    change(room, mascot="cat")
    query = select(audit.c.payload).where(audit.c.action == "project.widget")
    (payload,) = room.db.read_now(lambda conn: conn.execute(query).scalars().all())
    assert msgspec.json.decode(payload)["mascot"] == ["fox", "cat"]


def test_pages_are_told_of_a_change_at_once(room: Room) -> None:
    widgets = Widgets()
    key, slug = room.facts().project_key, room.facts().slug
    first = room.db.read_now(widgets.by_project_key, key)
    assert first is not None
    assert (first.project, first.active, first.url_patterns, first.config) == (room.id, True, (), DEFAULTS)
    assert room.db.read_now(widgets.by_project_key, key) is first
    room.db.write_now(update_project, operator(), room.id, {"url_patterns": ["https://a.example/*"]}, NOW)
    change(room, mascot="panda")
    for found in (room.db.read_now(widgets.by_project_key, key), room.db.read_now(widgets.by_slug, slug)):
        assert found is not None
        assert (found.url_patterns, found.config.mascot) == (("https://a.example/*",), "panda")
    assert room.db.read_now(widgets.by_slug, "\0") is None
    assert room.db.read_now(widgets.by_project_key, "pr_nobody") is None
