"""Insights agree with a plain look at every report of the range."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from backroom.access import Role, person
from backroom.clock import HOUR
from backroom.errors import Denied, Invalid, NotFound
from backroom.reports import insights
from backroom.reports.commands import set_status
from backroom.reports.counters import day_of
from backroom.reports.insights import Durations, durations_of, get_insights
from backroom.reports.rules import Status
from backroom.reports.slices import change_slice
from backroom.reports.undo import Delete
from tests.reports.fill import Known, submit_known
from tests.store.fixtures import NOW, Room, make_room

FIRST = day_of(NOW)


def test_figures_of_a_range(room: Room) -> None:
    db, pick = room.db, random.Random(5)
    known: list[Known] = [submit_known(room, pick, NOW + n * 5 * HOUR) for n in range(40)]
    triaged, resolved = {}, {}
    for each in known[::2]:
        triaged[each.id] = pick.randrange(1, 9) * HOUR
        db.write_now(set_status, room.actor, [each.id], Status.TRIAGED, each.created_at + triaged[each.id])
        each.status = "triaged"
    for each in known[::4]:
        resolved[each.id] = 10 * HOUR
        db.write_now(set_status, room.actor, [each.id], Status.RESOLVED, each.created_at + 10 * HOUR)
        each.status = "resolved"
    db.write_now(change_slice, room.actor, Delete(), [known.pop().id], NOW)
    last = FIRST + 5
    inside = [each for each in known if FIRST + 1 <= day_of(each.created_at) <= last]
    assert 0 < len(inside) < len(known)
    found = db.read_now(get_insights, room.actor, [room.id], FIRST + 1, last)
    for channel, days in found.by_channel.items():
        mine = Counter(day_of(each.created_at) for each in inside if each.channel == channel)
        assert days == [mine[day] for day in range(FIRST + 1, last + 1)]
    for status, days in found.by_status.items():
        mine = Counter(day_of(each.created_at) for each in inside if each.status == status)
        assert days == [mine[day] for day in range(FIRST + 1, last + 1)]
    assert (found.total, found.looked_at, found.capped) == (len(inside), len(inside), False)
    assert found.sources == Counter(each.source for each in inside)
    assert dict(found.pages) == Counter(each.page for each in inside if each.page)
    agents = [(each.agent or "/".join(["Unknown"] * 3)).split("/") for each in inside]
    assert [dict(found.browsers), dict(found.systems), dict(found.devices)] == [
        Counter(parts[place] for parts in agents) for place in range(3)
    ]
    mine_triaged = sorted(triaged[each.id] for each in inside if each.id in triaged)
    assert found.to_triage == durations_of(mine_triaged)
    assert found.to_resolve == Durations(sum(each.id in resolved for each in inside), 10 * HOUR, 10 * HOUR)


def test_percentiles_are_values_that_are_there() -> None:
    assert durations_of([]) is None
    assert durations_of([7]) == Durations(1, 7, 7)
    assert durations_of([9, 1]) == Durations(2, 1, 9)
    assert durations_of(range(100, 0, -1)) == Durations(100, 50, 90)
    assert durations_of(range(1, 12)) == Durations(11, 6, 10)


def test_a_large_range_says_that_it_looked_at_the_newest(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "LOOKED_AT", 3)
    other = make_room(room.db, "Elsewhere")
    for number in range(5):
        room.submit(NOW + number, url=f"https://a.example/{number}")
    found = room.db.read_now(get_insights, room.actor, [room.id], FIRST, FIRST)
    assert (found.total, found.looked_at, found.capped) == (5, 3, True)
    assert sorted(found.pages) == [(f"a.example/{number}", 1) for number in (2, 3, 4)]
    empty = room.db.read_now(get_insights, other.actor, [other.id], FIRST, FIRST + 1)
    assert (empty.total, empty.by_channel, empty.to_triage, empty.capped) == (0, {}, None, False)
    assert empty.by_status == {status: [0, 0] for status in Status}


def test_who_may_see_them_and_which_ranges_there_are(room: Room) -> None:
    db, viewer = room.db, person("v", "V", room.workspace, Role.VIEWER)
    db.read_now(get_insights, viewer, [room.id], FIRST, FIRST)
    with pytest.raises(Denied):
        db.read_now(get_insights, viewer._replace(scopes=frozenset()), [room.id], FIRST, FIRST)
    with pytest.raises(NotFound):
        db.read_now(get_insights, make_room(db, "Elsewhere").actor, [room.id], FIRST, FIRST)
    for first, last in ((FIRST, FIRST - 1), (0, insights.MOST_DAYS), (-1, 0), (10**12, 10**12)):
        with pytest.raises(Invalid):
            db.read_now(get_insights, viewer, [room.id], first, last)
