"""Which report an agent is given first."""

from __future__ import annotations

import pytest

from backroom.access import ALL_SCOPES, Actor, KeyScope
from backroom.clock import DAY
from backroom.errors import Denied
from backroom.projects.channels import update_channel
from backroom.reports import urgency as urgency_module
from backroom.reports.agents import Listed
from backroom.reports.commands import set_status
from backroom.reports.rules import UNTITLED, Status
from backroom.reports.urgency import LOOKED_AT, most_urgent, next_report, urgency
from tests.reports.fill import member
from tests.store.fixtures import NOW, Room, make_room


def waiting(number: int, title: str = "", channel: str = "bug", days: int = 0) -> Listed:
    return Listed(f"{number:024x}", title or f"Title {number}", "open", channel, None, None, NOW - days * DAY)


def chosen(*reports: Listed, **weights: float) -> str:
    found = most_urgent(reports, weights, NOW)
    assert found is not None
    return found.id


def test_nothing_waits() -> None:
    assert most_urgent([], {}, NOW) is None


def test_weight_age_and_company_count() -> None:
    light, heavy = waiting(1, channel="idea"), waiting(2, channel="bug")
    assert chosen(light, heavy, bug=3, idea=1) == heavy.id
    assert chosen(light, heavy) == light.id, "of equals the older"
    assert chosen(waiting(1), waiting(2, days=1)) == waiting(2).id
    assert chosen(waiting(1, "A"), waiting(2, "B!"), waiting(3, "b")) == waiting(2).id
    assert chosen(waiting(1, UNTITLED), waiting(2, UNTITLED), waiting(3, "a"), waiting(4, "a")) == waiting(3).id


def test_those_that_say_the_same_are_named() -> None:
    found = most_urgent([waiting(1, "Pay now"), waiting(2, "pay  NOW…"), waiting(3, "Else")], {"bug": 2.0}, NOW + DAY)
    assert found is not None
    assert found == (waiting(1).id, 2.0, 1, [waiting(2).id])


def test_urgency_grows_and_waiting_stops_to_count() -> None:
    assert urgency(1, 0, 0) == 1
    assert urgency(2, 0, 0) == 2
    assert urgency(1, 0, 1) == 2
    assert urgency(1, 0, 3) == 3
    assert urgency(1, 10, 0) == 2
    assert urgency(1, 30, 0) == urgency(1, 3000, 0) == 4


def test_only_open_ones_that_nobody_has_taken(room: Room) -> None:
    assert room.db.read_now(next_report, room.actor, None, NOW) is None
    first = room.submit(title="One").id
    second = room.submit(title="Two").id
    found = room.db.read_now(next_report, room.actor, None, NOW)
    assert found is not None
    assert found.id == first
    room.db.write_now(set_status, room.actor, [first], Status.TRIAGED, NOW)
    found = room.db.read_now(next_report, room.actor, None, NOW)
    assert found is not None
    assert found.id == second


def test_the_channels_weight_and_a_channel_alone(room: Room) -> None:
    room.submit(title="One")
    idea = room.submit(title="Two", channel="feature").id
    room.db.write_now(update_channel, room.actor, room.id, "feature", {"base_weight": 5.0}, NOW)
    found = room.db.read_now(next_report, room.actor, None, NOW)
    assert found is not None
    assert (found.id, found.weight) == (idea, 5.0)
    assert room.db.read_now(next_report, room.actor, "alpha-feedback", NOW) is None


def test_old_ones_are_found_behind_many_new_ones(room: Room) -> None:
    first = room.submit(NOW, title="Old").id
    for n in range(4 * LOOKED_AT):
        room.submit(NOW + 39 * DAY, title=f"New {n}")
    found = room.db.read_now(next_report, room.actor, None, NOW + 40 * DAY)
    assert found is not None
    assert (found.id, found.days) == (first, 40)


def test_a_heavy_channel_is_found_among_many_of_a_light_one(room: Room) -> None:
    """Neither the oldest nor the newest of all: 400 others lie before it, and 400 behind."""
    room.db.write_now(update_channel, room.actor, room.id, "feature", {"base_weight": 9.0}, NOW)
    for n in range(400):
        room.submit(title=f"Before {n}")
    heavy = room.submit(title="Heavy", channel="feature").id
    for n in range(400):
        room.submit(title=f"After {n}")
    found = room.db.read_now(next_report, room.actor, None, NOW)
    assert found is not None
    assert (found.id, found.weight) == (heavy, 9.0)


def test_more_channels_than_are_looked_into_one_by_one(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urgency_module, "MOST_CHANNELS", 1)
    light = room.submit(title="Light", channel="feature").id
    room.db.write_now(update_channel, room.actor, room.id, "bug", {"base_weight": 2.0}, NOW)
    found = room.db.read_now(next_report, room.actor, None, NOW)
    assert found is not None
    assert found.id == light
    heavy = room.submit(title="Heavy").id
    found = room.db.read_now(next_report, room.actor, None, NOW)
    assert found is not None
    assert found.id == heavy


def test_outsiders_and_scopes(room: Room) -> None:
    room.submit()
    assert room.db.read_now(next_report, member(make_room(room.db, "Other"), "outsider"), None, NOW) is None
    blind = Actor("agent", "x", room.workspace, room.id, ALL_SCOPES - {KeyScope.FEEDBACK_READ})
    with pytest.raises(Denied):
        room.db.read_now(next_report, blind, None, NOW)
