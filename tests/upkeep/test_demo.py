"""The sample data: believable, whole, and the same every time."""

import hashlib
import re
from collections import Counter
from io import BytesIO
from typing import Any

import msgspec
import pytest
from PIL import Image
from sqlalchemy import func, select

from backroom.clock import DAY, now_ms
from backroom.files.sniff import sniff_audio, sniff_screenshot
from backroom.projects.rules import KEY_LENGTHS
from backroom.store.tables import channels, events, files, reports, usage
from backroom.upkeep.demo_story import DAYS, REPORTS, steps, tell
from backroom.upkeep.demo_texts import ROOMS
from backroom.upkeep.inspections import recount
from tests.cli.test_commands import assert_fails
from tests.harness.cast import Cast
from tests.harness.server import Cli
from tests.harness.store import Store
from tests.upkeep.contents import blobs_of, database

Demo = tuple[Store, dict[str, Any]]


def rows(store: Store, query: Any) -> list[Any]:
    with database(store) as db:
        return db.read_now(lambda conn: list(conn.execute(query)))


def test_what_it_prints(demo: Demo) -> None:
    _, said = demo
    assert list(said) == ["email", "password", "workspaceId", "reports", "projects", "try"]
    assert said["reports"] == REPORTS
    assert len(said["projects"]) == 3
    for project in said["projects"]:
        for name, prefix in (("projectKey", "pr_"), ("key", "pr_sk_"), ("minibackKey", "mbk_")):
            assert re.fullmatch(rf"{prefix}[A-Za-z0-9]{{{KEY_LENGTHS[prefix]}}}", project[name])


def test_it_refuses_a_store_with_data(fresh_cast: Cast) -> None:
    assert_fails(fresh_cast.cli.run("demo"), 1, "has data")


def test_reports_spread_over_sixty_days_in_order(demo: Demo) -> None:
    query = select(reports.c.id, reports.c.created_at, reports.c.updated_at).order_by(reports.c.id)
    found = rows(demo[0], query)
    times = [row.created_at for row in found]
    assert times == sorted(times)
    assert now_ms() - (DAYS + 1) * DAY < times[0] < now_ms() - (DAYS - 5) * DAY
    assert times[-1] > now_ms() - 3 * DAY
    for row in found:
        assert int(row.id[:8], 16) - row.created_at // 1000 in (0, 1)
        assert row.created_at <= row.updated_at <= now_ms()


def test_every_kind_of_block_channel_status_and_source(demo: Demo) -> None:
    store, _ = demo
    found = rows(store, select(reports))
    kinds = Counter(block["type"] for row in found for block in msgspec.json.decode(row.blocks))
    assert set(kinds) == {"text", "screenshot", "audio", "selection"}
    assert min(kinds.values()) >= 10
    assert {row.status for row in found} == {"open", "triaged", "in-progress", "resolved", "closed"}
    assert {row.source for row in found} == {"WIDGET", "API"}
    identities = [msgspec.json.decode(row.identity) for row in found if row.identity]
    assert {identity["verified"] for identity in identities} == {True, False}
    assert any(msgspec.json.decode(row.context).get("consoleErrors") for row in found)
    archived = {row.key for row in rows(store, select(channels)) if row.archived}
    assert archived == {room.past[0] for room in ROOMS if room.past}
    assert {row.channel_key for row in found} == {row.key for row in rows(store, select(channels))}


def test_older_reports_are_further_on() -> None:
    now = 1_780_000_000_000
    story = tell(now)
    new = [told.moves for told in story if told.moment > now - 3 * DAY]
    old = [told.moves for told in story if told.moment < now - 30 * DAY]
    assert new.count(()) / len(new) > old.count(()) / len(old) + 0.2


def test_files_are_what_they_say(demo: Demo) -> None:
    store, _ = demo
    blobs, found = blobs_of(store), rows(store, select(files))
    assert {row.content_type for row in found} == {"image/png", "image/jpeg", "audio/webm", "audio/mp4"}
    for row in found:
        data = blobs.get(row.key)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row.size, row.sha256)
        if row.kind == "screenshot":
            assert sniff_screenshot(data) == (row.content_type, row.width, row.height)
            with Image.open(BytesIO(data)) as picture:
                colors = picture.convert("RGB").getcolors(1 << 20)
            assert colors is not None
            assert len(colors) > 10
        else:
            assert sniff_audio(data) == row.content_type
            assert row.duration_ms > 1000


def test_blocks_name_files_that_are_there(demo: Demo) -> None:
    store, _ = demo
    known = {f"/api/v1/projects/{row.project}/files/{row.id}": row.report for row in rows(store, select(files))}
    named = {
        block["url"]: row.id
        for row in rows(store, select(reports))
        for block in msgspec.json.decode(row.blocks)
        if block["type"] in ("screenshot", "audio")
    }
    assert named == known


def test_counters_usage_and_events_agree(demo: Demo) -> None:
    store, _ = demo
    with database(store) as db:
        assert sum(db.read_now(recount).values()) == REPORTS
    used = rows(store, select(func.sum(usage.c.n)).where(usage.c.kind == "feedback"))[0][0]
    assert used == REPORTS
    changes = rows(store, select(events.c.report, events.c.at, events.c.payload).order_by(events.c.id))
    assert [row.at for row in changes] == sorted(row.at for row in changes)
    last = {row.report: msgspec.json.decode(row.payload)["to"] for row in changes}
    status = {row.id: row.status for row in rows(store, select(reports.c.id, reports.c.status))}
    assert {report: last.get(report, "open") for report in status} == status


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_people_see_the_password_and_lines_to_try(store: Store) -> None:
    said = Cli(store).run("demo").out
    assert re.search(r"password: [A-Za-z0-9]{16}\n", said)
    assert said.count("\ncurl ") == 4


def test_the_story_is_the_same_every_time_and_ends_now() -> None:
    now = 1_780_000_000_000
    first, again = tell(now), tell(now)
    assert first == again
    assert all(told.moment < now for told in first)
    assert all(step.moment < now for step in steps(first))


def test_texts_are_many_and_different() -> None:
    said = [text for room in ROOMS for texts in room.said.values() for text in texts]
    assert len(said) == len(set(said)) >= 60
