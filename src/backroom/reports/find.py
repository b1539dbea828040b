"""The ids that a filter finds, newest first, and how many they are.

`list_ids` goes by cursor, with bounded work: a page may be short, even empty, and yet name a place to go on from,
for so far it was looked. `list_ids_at` and `count_ids` are exact, for lists that name a page and a total.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice, pairwise
from typing import NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    TextClause,
    and_,
    exists,
    func,
    or_,
    select,
    text,
    union_all,
)

from backroom.errors import Invalid
from backroom.reports.filters import Filter
from backroom.reports.plan import IndexRange, conditions_by_row, id_bounds, plan_ranges
from backroom.reports.rules import Status
from backroom.store import search
from backroom.store.search import ROW
from backroom.store.tables import counters, reports

LOOKED_AT = 20_000
"""How many rows of an index are looked at for a page: some 20 ms where hardly any fits."""

LEAST_LOOKED_AT = 100
"""So many at least by each range, where there are many."""

MOST_RANGES = 200
"""How many are merged in one statement; SQLite takes at most 500."""

FEW = 20_000
"""Reports of which each may be looked at to search or to count: some 80 ms at most."""

FIRST_PIECE = 64
LARGEST_PIECE = 2_000
SLACK_ROWS = 20_000
"""Reports are stored in the order of their ids but for those of a second or two."""

AFTER_ALL = 1 << 62
AFTER_ALL_PROJECTS = "\x7f"
"""Sorts behind every id, which are hexadecimal."""

CURSOR = re.compile(r"(?:[0-9a-f]{24}|r\d{1,18})\Z")
T = TypeVar("T")
_c = reports.c


class Key(NamedTuple):
    """A report by its project and id."""

    project: str
    id: str


class Ids(NamedTuple):
    """What was found, in the direction asked for. Cursors are opaque: `first` and `last` those of the ends,
    `further` where to go on from, None where everything was looked at."""

    keys: list[Key]
    first: str | None
    last: str | None
    further: str | None


def are_keys(project: ColumnElement[str], report: ColumnElement[str], keys: Iterable[Key]) -> ColumnElement[bool]:
    """Meets the rows of these reports in any table whose index begins with the project and the report.

    Project by project, for SQLite goes through the whole table to find pairs in a list of pairs.
    """
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(key.project, []).append(key.id)
    if len(groups) > MOST_RANGES:
        return project.in_(groups) & report.in_([id_ for ids in groups.values() for id_ in ids])
    return or_(*[and_(project == each, report.in_(ids)) for each, ids in groups.items()])


NOTHING = Ids([], None, None, None)


def list_ids(conn: Connection, wanted: Filter, before: str | None, after: str | None, limit: int) -> Ids:
    """At most `limit` (1 or more) reports older than `before`, newest first; or, where `after` is given, those newer
    than it, oldest first. Both are cursors of an earlier page, or ids. Raises Invalid.
    """
    for cursor in (before, after):
        if cursor is not None and not CURSOR.match(cursor):
            raise Invalid("before and after must be ids of reports.")
    if _finds_nothing(wanted):
        return NOTHING
    if search.sqlite_finds(conn, wanted.terms):
        return _find_by_row(conn, wanted, before, after, limit)
    low, high = id_bounds(wanted)
    if before is not None:
        high = min(high, before)
    if after is not None:
        low = max(low, after + "0")  # what follows an id directly
    return _find_by_id(conn, plan_ranges(conn, wanted), low, high, limit, newest_first=after is None)


def list_ids_at(conn: Connection, wanted: Filter, offset: int, limit: int) -> list[Key]:
    """At most `limit` reports, newest first, from the one on that has `offset` others before it.

    What is skipped costs a step in the index, and a look at its row where the index doesn't tell whether it fits.
    """
    if _finds_nothing(wanted) or limit < 1:
        return []
    if _goes_by_text(conn, wanted):
        rows = _rows_at(conn, wanted, offset, limit)
        return [key for _, key in _fitting(conn, rows, [], newest_first=True)]
    low, high = id_bounds(wanted)
    order, found = text("id DESC"), list[Key]()
    pieces = _pieces(plan_ranges(conn, wanted))
    # Of several statements each may have all that is skipped.
    skipped, most = (offset, limit) if len(pieces) == 1 else (0, offset + limit)
    for some in pieces:
        query = _union(some, low, high, order, offset + limit).order_by(order).limit(most).offset(skipped)
        found += [Key(row.project, row.id) for row in conn.execute(query)]
    if len(pieces) > 1:
        found = sorted(found, key=lambda key: key.id, reverse=True)[offset : offset + limit]
    return found


def count_ids(conn: Connection, wanted: Filter) -> int:
    """How many reports `list_ids_at` finds in all, exactly: from the counters where they tell, else counted one by
    one, in the index alone where that has all that is asked for."""
    if _finds_nothing(wanted):
        return 0
    if wanted.is_counted:
        return sum(count_in_counters(conn, wanted).values())
    if _goes_by_text(conn, wanted):
        return _count_by_text(conn, wanted)
    low, high = id_bounds(wanted)
    counts = [
        select(func.count().label("n")).select_from(each.ids(low, high).subquery())
        for each in plan_ranges(conn, wanted)
    ]
    sums = [select(func.sum(union_all(*some).subquery().c.n)) for some in _pieces(counts)]
    return sum(int(conn.execute(query).scalar_one()) for query in sums)


def _goes_by_text(conn: Connection, wanted: Filter) -> bool:
    """Whether SQLite's index of texts finds it with the least work: not where the counters say that so few reports
    are of these projects, statuses, channels and source that looking at each costs less than what many matches do."""
    if not search.sqlite_finds(conn, wanted.terms):
        return False
    fitting = sum(count_in_counters(conn, wanted).values())
    return not fitting <= FEW if wanted.statuses or wanted.channels or wanted.source else not 0 < fitting <= FEW


def _count_by_text(conn: Connection, wanted: Filter) -> int:
    """All matches less those of other statuses, where the counters say that these are few; else one by one."""
    others = replace(wanted, statuses=tuple(status for status in Status if status not in wanted.statuses))
    if wanted.statuses and others.statuses and not _goes_by_text(conn, others):
        return count_ids(conn, replace(wanted, statuses=())) - count_ids(conn, others)
    rows = _tail_rows(conn, wanted), _fed_rows(conn, wanted)
    return sum(conn.execute(select(func.count()).select_from(each.subquery())).scalar_one() for each in rows)


def count_in_counters(conn: Connection, wanted: Filter) -> dict[Status, int]:
    """How many of each status there are, of the filter's projects, statuses, channels and source."""
    k = counters.c
    query = select(k.status, func.sum(k.n)).where(k.project.in_(wanted.projects)).group_by(k.status)
    if wanted.statuses:
        query = query.where(k.status.in_([status.value for status in wanted.statuses]))
    if wanted.channels:
        query = query.where(k.channel_key.in_(wanted.channels))
    if wanted.source:
        query = query.where(k.source == wanted.source.value)
    return dict.fromkeys(Status, 0) | {Status(status): int(n) for status, n in conn.execute(query)}


def _finds_nothing(wanted: Filter) -> bool:
    return not wanted.projects or not all(map(search.can_be_stored, wanted.terms))


def _rows_at(conn: Connection, wanted: Filter, offset: int, limit: int) -> list[int]:
    """Rows of SQLite's, newest first: those that the index doesn't have yet, then those that it has."""
    tail = _tail_rows(conn, wanted).order_by(ROW.desc()).limit(limit + offset)
    fresh = list(conn.execute(tail).scalars())
    found = fresh[offset:]
    if len(found) < limit:
        fed = _fed_rows(conn, wanted).order_by(search.INDEX.c.rowid.desc()).limit(limit - len(found))
        found += conn.execute(fed.offset(max(0, offset - len(fresh)))).scalars()
    return found


def _tail_rows(conn: Connection, wanted: Filter) -> Select[int]:
    """The rows that fit among those which SQLite's index of texts doesn't have yet."""
    fits = [*conditions_by_row(wanted), *search.contain_all(conn, wanted.terms)]
    return select(ROW).select_from(reports).where(search.position(conn) < ROW, *fits)


def _fed_rows(conn: Connection, wanted: Filter) -> Select[int]:
    """The rows that fit among those which SQLite's index of texts has.

    Where that tells everything, no row of `reports` is looked at: to count a word that every third of a million
    reports has takes 65 ms so (75 ms with the driver and all), and 0.7 s with a look at each.
    """
    low, high = _row_bounds(conn, wanted)
    rows = search.indexed_rows(wanted.terms, low, min(high, search.position(conn) + 1))
    if wanted.is_text_alone and all(map(search.is_exact, wanted.terms)) and _are_all_projects(conn, wanted.projects):
        return rows
    fits = (search.INDEX.c.rowid == ROW, *_conditions_by_row(conn, wanted))
    return rows.where(exists(select(_c.id).where(*fits).correlate(search.INDEX)))


def _conditions_by_row(conn: Connection, wanted: Filter) -> list[ColumnElement[bool]]:
    """What a row that the index of texts has found is still to be judged by."""
    inexact = [term for term in wanted.terms if not search.is_exact(term)]
    return [*conditions_by_row(wanted), *search.contain_all(conn, inexact)]


def _are_all_projects(conn: Connection, projects: Sequence[str]) -> bool:
    """Whether no other project has a report, as where one team has the store to itself.

    Others would lie before, between or after these in the index, each of which is one step to look at.
    """
    if len(projects) > MOST_RANGES:
        return False
    ends = ["", *sorted(projects), AFTER_ALL_PROJECTS]
    gaps = [
        select(select(_c.id).where(_c.project > low, _c.project < high).limit(1).subquery().c.id)
        for low, high in pairwise(ends)
    ]
    return conn.execute(union_all(*gaps)).first() is None


def _find_by_id(
    conn: Connection, ranges: list[IndexRange], low: str, high: str, limit: int, *, newest_first: bool
) -> Ids:
    end = _end_of_look(conn, ranges, low, high, newest_first=newest_first)
    if end is not None:
        low, high = (end, high) if newest_first else (low, end + "0")
    order = text("id DESC" if newest_first else "id")
    found: list[Key] = []
    for some in _pieces(ranges):
        rows = conn.execute(_union(some, low, high, order, limit + 1).order_by(order).limit(limit + 1))
        found += [Key(row.project, row.id) for row in rows]
    found.sort(key=lambda key: key.id, reverse=newest_first)
    if len(found) > limit:
        found, end = found[:limit], found[limit - 1].id
    return Ids(found, found[0].id if found else None, found[-1].id if found else None, end)


def _union(
    ranges: Sequence[IndexRange], low: str, high: str, order: TextClause, most: int
) -> Select[str, str] | CompoundSelect[str, str]:
    """The ids of all these, still to be sorted. A branch for each range, which both engines merge in order from the
    indexes without reading on past the page; with an IN they would sort every report first."""
    branches = [_branch(range_, low, high, order, most) for range_ in ranges]
    return union_all(*branches) if len(branches) > 1 else branches[0]


def _branch(range_: IndexRange, low: str, high: str, order: TextClause, most: int) -> Select[str, str]:
    """The range's ids for a union. PostgreSQL's planner is told how few are wanted of a text that many have: by itself
    it would find them all."""
    ids = range_.ids(low, high)
    if range_.bounded:
        return ids
    first = ids.order_by(order).limit(most).subquery().c
    return select(first.id, first.project)


def _end_of_look(conn: Connection, ranges: list[IndexRange], low: str, high: str, *, newest_first: bool) -> str | None:
    """The id up to which rows are looked at; None where that is all of them."""
    looking = [range_ for range_ in ranges if range_.looks_further()]
    each = max(LOOKED_AT // max(len(looking), 1), LEAST_LOOKED_AT)
    ends: list[str] = []
    for some in _pieces(looking):
        skips = []
        for range_ in some:
            query = select(range_.id.label("id")).where(*range_.own, range_.id >= low, range_.id < high)
            query = query.order_by(range_.id.desc() if newest_first else range_.id)
            skips.append(select(query.limit(1).offset(each).subquery().c.id))
        last = union_all(*skips).subquery().c.id
        end = conn.execute(select(func.max(last) if newest_first else func.min(last))).scalar()
        if end is not None:
            ends.append(str(end))
    if not ends:
        return None
    return max(ends) if newest_first else min(ends)


def _find_by_row(conn: Connection, wanted: Filter, before: str | None, after: str | None, limit: int) -> Ids:
    """By SQLite's index of texts, whose order is that in which reports were stored."""
    low, high = 0, AFTER_ALL
    if before is not None:
        high = _row_of(conn, wanted, before)
    newest_first = after is None
    if after is not None:
        low = _row_of(conn, wanted, after, is_before=False)
    within = _row_bounds(conn, wanted)
    conditions = _conditions_by_row(conn, wanted)
    found: list[tuple[int, Key]] = []
    looked_at, piece, further = 0, max(FIRST_PIECE, limit + 1), None
    while looked_at < LOOKED_AT:
        rows = search.find_rows(conn, wanted.terms, low, high, piece, fed_within=within, newest_first=newest_first)
        found += _fitting(conn, rows, conditions, newest_first=newest_first)
        looked_at += len(rows)
        if len(found) > limit:
            further = found[limit - 1][0]
            break
        if len(rows) < piece:
            further = None
            break
        low, high = (low, rows[-1]) if newest_first else (rows[-1], high)
        further, piece = rows[-1], LARGEST_PIECE
    found = found[:limit]
    first, last = (found[0][0], found[-1][0]) if found else (None, None)
    return Ids([key for _, key in found], _cursor(first), _cursor(last), _cursor(further))


def _fitting(
    conn: Connection, rows: Sequence[int], conditions: Sequence[ColumnElement[bool]], *, newest_first: bool
) -> list[tuple[int, Key]]:
    if not rows:
        return []
    query = select(ROW, _c.project, _c.id).where(ROW.in_(rows), *conditions)
    found = [(row, Key(project, id_)) for row, project, id_ in conn.execute(query)]
    return sorted(found, reverse=newest_first)


def _row_bounds(conn: Connection, wanted: Filter) -> tuple[int, int]:
    """Rows below and above those that a filter's times leave, with some to spare; all rows where their order doesn't
    tell."""
    if not search.is_in_order(conn):
        return 0, AFTER_ALL
    low, high = id_bounds(wanted)
    first, last = 0, AFTER_ALL
    if wanted.since is not None:
        first = min(_edge(conn, each, low, newest=False) for each in wanted.projects) - SLACK_ROWS
    if wanted.until is not None:
        last = max(_edge(conn, each, high, newest=True) for each in wanted.projects) + SLACK_ROWS
    return first, last


def _edge(conn: Connection, project: str, id_: str, *, newest: bool) -> int:
    """The row of the project's newest report before `id_`, else that of the oldest from it on."""
    query = select(ROW).select_from(reports).where(_c.project == project)
    query = query.where(_c.id < id_).order_by(_c.id.desc()) if newest else query.where(_c.id >= id_).order_by(_c.id)
    found = conn.execute(query.limit(1)).scalar()
    return int(found) if found is not None else 0 if newest else AFTER_ALL


def _cursor(row: int | None) -> str | None:
    return None if row is None else f"r{row}"


def _row_of(conn: Connection, wanted: Filter, cursor: str, *, is_before: bool = True) -> int:
    """The row that a cursor means; for the id of a report that is gone, the one next to where it would have been."""
    if cursor.startswith("r"):
        return int(cursor[1:])
    mine = _c.project.in_(wanted.projects)
    exact = conn.execute(select(ROW).select_from(reports).where(mine, _c.id == cursor)).scalar()
    if exact is not None:
        return int(exact)
    return max(_edge(conn, project, cursor, newest=True) for project in wanted.projects) + int(is_before)


def _pieces(all_of_them: Sequence[T]) -> list[list[T]]:
    rest = iter(all_of_them)
    return list(iter(lambda: list(islice(rest, MOST_RANGES)), []))
