"""What a workspace uses of its plan, and the calls of its keys day by day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from backroom.access import ALL_SCOPES
from backroom.accounts.commands import set_plan
from backroom.accounts.rules import Kind, Plan
from backroom.accounts.usage import Meter, take
from backroom.clock import DAY, MINUTE, next_month, parse_from
from backroom.projects.commands import (
    create_project,
    create_secret_key,
    delete_project,
    regenerate_miniback_key,
    revoke_key,
)
from backroom.projects.queries import list_keys
from backroom.projects.rules import Dialect
from backroom.projects.usage import DAYS_SHOWN, KeyUse, UsageOverview, note_uses, usage_overview
from backroom.store.tables import key_days
from tests.harness.store import Store
from tests.store.fixtures import NOW, Room, make_room, opened

TODAY = NOW // DAY


def overview(room: Room, now: int = NOW) -> UsageOverview:
    return room.db.read_now(usage_overview, room.actor, now)


def use(room: Room, key: str, day: int = TODAY, n: int = 1) -> None:
    room.db.write_now(note_uses, [KeyUse(key, day, n, day * DAY)])


def new_key(room: Room, name: str = "k") -> str:
    return room.db.write_now(create_secret_key, room.actor, room.id, ALL_SCOPES, name, NOW).id


def test_a_workspace_that_uses_nothing_yet(room: Room) -> None:
    reset = next_month(NOW)
    found = overview(room)
    assert found == (
        *(Plan.PRO, Meter(None, 1, reset), Meter(None, 0, reset), Meter(None, 0, reset)),
        *(28, TODAY - 29, []),
    ), "on the 3rd of June 28 days are left, today among them"


def test_meters_have_the_plan_s_limits(room: Room) -> None:
    elsewhere = make_room(room.db, "Elsewhere")
    elsewhere.submit()
    room.submit()
    room.db.write_now(take, room.workspace, Kind.API_CALLS, 7, NOW)
    room.db.write_now(create_project, room.actor, "Second", None, NOW)
    for plan, limits in ((Plan.FREE, (1, 300, 300)), (Plan.STARTER, (10, 5_000, 10_000)), (Plan.PRO, (None,) * 3)):
        room.db.write_now(set_plan, room.workspace, plan)
        found = overview(room)
        assert found.plan is plan
        meters = (found.projects, found.feedback, found.api_calls)
        assert tuple(meter.limit for meter in meters) == limits
        assert [meter.used for meter in meters] == [2, 1, 7]
    july = overview(room, next_month(NOW))
    assert (july.projects.used, july.feedback.used, july.api_calls.used) == (2, 0, 0)


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("2026-06-01T00:00:00", 30),
        ("2026-06-01T23:59:59.999", 30),
        ("2026-06-02", 29),
        ("2026-06-30", 1),
        ("2026-06-30T23:59:59.999", 1),
        ("2028-02-01", 29),
        ("2026-12-31", 1),
    ],
)
def test_the_days_that_are_left_count_today(room: Room, moment: str, left: int) -> None:
    assert overview(room, parse_from(moment)).days_left == left


def test_calls_by_day_and_key(room: Room) -> None:
    first, second = new_key(room, "First"), room.db.write_now(regenerate_miniback_key, room.actor, room.id, NOW).id
    unused = new_key(room, "Unused")
    for day, n in ((TODAY, 5), (TODAY, 2), (TODAY - 29, 3), (TODAY - 30, 100), (TODAY + 1, 100)):
        use(room, first, day, n)
    use(room, second, TODAY - 1, 20)
    room.db.write_now(revoke_key, room.actor, second, NOW)
    elsewhere = make_room(room.db, "Elsewhere")
    use(elsewhere, new_key(elsewhere), n=50)
    found = overview(room)
    assert found.first_day == TODAY - DAYS_SHOWN + 1
    assert found.keys == [
        (second, "API Access", Dialect.MINIBACK, True, "Room", [0] * 28 + [20, 0], 20),
        (first, "First", Dialect.PATCHROOMS, False, "Room", [3] + [0] * 28 + [7], 10),
    ], "those used most first"
    assert unused not in str(found)


def test_many_processes_add_up(core_store: Store, room: Room) -> None:
    keys = [new_key(room) for _ in range(3)]
    with opened(core_store) as other, ThreadPoolExecutor(8) as threads:

        def add(number: int) -> None:
            uses = [KeyUse(key, TODAY, 2, NOW) for key in (keys if number % 3 else keys[::-1])]
            [room.db, other][number % 2].write_now(note_uses, uses)

        list(threads.map(add, range(24)))
    assert [calls.total for calls in overview(room).keys] == [48, 48, 48]


def test_a_key_s_last_use_is_noted_once_a_minute(room: Room) -> None:
    key = new_key(room)

    def noted_after(last: int) -> int | None:
        room.db.write_now(note_uses, [KeyUse(key, TODAY, 1, last)])
        return room.db.read_now(list_keys, room.actor, room.id)[0].last_used_at

    assert noted_after(NOW) == NOW
    assert noted_after(NOW + MINUTE - 1) == NOW
    assert noted_after(NOW + MINUTE) == NOW + MINUTE
    assert noted_after(NOW) == NOW + MINUTE, "never back"
    assert overview(room).keys[0].total == 4


def test_a_project_s_calls_go_with_it(room: Room) -> None:
    key = new_key(room)
    use(room, key)
    room.db.write_now(delete_project, room.actor, room.id, NOW)
    use(room, key)
    use(room, "no such key")
    assert room.db.read_now(lambda conn: conn.execute(select(key_days)).all()) == []
