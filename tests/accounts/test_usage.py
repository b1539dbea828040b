"""Monthly usage is exact, whoever counts at the same time (Miniback, "Keys and plans", B)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from backroom.accounts.commands import create_workspace, set_plan
from backroom.accounts.rules import Kind, Plan
from backroom.accounts.usage import Call, Meter, count_call, meter, take, used
from backroom.errors import OverQuota
from backroom.store.database import Database
from tests.harness.store import Store
from tests.store.fixtures import NOW, opened

JULY = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp()) * 1000
AUGUST = int(datetime(2026, 8, 1, tzinfo=UTC).timestamp()) * 1000


@pytest.fixture
def workspace(db: Database) -> str:
    return db.write_now(create_workspace, "Free people", Plan.FREE, NOW)


@pytest.fixture
def both(core_store: Store, db: Database) -> Iterator[list[Database]]:
    """The store as two processes have it open."""
    with opened(core_store) as other:
        yield [db, other]


def call(db: Database, workspace: str, now: int = NOW) -> int | None:
    """The call's place in the month, None past the limit."""
    try:
        return db.write_now(count_call, Call(workspace, now)).used
    except OverQuota:
        return None


def test_the_300th_call_passes_and_the_301st_does_not(both: list[Database], workspace: str) -> None:
    """However many ask at once, through two processes."""
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda n: call(both[n % 2], workspace), range(360)))
    assert sorted(answer for answer in answers if answer is not None) == list(range(1, 301))
    assert answers.count(None) == 60
    assert both[0].read_now(used, workspace, Kind.API_CALLS, NOW) == 300
    with pytest.raises(OverQuota) as failure:
        both[1].write_now(count_call, Call(workspace, NOW))
    assert (failure.value.limit, failure.value.used, failure.value.reset) == (300, 300, JULY)


def test_calls_that_wait_together_are_counted_each(db: Database, workspace: str) -> None:
    other = db.write_now(create_workspace, "Others", Plan.FREE, NOW)

    async def run() -> list[Meter | BaseException]:
        waiting = [db.write(count_call, Call(each, NOW)) for _ in range(310) for each in (workspace, other)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    answers = asyncio.run(run())
    for first in (0, 1):
        places = [answer.used for answer in answers[first::2] if isinstance(answer, Meter)]
        assert sorted(places) == list(range(1, 301))
        assert all(isinstance(answer, Meter | OverQuota) for answer in answers)


def test_a_month_begins_anew_on_its_first(db: Database, workspace: str) -> None:
    db.write_now(take, workspace, Kind.API_CALLS, 300, NOW)
    assert call(db, workspace, JULY - 1) is None
    assert call(db, workspace, JULY) == 1
    assert db.read_now(meter, workspace, Kind.API_CALLS, JULY) == Meter(300, 1, AUGUST)
    assert db.read_now(meter, workspace, Kind.API_CALLS, JULY - 1) == Meter(300, 300, JULY)


def test_calls_of_two_months_that_wait_together(db: Database, workspace: str) -> None:
    db.write_now(take, workspace, Kind.API_CALLS, 299, NOW)

    async def run() -> list[Meter | BaseException]:
        moments = [JULY - 1, JULY, JULY - 1, JULY]
        return await asyncio.gather(
            *[db.write(count_call, Call(workspace, now)) for now in moments], return_exceptions=True
        )

    # Which of a month's two comes first is for the writers to say, of which there may be several.
    answers = asyncio.run(run())
    june, july = answers[0::2], answers[1::2]
    assert [answer for answer in june if isinstance(answer, Meter)] == [Meter(300, 300, JULY)]
    assert [type(answer) for answer in june].count(OverQuota) == 1
    assert {answer for answer in july if isinstance(answer, Meter)} == {Meter(300, n, AUGUST) for n in (1, 2)}


def test_kinds_are_counted_apart(db: Database, workspace: str) -> None:
    assert db.write_now(take, workspace, Kind.FEEDBACK, 200, NOW) == (200, Meter(300, 200, JULY))
    assert db.read_now(used, workspace, Kind.API_CALLS, NOW) == 0
    assert call(db, workspace) == 1
    assert db.read_now(meter, workspace, Kind.FEEDBACK, NOW) == Meter(300, 200, JULY)


def test_what_is_left_is_granted(db: Database, workspace: str) -> None:
    assert db.write_now(take, workspace, Kind.FEEDBACK, 290, NOW)[0] == 290
    assert db.write_now(take, workspace, Kind.FEEDBACK, 50, NOW) == (10, Meter(300, 300, JULY))
    assert db.write_now(take, workspace, Kind.FEEDBACK, 1, NOW) == (0, Meter(300, 300, JULY))


def test_a_plan_without_a_limit_counts_all_the_same(both: list[Database]) -> None:
    workspace = both[0].write_now(create_workspace, "Pro people", Plan.PRO, NOW)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: call(both[n % 2], workspace), range(320)))
    assert None not in answers
    assert both[0].read_now(used, workspace, Kind.API_CALLS, NOW) == 320
    assert both[0].read_now(meter, workspace, Kind.API_CALLS, NOW) == Meter(None, 320, JULY)


def test_another_plan_counts_from_the_next_call_on_and_what_was_used_stays(db: Database, workspace: str) -> None:
    db.write_now(take, workspace, Kind.API_CALLS, 300, NOW)
    assert call(db, workspace) is None
    db.write_now(set_plan, workspace, Plan.STARTER)
    assert call(db, workspace) == 301
    db.write_now(set_plan, workspace, Plan.FREE)
    with pytest.raises(OverQuota) as failure:
        db.write_now(count_call, Call(workspace, NOW))
    assert (failure.value.limit, failure.value.used) == (300, 301)


def test_a_workspace_that_is_not_there_has_no_quota(db: Database) -> None:
    assert db.read_now(meter, "0" * 24, Kind.API_CALLS, NOW) == Meter(0, 0, JULY)
    assert call(db, "0" * 24) is None
    assert db.read_now(used, "0" * 24, Kind.API_CALLS, NOW) == 0
