"""The way in: every report exactly once, in its channel, within its quota, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from backroom.accounts.commands import set_plan
from backroom.accounts.rules import Kind, Plan
from backroom.accounts.usage import take, used
from backroom.errors import Denied, Failure, OverQuota
from backroom.ids import moment_of
from backroom.projects.channels import add_hint, update_channel
from backroom.projects.commands import update_project
from backroom.projects.directory import Stale
from backroom.projects.rules import HINT_LIFETIME
from backroom.reports.submit import PAUSED, StoredFile, Submission, Submitted, submit_report
from backroom.store.changes import change_number
from backroom.store.database import Database
from backroom.store.tables import files, reports
from tests.harness.store import Store
from tests.reports.recount import counted, recounted
from tests.store.fixtures import NOW, Room, make_room, opened, submission
from tests.store.groups import in_one_group

JULY = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp()) * 1000


def submit_at_once(db: Database, items: list[Submission]) -> list[Any]:
    """Submits all at once, so that they wait together; the answers or failures in order."""
    return in_one_group(db, *[(submit_report, item) for item in items])


def alone(db: Database, item: Submission) -> Submitted | Failure:
    """Submits one; the answer or the failure."""
    try:
        return db.write_now(submit_report, item)
    except Failure as failure:
        return failure


def rows(db: Database) -> list[Any]:
    return list(db.read_now(lambda conn: conn.execute(select(reports).order_by(reports.c.id)).all()))


@pytest.fixture
def both(core_store: Store, db: Database) -> Iterator[list[Database]]:
    """The store as two processes have it open."""
    with opened(core_store) as other:
        yield [db, other]


def test_a_report_is_kept_as_it_was_sent(room: Room) -> None:
    given: dict[str, Any] = {
        "source": "WIDGET",
        "client_id": "c1",
        "channel": "feature",
        "title": "Title",
        "message": "Ünïcödé",
        "blocks": b'[{"type":"text","text":"\xc3\x9cn"}]',
        "context": b'{ "as" :  "sent" }',
        "identity": b'{"userId":"u","verified":true}',
        "user_id": "u",
        "url": "https://app.example",
        "artifact_id": "a",
        "artifact": b'{"id":"a"}',
    }
    done = room.submit(**given)
    assert done == Submitted(done.id, "feature", "open", True, "Ünïcödé", given["context"], NOW, None)
    (row,) = rows(room.db)
    assert {name: row._mapping[name] for name in given if name != "channel"} == {
        name: value for name, value in given.items() if name != "channel"
    }
    assert (row.id, row.project, row.channel_key) == (done.id, room.id, "feature")
    assert (row.status, row.status_class, row.created_at, row.updated_at) == ("open", "NEW", NOW, NOW)


def test_a_retry_answers_the_first_report(room: Room) -> None:
    """Patchrooms, "Ingest", B: `clientId` makes a retry return the first answer."""
    first = room.submit(client_id="c1", message="first", channel="feature")
    room.db.write_now(update_channel, room.actor, room.id, "feature", {"archived": True}, NOW)
    again = room.submit(client_id="c1", message="second", now=NOW + 60_000)
    assert again == first._replace(created=False)
    assert len(rows(room.db)) == 1
    assert room.submit(client_id="c2").id != first.id


def test_client_ids_are_a_projects_own(room: Room) -> None:
    other = make_room(room.db, "Elsewhere")
    assert room.submit(client_id="c1").created
    assert other.submit(client_id="c1").created


def test_retries_that_wait_together_are_one_report(room: Room) -> None:
    facts = room.facts()
    room.submit(client_id="old")
    named = ["old", "a", "b", None, "a", "old", "b", "a", None]
    answers = submit_at_once(room.db, [submission(facts, client_id=name) for name in named])
    created = Counter(name for name, answer in zip(named, answers, strict=True) if answer.created)
    assert created == {"a": 1, "b": 1, None: 2}
    assert len({answer.id for name, answer in zip(named, answers, strict=True) if name == "a"}) == 1
    assert len(rows(room.db)) == 5
    assert room.db.read_now(counted) == room.db.read_now(recounted)


def test_the_same_report_from_two_processes_at_once_is_one(both: list[Database], room: Room) -> None:
    """What a client does whose answer was lost: it sends again while the first try is still under way."""
    facts = room.facts()
    with ThreadPoolExecutor(16) as threads:
        answers = list(
            threads.map(
                lambda n: both[n % 2].write_now(submit_report, submission(facts, client_id=f"c{n // 8}")), range(400)
            )
        )
    ids = {f"c{n // 8}": answer.id for n, answer in enumerate(answers)}
    assert all(answer.id == ids[f"c{n // 8}"] for n, answer in enumerate(answers))
    assert sum(answer.created for answer in answers) == 50
    assert sorted(row.client_id for row in rows(room.db)) == sorted(ids)
    assert room.db.read_now(counted) == room.db.read_now(recounted)
    assert room.db.read_now(used, room.workspace, Kind.FEEDBACK, NOW) == 50


@pytest.mark.parametrize(
    ("given", "goes_to"),
    [({}, "bug"), ({"channel": "feature"}, "feature"), ({"channel": "nothing"}, "bug"), ({"user_id": "u"}, "bug")],
)
def test_routing_without_hints(room: Room, given: dict[str, Any], goes_to: str) -> None:
    """Patchrooms, "Channels", D."""
    assert room.submit(**given).channel_key == goes_to


def test_hints_bias_routing_for_five_minutes(room: Room) -> None:
    """Patchrooms, "Channels", D. Time is what the report says, not the machine's."""
    room.db.write_now(add_hint, room.actor, room.id, "feature", "max", None, NOW)
    room.db.write_now(add_hint, room.actor, room.id, "alpha-feedback", "max", "u", NOW)
    last = NOW + HINT_LIFETIME - 1
    assert room.submit().channel_key == "feature"
    assert room.submit(user_id="u").channel_key == "alpha-feedback"
    assert room.submit(channel="bug").channel_key == "bug"
    assert room.submit(now=last).channel_key == "feature"
    assert room.submit(now=last + 1).channel_key == "bug"
    assert make_room(room.db, "Elsewhere").submit().channel_key == "bug"


def test_an_archived_channel_takes_nothing_new(room: Room) -> None:
    room.db.write_now(update_channel, room.actor, room.id, "feature", {"archived": True}, NOW)
    assert room.submit(channel="feature").channel_key == "bug"


def test_a_paused_project_takes_no_feedback(room: Room) -> None:
    """Miniback, "Routes", B."""
    room.db.write_now(update_project, room.actor, room.id, {"status": "PAUSED"}, NOW)
    with pytest.raises(Denied) as failure:
        room.submit()
    assert failure.value.message == PAUSED == "Project is paused"
    assert rows(room.db) == []
    room.db.write_now(update_project, room.actor, room.id, {"status": "ACTIVE"}, NOW)
    assert room.submit().created


def test_old_settings_are_turned_away_and_hurt_nobody_else(room: Room) -> None:
    old = room.facts()
    make_room(room.db, "Elsewhere")
    answers = submit_at_once(room.db, [submission(old), submission(room.facts()), submission(old, client_id="c")])
    assert [type(answer) for answer in answers] == [Stale, Submitted, Stale]
    assert room.submit(client_id="c").created


@pytest.mark.parametrize("waiting", ["one by one", "together"])
def test_the_300th_report_of_a_month_is_taken_and_the_301st_is_not(
    both: list[Database], room: Room, waiting: str
) -> None:
    """Miniback, "Keys and plans", B, through two processes."""
    room.db.write_now(set_plan, room.workspace, Plan.FREE)
    facts = room.facts()
    items = [submission(facts, client_id=f"c{n}") for n in range(330)]
    if waiting == "together":
        answers = submit_at_once(room.db, items)
    else:
        with ThreadPoolExecutor(12) as threads:
            answers = list(threads.map(lambda n: alone(both[n % 2], items[n]), range(330)))
    assert Counter(type(answer) for answer in answers) == {Submitted: 300, OverQuota: 30}
    assert len(rows(room.db)) == 300
    assert room.db.read_now(counted) == room.db.read_now(recounted)
    over = next(answer for answer in answers if isinstance(answer, OverQuota))
    assert over.message == "Monthly feedback limit reached. Upgrade your plan."
    assert (over.limit, over.used, over.reset) == (300, 300, JULY)
    stored = next(number for number, answer in enumerate(answers) if isinstance(answer, Submitted))
    again = room.db.write_now(submit_report, items[stored])
    assert again == answers[stored]._replace(created=False), "a retry needs no quota"
    with pytest.raises(OverQuota):
        room.submit()
    assert room.submit(now=JULY).created


def test_reports_of_two_months_that_wait_together(room: Room) -> None:
    room.db.write_now(set_plan, room.workspace, Plan.FREE)
    room.db.write_now(take, room.workspace, Kind.FEEDBACK, 299, NOW)
    facts = room.facts()
    answers = submit_at_once(room.db, [submission(facts, now) for now in (JULY - 1, JULY, JULY - 1, JULY)])
    assert [type(answer) for answer in answers] == [Submitted, Submitted, OverQuota, Submitted]
    assert room.db.read_now(used, room.workspace, Kind.FEEDBACK, JULY) == 2


@pytest.mark.parametrize("waiting", [1, 5])
def test_an_api_call_counts_whatever_becomes_of_it(room: Room, waiting: int) -> None:
    """Miniback, "Keys and plans", B: authenticated requests are counted; also those turned away after that."""
    room.db.write_now(set_plan, room.workspace, Plan.FREE)
    facts = room.facts()
    calls = [submission(facts, metered=True, client_id="same") for _ in range(waiting)]
    answers = submit_at_once(room.db, calls)
    assert sorted(answer.meter.used for answer in answers) == list(range(1, waiting + 1))
    assert {answer.meter.limit for answer in answers} == {300}
    room.db.write_now(update_project, room.actor, room.id, {"status": "PAUSED"}, NOW)
    answers = submit_at_once(room.db, [submission(room.facts(), metered=True) for _ in range(waiting)])
    assert all(isinstance(answer, Denied) for answer in answers)
    assert room.db.read_now(used, room.workspace, Kind.API_CALLS, NOW) == 2 * waiting
    assert room.db.read_now(used, room.workspace, Kind.FEEDBACK, NOW) == 1


def test_a_call_past_its_quota_stores_nothing(room: Room) -> None:
    room.db.write_now(set_plan, room.workspace, Plan.FREE)
    room.db.write_now(take, room.workspace, Kind.API_CALLS, 298, NOW)
    facts = room.facts()
    answers = submit_at_once(room.db, [submission(facts, metered=n != 2) for n in range(5)])
    assert [type(answer) for answer in answers] == [Submitted, Submitted, Submitted, OverQuota, OverQuota]
    assert answers[3].message == "Monthly API limit reached. Upgrade your plan."
    assert [answer.meter and answer.meter.used for answer in answers[:3]] == [299, 300, None]
    assert len(rows(room.db)) == 3


def test_retries_that_wait_together_are_answered_past_the_calls(room: Room) -> None:
    room.db.write_now(set_plan, room.workspace, Plan.FREE)
    room.db.write_now(take, room.workspace, Kind.API_CALLS, 298, NOW)
    facts = room.facts()
    names = ["a", "b", "a", "c", None, "c"]
    answers = submit_at_once(room.db, [submission(facts, metered=True, client_id=name) for name in names])
    assert [type(answer) for answer in answers] == [Submitted, Submitted, Submitted, OverQuota, OverQuota, OverQuota]
    assert answers[2] == answers[0]._replace(created=False, meter=answers[2].meter)
    assert answers[2].meter.used == answers[2].meter.limit == 300
    assert len(rows(room.db)) == 2
    assert room.db.read_now(used, room.workspace, Kind.API_CALLS, NOW) == 300


def test_a_call_past_the_feedback_quota_is_a_call(room: Room) -> None:
    room.db.write_now(set_plan, room.workspace, Plan.FREE)
    room.db.write_now(take, room.workspace, Kind.FEEDBACK, 300, NOW)
    with pytest.raises(OverQuota, match="Monthly feedback limit reached"):
        room.submit(metered=True)
    assert room.db.read_now(used, room.workspace, Kind.API_CALLS, NOW) == 1


def test_many_projects_wait_together(room: Room) -> None:
    others = [make_room(room.db, f"Room {number}", Plan.FREE) for number in range(4)]
    items = [submission(each.facts(), metered=True, source=source) for each in others for source in ("API", "WIDGET")]
    assert all(answer.created for answer in submit_at_once(room.db, items * 20))
    assert room.db.read_now(counted) == room.db.read_now(recounted)
    assert set(room.db.read_now(counted).values()) == {20}
    for each in others:
        assert room.db.read_now(used, each.workspace, Kind.FEEDBACK, NOW) == 40
        assert room.db.read_now(used, each.workspace, Kind.API_CALLS, NOW) == 40


def test_every_new_report_changes_its_projects_number(room: Room) -> None:
    """An unchanged number answers 304: a report that doesn't raise it stays unseen."""
    other = make_room(room.db, "Elsewhere")

    def numbers() -> list[int]:
        return [room.db.read_now(change_number, each.id) for each in (room, other)]

    assert numbers() == [0, 0]
    room.submit(client_id="c")
    assert numbers() == [1, 0]
    room.submit(client_id="c")
    assert numbers() == [1, 0]
    submit_at_once(room.db, [submission(room.facts()), submission(other.facts())])
    assert numbers() == [2, 1]


def test_files_are_kept_with_their_report(room: Room) -> None:
    shot = StoredFile("f1", "screenshot", "image/png", 10, "00" * 32, "p/f1", 2, 3, None)
    note = StoredFile("f2", "audio", "audio/webm", 20, "11" * 32, "p/f2", None, None, 1500)
    done = room.submit(files=[shot, note], client_id="c")
    room.submit(files=[shot._replace(id="f3")], client_id="c")
    found = room.db.read_now(lambda conn: conn.execute(select(files).order_by(files.c.id)).all())
    assert [tuple(row) for row in found] == [
        (room.id, "f1", done.id, *shot[1:], NOW),
        (room.id, "f2", done.id, *note[1:], NOW),
    ]


def test_a_clock_that_steps_back_leaves_times_in_order(room: Room) -> None:
    """Filters by time go by the ids, which never step back: the time of a report must agree with its id."""
    moments = [NOW + 10_000, NOW + 10_500, NOW, NOW + 9_999, NOW + 11_000]
    stored = [room.submit(now=moment) for moment in moments]
    assert stored == sorted(stored, key=lambda done: done.id)
    for done, row in zip(stored, rows(room.db), strict=True):
        assert (row.id, row.created_at, row.updated_at) == (done.id, done.created_at, done.created_at)
        assert moment_of(done.id) <= done.created_at < moment_of(done.id) + 1000
