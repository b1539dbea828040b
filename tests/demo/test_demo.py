"""The sample data: believable, whole, and the same every time."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest
from PIL import Image
from sqlalchemy import func, select

from backroom.access import Actor, Role, person
from backroom.accounts.members import list_members
from backroom.clock import DAY, now_ms
from backroom.demo.reports import DAYS, REPORTS, plan_reports
from backroom.demo.teamwork import AddComment, AddLabel, Assign, LinkCommit, plan_steps
from backroom.demo.texts import AGENT, common, project_named, projects, team
from backroom.files.sniff import sniff_audio, sniff_screenshot
from backroom.projects.rules import KEY_LENGTHS
from backroom.reports.assignees import list_assignable
from backroom.reports.filters import parse_filter
from backroom.reports.find import list_ids
from backroom.reports.labels import list_labels
from backroom.reports.lookup import reach
from backroom.reports.rooms import list_rooms
from backroom.reports.rules import Status
from backroom.reports.timeline import Event, list_events
from backroom.reports.views import list_views
from backroom.store.tables import api_keys, audit, channels, events, files, reports, tickets, usage, users
from backroom.upkeep.inspections import recount
from tests.cli.test_commands import assert_fails
from tests.harness.cast import Cast
from tests.harness.postgres import Cluster
from tests.harness.samples import Demo, Samples
from tests.harness.server import Cli
from tests.harness.store import Store, new_store
from tests.upkeep.contents import blobs_of, database

NOW = 1_780_000_000_000
STORIES = [NOW + day * (DAY + DAY // 7) for day in range(14)]
"""Moments on all days of the week and at many hours: where the story ends decides what happens in it."""


@pytest.fixture(scope="module")
def demo(cluster: Cluster | None, samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A store that the command itself filled, on PostgreSQL, too."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    with new_store(folder, cluster) if cluster else samples.copy(folder, None) as store:
        yield store, Cli(store)("demo") if cluster else samples.said


def rows(store: Store, query: Any) -> list[Any]:
    with database(store) as db:
        return db.read_now(lambda conn: list(conn.execute(query)))


def owner_of(demo: Demo) -> Actor:
    """The owner, as the core knows them."""
    store, said = demo
    user = rows(store, select(users.c.id).where(users.c.email == said["email"]))[0][0]
    return person(user, "", said["workspaceId"], Role.OWNER)


def shown(demo: Demo, query: str, project: str = "") -> list[str]:
    """What the owner's inbox of the project, or of all, shows with that filter."""
    store, owner = demo[0], owner_of(demo)
    with database(store) as db:
        projects = db.read_now(reach, owner, [project] if project else None)
        wanted = parse_filter(parse_qsl(query), projects)
        return [key.id for key in db.read_now(list_ids, wanted, None, None, REPORTS).keys]


def events_of(demo: Demo, report: str) -> list[Event]:
    with database(demo[0]) as db:
        return db.read_now(list_events, owner_of(demo), report)


def test_what_it_prints(demo: Demo) -> None:
    _, said = demo
    assert list(said) == ["email", "password", "workspaceId", "reports", "projects", "try"]
    assert said["reports"] == REPORTS
    assert len(said["projects"]) == 3
    for project in said["projects"]:
        for name, prefix in (("projectKey", "pr_"), ("key", "pr_sk_"), ("minibackKey", "mbk_")):
            assert re.fullmatch(rf"{prefix}[A-Za-z0-9]{{{KEY_LENGTHS[prefix]}}}", project[name])


def test_it_refuses_a_store_with_data(fresh_cast: Cast) -> None:
    assert_fails(fresh_cast.cli.run("demo"), 1, "already has data")


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
    assert archived == {project.archived_channel.key for project in projects() if project.archived_channel}
    assert {row.channel_key for row in found} == {row.key for row in rows(store, select(channels))}


def test_older_reports_are_further_on() -> None:
    now = 1_780_000_000_000
    story = plan_reports(now)
    new = [report.statuses for report in story if report.moment > now - 3 * DAY]
    old = [report.statuses for report in story if report.moment < now - 30 * DAY]
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
    changes = rows(store, select(events).order_by(events.c.id))
    assert [row.at for row in changes] == sorted(row.at for row in changes)
    last: dict[str, dict[str, str]] = {"status": {}, "assignee": {}}
    for row in changes:
        if row.kind in last:
            last[row.kind][row.report] = msgspec.json.decode(row.payload)["to"]
    for report in rows(store, select(reports)):
        assert last["status"].get(report.id, "open") == report.status
        assert last["assignee"].get(report.id) == report.assignee
        of_report = [row.at for row in changes if row.report == report.id]
        assert (of_report or [report.created_at])[0] >= report.created_at
        assert (of_report or [report.created_at])[-1] == report.updated_at


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_people_see_the_password_and_lines_to_try(store: Store) -> None:
    said = Cli(store).run("demo").out
    assert re.search(r"password: [A-Za-z0-9]{16}\n", said)
    assert said.count("\ncurl ") == 4
    assert all(f"{mate.email} ({mate.role})" in said for mate in team().members)


def test_a_team_with_every_role(demo: Demo) -> None:
    store, said = demo
    with database(store) as db:
        members = db.read_now(list_members, owner_of(demo))
    mates = [each for each in members if each.email != said["email"]]
    planned = {(mate.name, mate.email, mate.role) for mate in team().members}
    assert {(each.name, each.email, each.role) for each in mates} == planned
    assert sorted(each.role for each in members) == sorted(Role)
    assert all(each.email.endswith("@example.com") for each in members)
    hashes = {row.password_hash for row in rows(store, select(users))}
    assert len(hashes) == len(members)
    assert all(each.startswith("$argon2id$") for each in hashes)
    assert rows(store, select(tickets)) == []
    assert not any(mate.name in repr(said) for mate in team().members)


def test_half_of_what_was_worked_on_is_somebodys(demo: Demo) -> None:
    store, _ = demo
    with database(store) as db:
        may = {each.id for each in db.read_now(list_assignable, owner_of(demo))}
    by_status = rows(store, select(reports.c.status, reports.c.assignee))
    worked_on = [row.assignee for row in by_status if row.status != "open"]
    assert 0.35 < sum(each is not None for each in worked_on) / len(worked_on) < 0.65
    assert {row.assignee for row in by_status} == may | {None}
    for user in may:
        assert len(shown(demo, f"assignee={user}")) == sum(row.assignee == user for row in by_status)
    assert len(shown(demo, "assignee=none")) == sum(row.assignee is None for row in by_status)


def test_labels_have_colours_and_find_reports(demo: Demo) -> None:
    store, said = demo
    carrying = set()
    for project in said["projects"]:
        with database(store) as db:
            labels = db.read_now(list_labels, owner_of(demo), project["id"])
        assert {each.name for each in labels} == {label.name for label in project_named(project["name"]).labels}
        assert len({each.color for each in labels}) == len(labels)
        for label in labels:
            ids = shown(demo, f"label={label.name}", project["id"])
            assert len(ids) == label.reports > 0
            carrying |= set(ids)
    assert 0.2 < len(carrying) / REPORTS < 0.45


def test_the_team_talks(demo: Demo) -> None:
    said = rows(demo[0], select(events).where(events.c.kind.in_(["note", "reply"])).order_by(events.c.id))
    assert 60 < len(said) < 120
    assert {row.kind for row in said} == {"note", "reply"}
    people = Counter(row.actor_id for row in said if row.actor_kind == "user")
    assert len(people) == 3
    assert min(people.values()) >= 5
    threads: dict[str, set[str]] = defaultdict(set)
    for row in said:
        threads[row.report].add(row.actor_id)
    assert sum(len(who) > 1 for who in threads.values()) >= 5


def test_an_agent_resolved_some_with_a_commit_and_a_note(demo: Demo) -> None:
    store, said = demo
    keys = {row.project: row for row in rows(store, select(api_keys)) if row.name == team().agent}
    assert {project["id"] for project in said["projects"]} == set(keys)
    fixed = rows(store, select(events.c.project, events.c.report).where(events.c.kind == "commit"))
    assert len(fixed) >= 8
    assert {row.project for row in fixed} == set(keys)
    for project, report in fixed:
        did = [each for each in events_of(demo, report) if each.actor_kind == "agent"]
        assert {each.actor_id for each in did} == {keys[project].id}
        assert {each.actor_name for each in did} == {f"{team().agent} (agent)"}
        assert [each.kind for each in did] == ["status", "commit", "note", "status"]
        assert [did[place].payload["to"] for place in (0, 3)] == ["in-progress", "resolved"]
        assert re.fullmatch(r"[0-9a-f]{40}", did[1].payload["commit"])
        assert did[1].payload["url"].endswith(did[1].payload["commit"])
    assert all(keys[project].last_used_at for project in keys)
    by_agents = rows(store, select(events.c.report).where(events.c.actor_kind == "agent"))
    noted = rows(store, select(audit.c.subject).where(audit.c.actor_kind == "agent", audit.c.action.like("report.%")))
    assert Counter(row.subject for row in noted) == Counter(row.report for row in by_agents)


def test_a_room_was_reviewed_and_is_done(demo: Demo) -> None:
    store, said = demo
    for project in said["projects"]:
        with database(store) as db:
            occupied = db.read_now(list_rooms, owner_of(demo), project["id"])
        if project["name"] != team().review.project:
            assert occupied == []
            continue
        ((room, number, waiting),) = occupied
        assert (room.title, number, waiting) == (team().review.title, len(team().review.comments), 0)
        in_room = rows(store, select(reports).where(reports.c.artifact_id == room.id).order_by(reports.c.id))
        assert [row.title for row in in_room] == [comment.text for comment in team().review.comments]
        assert [row.status for row in in_room] == [comment.status for comment in team().review.comments]
        assert all(msgspec.json.decode(row.artifact)["goal"] == team().review.goal for row in in_room)
        for row, comment in zip(in_room, team().review.comments, strict=True):
            notes = [each.payload["text"] for each in events_of(demo, row.id) if each.kind == "note"]
            assert notes == [comment.why]


def test_saved_views_find_something(demo: Demo) -> None:
    with database(demo[0]) as db:
        views = db.read_now(list_views, owner_of(demo), None)
    assert [(view.name, view.shared) for view in views] == [(view.name, view.shared) for view in team().views]
    assert {view.shared for view in views} == {True, False}
    for view in views:
        assert shown(demo, view.query, view.project)


@pytest.mark.parametrize("now", STORIES)
def test_the_story_is_the_same_every_time_and_ends_now(now: int) -> None:
    first, again = plan_reports(now), plan_reports(now)
    assert first == again
    assert len(first) == REPORTS
    assert all(report.moment < now for report in first)
    happens = plan_steps(first, now)
    assert happens == plan_steps(again, now)
    assert [step.moment for step in happens] == sorted(step.moment for step in happens)
    assert all(step.moment < now for step in happens)


@pytest.mark.parametrize("now", STORIES)
def test_whenever_it_is_told_there_is_some_of_everything(now: int) -> None:
    story = plan_reports(now)
    happens = plan_steps(story, now)
    for project in projects():
        here = [step for step in happens if story[step.report].project is project]
        labels = {step.action.label for step in here if isinstance(step.action, AddLabel)}
        assert labels == {label.name for label in project.labels}
        assert sum(isinstance(step.action, LinkCommit) for step in here) >= 2
        assert sum(isinstance(step.action, AddComment) for step in here) >= 15
    assert {step.action.to for step in happens if isinstance(step.action, Assign)} == {"owner", "nadia", "ruben"}
    solved = {step.report for step in happens if step.action in (Status.RESOLVED, Status.CLOSED)}
    assert any(step.action == AddLabel("payment") and step.report not in solved for step in happens)


@pytest.mark.parametrize("now", STORIES[:3])
def test_nobody_does_anything_before_the_report_is_there(now: int) -> None:
    story = plan_reports(now)
    status: dict[int, Status] = {}
    for step in plan_steps(story, now):
        if step.action is None:
            status[step.report] = Status.OPEN
            continue
        assert step.report in status
        if isinstance(step.action, Status):
            assert step.action is not status[step.report]
            status[step.report] = step.action
        elif step.who == AGENT:
            assert status[step.report] is Status.IN_PROGRESS
    assert [status[number] for number in range(len(story))] == [
        report.statuses[-1][1] if report.statuses else Status.OPEN for report in story
    ]


def test_the_viewer_only_reads() -> None:
    story = plan_reports(NOW)
    viewers = {mate.key for mate in team().members if mate.role is Role.VIEWER}
    happens = plan_steps(story, NOW)
    assert viewers
    assert not any(step.who in viewers for step in happens)
    assert not any(step.action.to in viewers for step in happens if isinstance(step.action, Assign))


def test_texts_are_many_and_different() -> None:
    said = [text for project in projects() for texts in project.texts.values() for text in texts]
    assert len(said) == len(set(said)) >= 60


def test_what_the_team_says_is_about_what_was_said() -> None:
    texts = [text for notes in common().notes.values() for text in notes]
    texts += [comment.why for comment in team().review.comments]
    for project in projects():
        said = [text for of_channel in project.texts.values() for text in of_channel]
        about = [thread.about for thread in project.threads] + [fix.about for fix in project.fixes]
        assert len(about) == len(set(about))
        for words in about:
            assert sum(words in text for text in said) == 1, words
        for label in project.labels:
            assert len(label.name) <= 13, "fits a line of the inbox on a phone"
            for word in label.words:
                assert any(word in text.lower() for text in said), word
        texts += [remark.text for thread in project.threads for remark in thread.comments]
        texts += [text for fix in project.fixes for text in (fix.commit, fix.note)]
    assert len(texts) == len(set(texts))
    assert max(map(len, texts)) <= 200
