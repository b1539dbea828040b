"""Any history of one workspace, through the core, answers as a simple model of it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from backroom.access import Role, person
from backroom.accounts.commands import create_workspace, set_plan
from backroom.accounts.rules import Kind, Plan
from backroom.accounts.usage import take, used
from backroom.clock import iso
from backroom.errors import Denied, NotFound, OverQuota
from backroom.projects.channels import add_hint, update_channel
from backroom.projects.commands import create_project, delete_project, update_project
from backroom.projects.directory import Directory, Stale
from backroom.reports.commands import delete_reports, set_status
from backroom.reports.filters import Filter
from backroom.reports.find import count_ids
from backroom.reports.purge import purge_deleted_projects
from backroom.reports.queries import is_report_of, list_reports, page_json
from backroom.reports.rules import CLASS_OF, FIRST_OF_CLASS, Source, Status, StatusClass, parse_status, statuses_of
from backroom.reports.submit import Submitted, submit_report
from backroom.store import search
from backroom.store.changes import change_number
from backroom.store.database import Database
from backroom.store.tables import counters
from tests.harness.postgres import Cluster
from tests.harness.randomness import times
from tests.harness.store import Store, new_store
from tests.histories.model import Kept, KeptProject, Model
from tests.reports.recount import counted, recounted
from tests.store.fixtures import NOW, opened, submission

CHANNELS = ["bug", "feature", "alpha-feedback"]
WORDS = ["", "checkout", "CHECKOUT broke", "50% off", "a_b", "Ünïcödé über", "漢字かな", 'say "hi"', "out"]
QUOTA_LEFT = 12

places = st.integers(0, 1000)
channel_keys = st.sampled_from(CHANNELS)
users = st.sampled_from([None, "u", "v"])
statuses = st.sampled_from(["open", "new", "triaged", "in-progress", "in_progress", "resolved", "closed"])
sources = st.sampled_from(["WIDGET", "API"])
terms = st.sampled_from(["out", "o", "%", "_", "ÜBER", "字かな", '"', "checkout", "nothing", "50% "])


class History(RuleBasedStateMachine):
    """One workspace on the plan FREE, with few reports left to its month, and what is done in it."""

    db: Database

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.directory = Directory()
        self.now = NOW

    @initialize(projects=st.integers(1, 3), free=st.booleans())
    def begin(self, projects: int, free: bool) -> None:
        self.workspace = self.db.write_now(create_workspace, "W", Plan.PRO, self.now)
        self.actor = person("u", "U", self.workspace, Role.OWNER)
        for _ in range(projects):
            self.add_project()
        self.left = QUOTA_LEFT if free else None
        if free:
            self.db.write_now(take, self.workspace, Kind.FEEDBACK, 300 - QUOTA_LEFT, self.now)
            self.db.write_now(set_plan, self.workspace, Plan.FREE)

    def project(self, place: int) -> KeptProject:
        return list(self.model.projects.values())[place % len(self.model.projects)]

    def report(self, place: int) -> Kept:
        return self.model.reports[place % len(self.model.reports)]

    def add_project(self) -> None:
        project = self.db.write_now(create_project, self.actor, "P", None, self.now)
        self.model.projects[project] = KeptProject(project)

    @precondition(lambda self: len(self.model.projects) < 4 and self.left is None)
    @rule()
    def another_project(self) -> None:
        self.add_project()

    @rule(seconds=st.floats(-120, 240))
    def time_passes(self, seconds: float) -> None:
        """Mostly on; sometimes the machine's clock is set back."""
        self.now += int(seconds * 1000)

    @rule(
        place=places,
        client_id=st.none() | st.sampled_from("abcde"),
        channel=st.none() | channel_keys | st.just("nothing"),
        user=users,
        source=sources,
        message=st.sampled_from(WORDS),
    )
    def submit(
        self, place: int, client_id: str | None, channel: str | None, user: str | None, source: str, message: str
    ) -> None:
        project = self.project(place)
        facts = self.db.read_now(self.directory.by_id, project.id)
        assert facts is not None
        given = {"channel": channel, "user_id": user, "source": source, "message": message, "client_id": client_id}
        item = submission(facts, self.now, **given)
        earlier = self.model.find_client(project.id, client_id)
        if earlier is not None:
            done = self.db.write_now(submit_report, item)
            assert done[:4] == (earlier.id, earlier.channel, "open", False)
            assert (done.message, done.created_at) == (earlier.message, earlier.created_at)
        elif project.paused:
            with pytest.raises(Denied):
                self.db.write_now(submit_report, item)
        elif self.left is not None and self.model.taken >= self.left:
            with pytest.raises(OverQuota):
                self.db.write_now(submit_report, item)
        else:
            goes_to = project.goes_to(channel, user, self.now)
            self.keep(self.db.write_now(submit_report, item), project.id, goes_to, source, client_id)

    def keep(self, done: Submitted, project: str, channel: str, source: str, client_id: str | None) -> None:
        assert (done.channel_key, done.status, done.created) == (channel, "open", True)
        last = max((each.id for each in self.model.reports), default="")
        assert done.id > last
        assert done.created_at >= self.now
        kept = Kept(done.id, project, channel, Status.OPEN, source, done.message, done.created_at, client_id)
        self.model.reports.append(kept)
        self.model.taken += 1

    @rule(place=places, key=channel_keys, weight=st.sampled_from(["suggest", "max", 0.5, -2.0]), user=users)
    def hint(self, place: int, key: str, weight: str | float, user: str | None) -> None:
        project = self.project(place)
        if key in project.archived:
            with pytest.raises(NotFound):
                self.db.write_now(add_hint, self.actor, project.id, key, weight, user, self.now)
            return
        self.db.write_now(add_hint, self.actor, project.id, key, weight, user, self.now)
        project.hints = [each for each in project.hints if each.ends > self.now]
        project.hint(key, weight, user, self.now)

    @rule(place=places, key=st.sampled_from(CHANNELS[1:]), archived=st.booleans())
    def archive(self, place: int, key: str, archived: bool) -> None:
        project = self.project(place)
        self.db.write_now(update_channel, self.actor, project.id, key, {"archived": archived}, self.now)
        project.archived = project.archived | {key} if archived else project.archived - {key}

    @rule(place=places, paused=st.booleans())
    def pause(self, place: int, paused: bool) -> None:
        project = self.project(place)
        old = self.db.read_now(self.directory.by_id, project.id)
        assert old is not None
        status = {"status": "PAUSED" if paused else "ACTIVE"}
        self.db.write_now(update_project, self.actor, project.id, status, self.now)
        project.paused = paused
        with pytest.raises(Stale):
            self.db.write_now(submit_report, submission(old, self.now))

    @precondition(lambda self: self.model.reports)
    @rule(place=places, status=statuses)
    def triage_in_patchrooms_words(self, place: int, status: str) -> None:
        report, wanted = self.report(place), parse_status(status)
        number = self.db.read_now(change_number, report.project)
        done = self.db.write_now(set_status, self.actor, [report.id], wanted, self.now)
        changed = [] if wanted is report.status else [(report.id, report.status, wanted)]
        assert [(each.report.id, each.before, each.after) for each in done] == changed
        raised = self.db.read_now(change_number, report.project) - number
        assert raised == (0 if wanted is report.status else 1)
        self.model.set_status(report, wanted)

    @precondition(lambda self: self.model.reports)
    @rule(place=places, wanted=st.sampled_from(StatusClass))
    def triage_in_miniback_words(self, place: int, wanted: StatusClass) -> None:
        report = self.report(place)
        done = self.db.write_now(set_status, self.actor, [report.id], wanted, self.now)
        status = done[0].after if done else report.status
        assert status is not None
        assert CLASS_OF[status] is wanted
        assert status == (report.status if CLASS_OF[report.status] is wanted else FIRST_OF_CLASS[wanted])
        self.model.set_status(report, Status(status))

    @precondition(lambda self: self.model.reports)
    @rule(place=places)
    def delete_one(self, place: int) -> None:
        report = self.report(place)
        self.db.write_now(delete_reports, self.actor, [report.id], self.now)
        self.model.delete(report)
        with pytest.raises(NotFound):
            self.db.write_now(set_status, self.actor, [report.id], Status.OPEN, self.now)

    @precondition(lambda self: len(self.model.projects) > 1)
    @rule(place=places)
    def delete_a_project(self, place: int) -> None:
        project = self.project(place).id
        self.db.write_now(delete_project, self.actor, project, self.now)
        self.model.delete_project(project)

    @rule()
    def clear_away(self) -> None:
        self.db.write_now(purge_deleted_projects, self.now)

    @rule()
    def feed_the_search(self) -> None:
        self.db.write_now(search.index_next)

    @rule(
        place=st.none() | places,
        statuses=st.sampled_from(StatusClass).map(statuses_of)
        | st.lists(st.sampled_from(Status), max_size=3, unique=True).map(tuple),
        channels=st.lists(channel_keys, max_size=2, unique=True).map(tuple),
        source=st.none() | sources,
        term=st.none() | terms,
        since=st.none() | places,
        until=st.none() | places,
        limit=st.integers(1, 6),
        offset=st.integers(0, 8),
    )
    def look(
        self,
        place: int | None,
        statuses: tuple[Status, ...],
        channels: tuple[str, ...],
        source: str | None,
        term: str | None,
        since: int | None,
        until: int | None,
        limit: int,
        offset: int,
    ) -> None:
        projects = list(self.model.projects) if place is None else [self.project(place).id]
        wanted = Filter(
            tuple(projects),
            statuses,
            channels,
            source=None if source is None else Source(source),
            phrase=term,
            since=self.moment(since),
            until=self.moment(until),
        )
        found = self.model.matching(wanted)
        page = self.db.read_now(list_reports, wanted, limit, offset)
        assert [row.id for row in page] == [each.id for each in found[offset : offset + limit]]
        assert self.db.read_now(count_ids, wanted) == len(found)
        for row, each in zip(page, found[offset:], strict=False):
            assert (row.project, row.channel_key, row.status, row.source) == (
                *(each.project, each.channel, each.status, each.source),
            )
            assert (row.message, row.created_at) == (each.message, each.created_at)

    def moment(self, place: int | None) -> int | None:
        """A moment at which something happened, or one beside it."""
        if place is None or not self.model.reports:
            return None
        return self.report(place).created_at + (-1, 0, 1, 999)[place % 4]

    @rule(
        place=places,
        status=st.none() | st.sampled_from(Status),
        channel=st.none() | channel_keys,
        limit=st.integers(1, 5),
    )
    def walk(self, place: int, status: Status | None, channel: str | None, limit: int) -> None:
        """A walk by cursor visits every report exactly once, newest first."""
        project = self.project(place).id
        wanted = self.model.matching(
            Filter((project,), () if status is None else (status,), () if channel is None else (channel,))
        )
        seen: list[dict[str, Any]] = []
        before = None
        for _ in range(len(wanted) // limit + 1):
            page = self.db.read_now(page_json, project, limit, before, status, channel)
            items = msgspec.json.decode(b"[%b]" % page.items)
            assert len(items) <= limit
            seen += items
            before = page.next_cursor
            if before is None:
                break
            assert self.db.read_now(is_report_of, project, before)
        assert before is None
        assert [(item["id"], item["channelKey"], item["status"], item["createdAt"]) for item in seen] == [
            (each.id, each.channel, each.status, iso(each.created_at)) for each in wanted
        ]

    def teardown(self) -> None:
        if not self.model.projects:
            return
        wanted = Counter((each.project, each.channel, each.status.value, each.source) for each in self.model.reports)
        mine = {key: n for key, n in self.db.read_now(counted).items() if key[0] in self.model.projects}
        assert mine == wanted
        spent = 300 - QUOTA_LEFT if self.left is not None else 0
        assert self.db.read_now(used, self.workspace, Kind.FEEDBACK, NOW) == self.model.taken + spent
        for project in self.model.projects:
            self.db.write_now(delete_project, self.actor, project, self.now)
        while self.db.write_now(purge_deleted_projects, self.now):
            pass
        assert self.db.read_now(counted) == self.db.read_now(recounted) == {}
        assert self.db.read_now(lambda conn: conn.execute(counters.select()).all()) == []


@pytest.fixture
def kept(
    cluster: Cluster | None, migrated: Callable[[Cluster | None], Store], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """One store for all histories, each of which leaves it without reports."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    with new_store(folder, cluster, like=migrated(cluster)) as store, opened(store) as db:
        yield db


@pytest.mark.hypothesis
def test_any_history_agrees_with_the_model(kept: Database, engine: str) -> None:
    History.db = kept
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=times(100 if engine == "sqlite" else 40),
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
