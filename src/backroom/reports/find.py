"""The ids that a filter finds, newest first, a page at a time, with bounded work.

A page may be short, even empty, and yet name a place to go on from: so far it was looked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, TextClause, and_, func, or_, select, text, union_all

from backroom.errors import Invalid
from backroom.reports.filters import Wanted
from backroom.reports.plan import Way, conditions_by_row, id_bounds, ways_of
from backroom.store import search
from backroom.store.search import ROW
from backroom.store.tables import reports

LOOKED_AT = 20_000
"""How many rows of an index are looked at for a page: some 20 ms where hardly any fits."""

LEAST_LOOKED_AT = 100
"""So many at least by each way, where there are many."""

MOST_WAYS = 200
"""How many are merged in one statement; SQLite takes at most 500."""

FIRST_PIECE = 64
LARGEST_PIECE = 2_000
SLACK_ROWS = 20_000
"""Reports are stored in the order of their ids but for those of a second or two."""

AFTER_ALL = 1 << 62
CURSOR = re.compile(r"(?:[0-9a-f]{24}|r\d{1,18})\Z")
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
    if len(groups) > MOST_WAYS:
        return project.in_(groups) & report.in_([id_ for ids in groups.values() for id_ in ids])
    return or_(*[and_(project == each, report.in_(ids)) for each, ids in groups.items()])


NOTHING = Ids([], None, None, None)


def find_ids(conn: Connection, wanted: Wanted, before: str | None, after: str | None, limit: int) -> Ids:
    """At most `limit` (1 or more) reports older than `before`, newest first; or, where `after` is given, those newer
    than it, oldest first. Both are cursors of an earlier page, or ids. Raises Invalid.
    """
    for cursor in (before, after):
        if cursor is not None and not CURSOR.match(cursor):
            raise Invalid("before and after must be ids of reports.")
    if not wanted.projects or not all(map(search.can_be_stored, wanted.words)):
        return NOTHING
    if search.serves(conn, wanted.words):
        return _find_by_row(conn, wanted, before, after, limit)
    low, high = id_bounds(wanted)
    if before is not None:
        high = min(high, before)
    if after is not None:
        low = max(low, after + "0")  # what follows an id directly
    return _find_by_id(conn, ways_of(conn, wanted), low, high, limit, newest_first=after is None)


def _find_by_id(conn: Connection, ways: list[Way], low: str, high: str, limit: int, *, newest_first: bool) -> Ids:
    end = _end_of_look(conn, ways, low, high, newest_first=newest_first)
    if end is not None:
        low, high = (end, high) if newest_first else (low, end + "0")
    order = text("id DESC" if newest_first else "id")
    found: list[Key] = []
    for some in _pieces(ways):
        branches = [_branch(way, low, high, order, limit + 1) for way in some]
        query = union_all(*branches) if len(branches) > 1 else branches[0]
        rows = conn.execute(query.order_by(order).limit(limit + 1))
        found += [Key(row.project, row.id) for row in rows]
    found.sort(key=lambda key: key.id, reverse=newest_first)
    if len(found) > limit:
        found, end = found[:limit], found[limit - 1].id
    return Ids(found, found[0].id if found else None, found[-1].id if found else None, end)


def _branch(way: Way, low: str, high: str, order: TextClause, most: int) -> Select[str, str]:
    """The way's ids for a union. PostgreSQL's planner is told how few are wanted of a text that many have: by itself
    it would find them all."""
    ids = way.ids(low, high)
    if way.bounded:
        return ids
    first = ids.order_by(order).limit(most).subquery().c
    return select(first.id, first.project)


def _end_of_look(conn: Connection, ways: list[Way], low: str, high: str, *, newest_first: bool) -> str | None:
    """The id up to which rows are looked at; None where that is all of them."""
    looking = [way for way in ways if way.looks_further()]
    each = max(LOOKED_AT // max(len(looking), 1), LEAST_LOOKED_AT)
    ends: list[str] = []
    for some in _pieces(looking):
        skips = []
        for way in some:
            query = select(way.id.label("id")).where(*way.own, way.id >= low, way.id < high)
            query = query.order_by(way.id.desc() if newest_first else way.id)
            skips.append(select(query.limit(1).offset(each).subquery().c.id))
        last = union_all(*skips).subquery().c.id
        end = conn.execute(select(func.max(last) if newest_first else func.min(last))).scalar()
        if end is not None:
            ends.append(str(end))
    if not ends:
        return None
    return max(ends) if newest_first else min(ends)


def _find_by_row(conn: Connection, wanted: Wanted, before: str | None, after: str | None, limit: int) -> Ids:
    """By SQLite's index of texts, whose order is that in which reports were stored."""
    low, high = 0, AFTER_ALL
    if before is not None:
        high = _row_of(conn, wanted, before)
    newest_first = after is None
    if after is not None:
        low = _row_of(conn, wanted, after, is_before=False)
    within = _row_bounds(conn, wanted)
    inexact = [word for word in wanted.words if not search.is_exact(word)]
    conditions = [*conditions_by_row(wanted), *search.contain_all(conn, inexact)]
    found: list[tuple[int, Key]] = []
    looked_at, piece, further = 0, max(FIRST_PIECE, limit + 1), None
    while looked_at < LOOKED_AT:
        rows = search.find_rows(conn, wanted.words, low, high, piece, fed_within=within, newest_first=newest_first)
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


def _row_bounds(conn: Connection, wanted: Wanted) -> tuple[int, int]:
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


def _row_of(conn: Connection, wanted: Wanted, cursor: str, *, is_before: bool = True) -> int:
    """The row that a cursor means; for the id of a report that is gone, the one next to where it would have been."""
    if cursor.startswith("r"):
        return int(cursor[1:])
    mine = _c.project.in_(wanted.projects)
    exact = conn.execute(select(ROW).select_from(reports).where(mine, _c.id == cursor)).scalar()
    if exact is not None:
        return int(exact)
    return max(_edge(conn, project, cursor, newest=True) for project in wanted.projects) + int(is_before)


def _pieces(ways: Sequence[Way]) -> list[list[Way]]:
    rest = iter(ways)
    return list(iter(lambda: list(islice(rest, MOST_WAYS)), []))
