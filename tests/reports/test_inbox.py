"""The inbox finds what a plain look at every report does, whichever way it goes, page by page."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event

from backroom.access import Role, person
from backroom.clock import DAY
from backroom.errors import Denied, Invalid, NotFound
from backroom.ids import ids_of_the_past
from backroom.reports import find
from backroom.reports.agents import list_for_agent, search_for_agent
from backroom.reports.commands import add_comment, delete_reports
from backroom.reports.filters import NOBODY, Filter
from backroom.reports.find import count_ids
from backroom.reports.inbox import (
    Count,
    Page,
    count_by_status,
    excerpt_of,
    get_rows,
    list_inbox,
    neighbours,
    open_by_channel,
)
from backroom.reports.lookup import reach
from backroom.reports.queries import list_reports
from backroom.reports.rules import Source, Status, StatusClass, statuses_of
from backroom.reports.slices import change_slice
from backroom.reports.undo import AddLabel, Assign, Delete, SetStatus, undo_slice
from backroom.store import facets
from backroom.store.database import Database
from tests.harness.postgres import Cluster
from tests.harness.store import Store, new_store
from tests.reports.fill import Known, feed_all, member, set_blocks, submit_known
from tests.store.fixtures import NOW, Room, make_room, opened

sqlite_only = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
MANY = 160
SEARCHES = ["checkout", '"50% o"', "50% o", "coupon", "b", "nothing", "o 50%", "checkout nothing", 'co "e c"', "b co"]


def any_class(pick: random.Random) -> tuple[Status, ...]:
    return statuses_of(pick.choice(list(StatusClass)))


class Filled:
    """Two rooms of one workspace, full of reports of every kind; half of them are in SQLite's own indexes."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.room = make_room(db)
        self.other = make_room(db, "Elsewhere")
        self.ann = member(self.room, "ann")
        self.known: list[Known] = []
        pick = random.Random(7)
        for number in range(MANY):
            self.known.append(submit_known(pick.choice([self.room, self.other]), pick, NOW + number * 700))
            if number == MANY // 2:
                self.triage(pick)
                feed_all(db)
        self.triage(pick)

    def triage(self, pick: random.Random) -> None:
        for each in self.known:
            room = self.room if each.project == self.room.id else self.other
            if pick.random() < 0.5:
                each.status = pick.choice(list(Status)).value
                self.db.write_now(change_slice, room.actor, SetStatus(Status(each.status)), [each.id], NOW)
            if pick.random() < 0.2 and room is self.room:
                each.assignee = self.ann.id
                self.db.write_now(change_slice, room.actor, Assign(self.ann.id), [each.id], NOW)
            if pick.random() < 0.2:
                each.labels = ("slow",)
                self.db.write_now(change_slice, room.actor, AddLabel("slow"), [each.id], NOW)

    def wanted_ids(self, wanted: Filter) -> list[str]:
        return [each.id for each in reversed(self.known) if each.fits(wanted)]

    def any_filter(self, pick: random.Random) -> Filter:
        """A filter of some of its parts."""
        both = (self.room.id, self.other.id)
        some: dict[str, Callable[[], Any]] = {
            "statuses": lambda: pick.choice([tuple(pick.sample(list(Status), pick.randint(1, 3))), any_class(pick)]),
            "channels": lambda: tuple(pick.sample(["bug", "feature", "alpha-feedback"], pick.randint(1, 2))),
            "source": lambda: pick.choice(list(Source)),
            "person": lambda: pick.choice(["ann", "bob", "nobody"]),
            "page": lambda: pick.choice(["app.example.com/", "app.example.com/cart"]),
            "artifact": lambda: pick.choice(["checkout", "landing", "nothing"]),
            "assignee": lambda: pick.choice([NOBODY, self.ann.id]),
            "label": lambda: pick.choice(["slow", "fast"]),
            "since": lambda: pick.choice(self.known).created_at + pick.choice([-1, 0, 1]),
            "until": lambda: pick.choice(self.known).created_at + pick.choice([-1, 0, 1]),
            "search": lambda: pick.choice(SEARCHES),
            "phrase": lambda: pick.choice(["checkout", "CHECKOUT b", "50% o", "o", "nothing"]),
            "browser": lambda: pick.choice(["Firefox", "Safari", "Unknown"]),
            "system": lambda: pick.choice(["iOS", "Linux", "Unknown"]),
            "device": lambda: pick.choice(["desktop", "mobile", "Unknown"]),
        }
        chosen = pick.sample(list(some), pick.choice([0, 1, 1, 2, 2, 3]))
        return Filter(pick.choice([both, both[:1], both[1:]]), **{name: some[name]() for name in chosen})


@pytest.fixture(scope="module")
def filled(
    cluster: Cluster | None, migrated: Callable[[Cluster | None], Store], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("filled") / "data"
    with new_store(folder, cluster, like=migrated(cluster)) as store, opened(store) as db:
        with ids_of_the_past():
            made = Filled(db)
        yield made


def walk(db: Database, wanted: Filter, limit: int) -> list[str]:
    """Every id, page after page, from the newest on; every page says where the newer ones are."""
    seen: list[str] = []
    before = None
    for _ in range(2 * MANY):
        page = db.read_now(list_inbox, wanted, before, None, limit)
        assert len(page.rows) <= limit
        seen += [row.id for row in page.rows]
        if before is not None and page.rows:
            back = db.read_now(list_inbox, wanted, None, page.after, limit)
            assert page.rows[0].id not in [row.id for row in back.rows]
        before = page.before
        if before is None:
            return seen
    raise AssertionError("the walk has no end")


@pytest.mark.parametrize("seed", range(30))
def test_a_walk_finds_each_report_that_fits_once(filled: Filled, seed: int) -> None:
    pick = random.Random(seed)
    wanted = filled.any_filter(pick)
    assert walk(filled.db, wanted, pick.choice([1, 7, 50])) == filled.wanted_ids(wanted)


@pytest.mark.parametrize("seed", range(160, 200))
def test_every_way_of_asking_finds_and_counts_the_same(
    filled: Filled, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Miniback's list by page number and total, the dashboard's by cursor and counts of statuses."""
    pick = random.Random(seed)
    monkeypatch.setattr(find, "FEW", pick.choice([0, 40, find.FEW]))
    wanted, size = filled.any_filter(pick), pick.choice([1, 7, 50])
    fitting = filled.wanted_ids(wanted)
    assert filled.db.read_now(count_ids, wanted) == len(fitting)
    for offset in {0, 1, size, len(fitting) - 1, len(fitting), MANY} - {-1}:
        page = filled.db.read_now(list_reports, wanted, size, offset)
        assert [report.id for report in page] == fitting[offset : offset + size]
    assert walk(filled.db, wanted, size) == fitting
    counts = filled.db.read_now(count_by_status, wanted)
    assert sum(counts[status].n for status in wanted.statuses or Status) == len(fitting)


@pytest.mark.parametrize("seed", range(240, 260))
def test_agents_find_what_the_others_do(filled: Filled, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a tool of MCP can ask for, asked of Miniback's list and of the dashboard's too."""
    monkeypatch.setattr(find, "FEW", seed % 2 * find.FEW)
    pick, db, actor = random.Random(seed), filled.db, filled.room.actor
    projects = db.read_now(reach, actor)
    status, channel = pick.choice([None, *Status]), pick.choice([None, "bug", "feature"])
    statuses = () if status is None else (status,)
    if pick.random() < 0.5:
        term = pick.choice(SEARCHES)
        wanted = Filter(projects, statuses, search=term)
        found = db.read_now(search_for_agent, actor, term, status, None, MANY)
    else:
        artifact = pick.choice([None, "checkout", "nothing"])
        wanted = Filter(projects, statuses, () if channel is None else (channel,), artifact=artifact)
        found = db.read_now(list_for_agent, actor, status, channel, artifact, None, MANY)
    ids = [listed.id for listed in found.reports]
    assert ids == filled.wanted_ids(wanted) == walk(db, wanted, 50)
    assert ids == [report.id for report in db.read_now(list_reports, wanted, MANY, 0)]
    assert len(ids) == db.read_now(count_ids, wanted)


@pytest.mark.parametrize("projects", [1, 2])
def test_a_text_is_counted_whether_or_not_others_have_reports(
    filled: Filled, projects: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index alone tells only where nobody else has the store."""
    monkeypatch.setattr(find, "FEW", 0)
    both = (filled.room.id, filled.other.id)
    for phrase in ("checkout", "x" * 100):
        wanted = Filter(both[:projects], phrase=phrase)
        assert filled.db.read_now(count_ids, wanted) == len(filled.wanted_ids(wanted))


@pytest.mark.parametrize("seed", range(60, 80))
def test_a_bounded_look_goes_on_where_it_stopped(filled: Filled, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With so little looked at for a page most pages are short, and none skips anything."""
    monkeypatch.setattr(find, "LOOKED_AT", 5)
    monkeypatch.setattr(find, "FIRST_PIECE", 2)
    monkeypatch.setattr(find, "LARGEST_PIECE", 3)
    monkeypatch.setattr(find, "LEAST_LOOKED_AT", 3)
    pick = random.Random(seed)
    wanted = filled.any_filter(pick)
    assert walk(filled.db, wanted, 4) == filled.wanted_ids(wanted)


@pytest.mark.parametrize("seed", range(100, 115))
def test_what_is_newer_comes_in_the_same_order(filled: Filled, seed: int) -> None:
    pick = random.Random(seed)
    wanted = filled.any_filter(pick)
    ids = filled.wanted_ids(wanted)
    place = pick.choice(filled.known)
    newer = [id_ for id_ in ids if id_ > place.id]
    page = filled.db.read_now(list_inbox, wanted, None, place.id, 5)
    assert [row.id for row in page.rows] == newer[-5:]
    assert (page.after is None) is (len(newer) <= 5)
    if page.after is not None:
        further = filled.db.read_now(list_inbox, wanted, None, page.after, 5)
        assert [row.id for row in further.rows] == newer[-10:-5]
    older = [id_ for id_ in ids if id_ < place.id]
    beside = (newer[-1] if newer else None, older[0] if older else None)
    assert filled.db.read_now(neighbours, wanted, place.id) == beside


@pytest.mark.parametrize("seed", range(130, 145))
def test_counts_by_status_agree_with_the_rows(filled: Filled, seed: int) -> None:
    wanted = filled.any_filter(random.Random(seed))
    counts = filled.db.read_now(count_by_status, wanted)
    fitting = [each for each in filled.known if each.fits(replace(wanted, statuses=()))]
    assert counts == {status: Count(sum(each.status == status for each in fitting)) for status in Status}


def test_a_count_that_would_take_long_says_at_least(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backroom.reports.inbox.COUNTED_TO", 5)
    both = (filled.room.id, filled.other.id)
    counts = filled.db.read_now(count_by_status, Filter(both, device="desktop"))
    assert sum(count.n for count in counts.values()) == 5
    assert {str(count)[-1] for count in counts.values()} == {"+"}
    exact = filled.db.read_now(count_by_status, Filter(both, channels=("bug",)))
    assert sum(count.n for count in exact.values()) == sum(each.channel == "bug" for each in filled.known)
    assert [str(Count(1234)), str(Count(1234, False))] == ["1,234", "1,234+"]


def test_open_reports_by_channel(filled: Filled) -> None:
    both = (filled.room.id, filled.other.id)
    found = filled.db.read_now(open_by_channel, both)
    wanted: dict[tuple[str, str], int] = {}
    for each in filled.known:
        if each.status == "open":
            wanted[each.project, each.channel] = wanted.get((each.project, each.channel), 0) + 1
    assert found == wanted


def test_a_row_shows_what_a_list_needs(room: Room) -> None:
    db = room.db
    identity = b'{"userId":"mara","verified":true}'
    message = "Coupon field covers the button\n\nOn my phone it does\nalways"
    given: dict[str, Any] = {
        "title": "Coupon field covers the button",
        "message": message,
        "identity": identity,
        "user_id": "mara",
    }
    report = room.submit(agent="Safari/iOS/mobile", **given).id
    shot = {"type": "screenshot", "url": "/files/1", "width": 2, "height": 3, "annotations": [1]}
    sound = {"type": "audio", "url": "/files/3", "durationMs": 1000}
    set_blocks(room, report, [{"type": "text", "text": "x"}, shot, shot | {"url": "/files/2"}, sound])
    ann = member(room, "ann")
    db.write_now(change_slice, ann, Assign(ann.id), [report], NOW + 1)
    for name in ("slow", "Pay"):
        db.write_now(change_slice, ann, AddLabel(name), [report], NOW + 2)
    db.write_now(add_comment, ann, [report], "note", "Look", NOW + 3)
    db.write_now(add_comment, ann, [report], "reply", "Thanks", NOW + 4)
    (row,) = db.read_now(list_inbox, Filter((room.id,)), None, None, 10).rows
    assert row[:7] == (report, room.id, "bug", "open", "API", given["title"], "On my phone it does")
    assert row[7:13] == ("mara", True, "app.example.com/", "https://app.example.com/", "Safari/iOS/mobile", ann.id)
    assert row[13:] == (("Pay", "slow"), NOW, NOW + 4, "/files/1", 2, 1, 2)
    assert db.read_now(get_rows, [room.id], ["0" * 24, report]) == [row]
    assert db.read_now(get_rows, ["0" * 24], [report]) == []


@pytest.mark.parametrize(
    ("title", "message", "excerpt"),
    [
        ("One", "One", ""),
        ("One", "\nOne\n\n  two \nthree", "two"),
        ("x" * 80, "x" * 85 + " rest\nmore", "xxxxx rest"),
        ("A quote", "", ""),
        ("Another title", "First line\nsecond", "First line"),
    ],
)
def test_the_excerpt_is_what_the_title_does_not_say(title: str, message: str, excerpt: str) -> None:
    assert excerpt_of(title, message) == excerpt


def test_a_walk_has_no_gaps_while_reports_come_in(room: Room) -> None:
    """Each page is asked for after more came; what was there at the start is seen once, what came isn't."""
    for term in (None, "checkout"):
        first = [room.submit(NOW, message="the checkout").id for _ in range(9)]
        feed_all(room.db)
        first += [room.submit(NOW, message="the checkout").id for _ in range(9)]
        wanted, seen, before = Filter((room.id,), search=term), list[str](), None
        while True:
            page: Page = room.db.read_now(list_inbox, wanted, before, None, 4)
            seen += [row.id for row in page.rows]
            before = page.before
            if before is None:
                break
            room.submit(NOW, message="the checkout")
        assert seen[: len(first)] == first[::-1]
        assert len(seen) == len(set(seen))


def test_a_cursor_whose_report_is_gone_still_stands_where_it_was(room: Room) -> None:
    ids = [room.submit(message="the checkout").id for _ in range(6)]
    feed_all(room.db)
    room.db.write_now(change_slice, room.actor, SetStatus(Status.CLOSED), ids[:1], NOW)
    for wanted in (Filter((room.id,)), Filter((room.id,), search="checkout")):
        gone = ids.pop(2)
        room.db.write_now(delete_reports, room.actor, [gone], NOW)
        older = room.db.read_now(list_inbox, wanted, gone, None, 10).rows
        newer = room.db.read_now(list_inbox, wanted, None, gone, 10).rows
        assert [row.id for row in older] == ids[:2][::-1]
        assert [row.id for row in newer] == ids[2:][::-1]


@pytest.mark.parametrize("times", [(True, False), (False, True), (True, True)], ids=["since", "until", "both"])
@pytest.mark.parametrize("fed", [False, True], ids=["in the tail", "indexed"])
def test_a_search_within_times_finds_what_was_brought_back(
    room: Room, monkeypatch: pytest.MonkeyPatch, fed: bool, times: tuple[bool, bool]
) -> None:
    """On SQLite such reports may lie behind all that came meanwhile."""
    monkeypatch.setattr(find, "SLACK_ROWS", 1)
    old = [room.submit(NOW, message="the checkout").id for _ in range(8)]
    feed_all(room.db)
    done = room.db.write_now(change_slice, room.actor, Delete(), old[2:], NOW)
    new = [room.submit(NOW + DAY + number * 60_000, message="the checkout").id for number in range(8)]
    feed_all(room.db)
    room.db.write_now(undo_slice, room.actor, done.undo or "", NOW + 1)
    if fed:
        feed_all(room.db)
    since, until = (NOW - DAY if times[0] else None), (NOW + DAY // 2 if times[1] else None)
    wanted = Filter((room.id,), search="checkout", since=since, until=until)
    assert set(walk(room.db, wanted, 3)) == {*old, *(() if times[1] else new)}


@pytest.mark.parametrize("fed", [False, True], ids=["in the tail", "indexed"])
def test_a_search_within_times_finds_what_came_while_the_clock_was_wrong(
    room: Room, monkeypatch: pytest.MonkeyPatch, fed: bool
) -> None:
    """A server that was started again with its clock set back gives ids that lie before those it gave."""
    monkeypatch.setattr(find, "SLACK_ROWS", 1)
    ahead = [room.submit(NOW + DAY, message="the checkout").id for _ in range(5)]
    feed_all(room.db)
    with ids_of_the_past():
        right = [room.submit(NOW + number * 60_000, message="the checkout").id for number in range(5)]
    if fed:
        feed_all(room.db)
    for since, until, found in (
        (None, NOW + DAY // 2, right),
        (NOW + DAY // 2, None, ahead),
        (NOW, NOW + 2 * DAY, ahead + right),
    ):
        wanted = Filter((room.id,), search="checkout", since=since, until=until)
        assert sorted(walk(room.db, wanted, 2)) == sorted(found)


def test_what_is_newer_than_a_report_that_is_gone_is_found_whole(room: Room) -> None:
    kept = [room.submit(message="the checkout").id for _ in range(4)]
    for fed in (False, True):
        if fed:
            feed_all(room.db)
        for term in (None, "checkout"):
            page = room.db.read_now(list_inbox, Filter((room.id,), search=term), None, "0" * 24, 10)
            assert [row.id for row in page.rows] == kept[::-1]


def test_cursors_that_cannot_be_any(room: Room) -> None:
    room.submit()
    for cursor in ("", "x", "R1", "0" * 23, "\0", "r", "r-1"):
        with pytest.raises(Invalid):
            room.db.read_now(list_inbox, Filter((room.id,)), cursor, None, 10)
        with pytest.raises(Invalid):
            room.db.read_now(list_inbox, Filter((room.id,)), None, cursor, 10)


def test_nothing_is_found_in_no_project(room: Room) -> None:
    room.submit()
    assert room.db.read_now(list_inbox, Filter(()), None, None, 10) == ([], None, None)
    assert set(room.db.read_now(count_by_status, Filter((), person="x")).values()) == {Count(0)}


def test_reach(room: Room) -> None:
    outsider = make_room(room.db, "Elsewhere")
    viewer = person("v", "V", room.workspace, Role.VIEWER)
    assert room.db.read_now(reach, viewer) == (room.id,)
    assert room.db.read_now(reach, viewer, [room.id]) == (room.id,)
    with pytest.raises(NotFound):
        room.db.read_now(reach, viewer, [room.id, outsider.id])
    with pytest.raises(NotFound):
        room.db.read_now(reach, outsider.actor, [room.id])
    with pytest.raises(Denied):
        room.db.read_now(reach, viewer._replace(scopes=frozenset()))


def statements(conn: Connection, work: Callable[[Connection], object]) -> list[str]:
    """The plans of the statements that `work` runs: what SQLite says it will do."""
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, sql: str, params: Any, _context: Any, _many: bool) -> None:
        seen.append((sql, params))

    event.listen(conn.engine, "before_cursor_execute", note)
    try:
        work(conn)
    finally:
        event.remove(conn.engine, "before_cursor_execute", note)
    driver: Any = conn.connection.driver_connection
    return [row[3] for sql, params in seen for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", params)]


@sqlite_only
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"statuses": (Status.OPEN, Status.TRIAGED)},
        {"channels": ("bug",)},
        {"statuses": (Status.CLOSED,), "channels": ("bug",), "source": Source.API},
        {"person": "ann"},
        {"person": "ann", "statuses": (Status.OPEN,)},
        {"page": "app.example.com/", "device": "desktop"},
        {"label": "slow", "statuses": (Status.OPEN,)},
        {"assignee": "x", "channels": ("bug",)},
        {"artifact": "checkout"},
        {"artifact": "checkout", "statuses": (Status.OPEN,), "assignee": "x"},
        {"assignee": NOBODY},
        {"browser": "Firefox"},
        {"search": "checkout", "statuses": (Status.OPEN,)},
        {"search": "b"},
        {"since": NOW, "until": NOW + 10_000, "person": "ann"},
    ],
)
def test_no_filter_reads_or_sorts_the_whole_table(filled: Filled, given: dict[str, Any]) -> None:
    wanted = Filter((filled.room.id, filled.other.id), **given)

    def work(conn: Connection) -> None:
        list_inbox(conn, wanted, None, None, 20)
        count_by_status(conn, wanted)

    plans = filled.db.read_now(statements, work)
    assert plans
    scans = [plan for plan in plans if plan.startswith("SCAN reports")]
    assert not scans, plans
    sorts = [plan for plan in plans if "TEMP B-TREE FOR ORDER BY" in plan]
    tails = [plan for plan in plans if "reports USING INTEGER PRIMARY KEY (rowid>?)" in plan]
    assert len(sorts) <= len(tails), plans
    if given.get("person") or given.get("page"):
        assert any("report_facets USING" in plan for plan in plans), plans
    if given.get("artifact"):
        assert any("reports USING COVERING INDEX reports_artifact" in plan for plan in plans), plans
    if given.get("search") == "checkout":
        assert "SEARCH reports USING INTEGER PRIMARY KEY (rowid=?)" in plans, "what was found is read by its row"


@sqlite_only
def test_the_facets_are_fed_in_slices_and_take_up_where_they_stopped(
    core_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "SLICE_SECONDS", 0)
    with opened(core_store) as db:
        room = make_room(db)
        ids = [room.submit(user_id="ann" if n % 2 else "bob").id for n in range(150)]
        assert db.read_now(facets.count_unindexed) == 150
        assert db.write_now(facets.index_next)
        assert db.read_now(facets.count_unindexed) == 86
    with opened(core_store) as db:
        wanted = Filter((room.id,), person="ann")
        for left in (86, 22, 0):
            assert db.read_now(facets.count_unindexed) == left
            assert walk(db, wanted, 20) == ids[1::2][::-1]
            db.write_now(facets.index_next)
        assert not db.write_now(facets.index_next)


@sqlite_only
def test_a_slice_that_is_undone_is_fed_again(room: Room) -> None:
    report = room.submit(user_id="ann").id

    def fail(tx: Connection) -> None:
        facets.index_next(tx)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        room.db.write_now(fail)
    assert room.db.read_now(facets.count_unindexed) == 1
    assert walk(room.db, Filter((room.id,), person="ann"), 5) == [report]
    room.db.write_now(facets.index_next)
    assert walk(room.db, Filter((room.id,), person="ann"), 5) == [report]
    room.db.write_now(facets.empty)
    assert room.db.read_now(facets.count_unindexed) == 1
