"""Substring search in messages: FTS5 trigrams on SQLite, pg_trgm on PostgreSQL, newest first.

The index is fed after the acknowledgement, in small slices between writes. SQLite's goes on from where it last
stopped; on PostgreSQL, where writers commit in any order, triggers note in `search_tail` which reports are still
to come. A search looks into the index and, directly, at the rows that aren't in it yet.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    func,
    inspect,
    literal_column,
    not_,
    select,
    table,
)

from backroom.ids import moment_of
from backroom.store.tables import reports

SLICE_SECONDS = 0.002
SLICE_ROWS = 16
POSTGRESQL_SLICE_ROWS = 64
SHORTEST_INDEXED = 3
LONGEST_PHRASE = 64
SLACK_SECONDS = 2
"""Two processes that store at the same time may interleave."""

WORD = re.compile(r'"([^"]+)"(?!\S)|(\S+)')

ROW: ColumnElement[int] = literal_column("reports.row")
INDEX = table("report_search", column("rowid"), column("message"))
"""SQLite's."""

_ADD = "INSERT INTO report_search (rowid, message) VALUES (?, ?)"
_REMOVE = "INSERT INTO report_search (report_search, rowid, message) VALUES ('delete', ?, ?)"
"""FTS5 keeps no texts of its own here, so it is told what it was given: the message as `fold` makes it."""

TEXTS = table("report_search", column("project"), column("report"), column("message"))
TAIL = table("search_tail", column("project"), column("report"))
"""PostgreSQL's: a report is in one of the two."""

_MOVE = """
WITH taken AS (
    DELETE FROM search_tail
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM search_tail LIMIT %(most)s FOR UPDATE SKIP LOCKED))
    RETURNING project, report
), stored AS (
    INSERT INTO report_search (project, report, message)
    SELECT r.project, r.id, r.message FROM reports r JOIN taken t ON r.project = t.project AND r.id = t.report
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM taken
"""


def index_next(tx: Connection) -> bool:
    """Puts the next few messages into the index; returns whether more are waiting."""
    if tx.dialect.name != "sqlite":
        return _index_next_postgresql(tx)
    if not has_index(tx):
        return False
    driver: Any = tx.connection.driver_connection
    until = time.perf_counter() + SLICE_SECONDS
    fed_to, newest, in_order = driver.execute("SELECT row, newest, in_order FROM search_state").fetchone()
    while True:
        rows = driver.execute(
            "SELECT row, id, message FROM reports WHERE row > ? ORDER BY row LIMIT ?",
            (fed_to, SLICE_ROWS),
        ).fetchall()
        if rows:
            driver.executemany(_ADD, [(row, fold(message)) for row, _, message in rows])
            fed_to = rows[-1][0]
            for _, id_, _ in rows:
                second = moment_of(id_) // 1000
                in_order = in_order and second >= newest - SLACK_SECONDS
                newest = max(newest, second)
            state = (fed_to, newest, int(in_order))
            driver.execute("UPDATE search_state SET row = ?, newest = ?, in_order = ?", state)
        if len(rows) < SLICE_ROWS:
            return False
        if time.perf_counter() > until:
            return True


def _index_next_postgresql(tx: Connection) -> bool:
    """Several processes may do this at once: each takes others' rows."""
    driver: Any = tx.connection.driver_connection
    until = time.perf_counter() + SLICE_SECONDS
    while True:
        (moved,) = driver.execute(_MOVE, {"most": POSTGRESQL_SLICE_ROWS}).fetchone()
        if moved < POSTGRESQL_SLICE_ROWS:
            return False
        if time.perf_counter() > until:
            return True


def count_unindexed(conn: Connection) -> int:
    """How many reports aren't in the index yet."""
    if conn.dialect.name != "sqlite":
        return conn.execute(select(func.count()).select_from(TAIL)).scalar_one()
    if not has_index(conn):
        return 0
    sql = "SELECT count(*) FROM reports WHERE row > (SELECT row FROM search_state)"
    return int(conn.exec_driver_sql(sql).scalar_one())


def unindex(tx: Connection, condition: ColumnElement[bool]) -> None:
    """Takes the messages of the reports that meet `condition` out of SQLite's index, before they are deleted.

    On PostgreSQL a trigger does. SQLite gives the row numbers of deleted last rows out again, so the position
    steps back behind them.
    """
    if tx.dialect.name != "sqlite" or not has_index(tx):
        return
    fed_to = position(tx)
    indexed = select(ROW, reports.c.message).where(condition, fed_to >= ROW)
    for row, message in tx.execute(indexed).all():
        tx.exec_driver_sql(_REMOVE, (row, fold(message)))
    last = tx.execute(select(func.max(ROW)).select_from(reports).where(not_(condition))).scalar()
    tx.exec_driver_sql("UPDATE search_state SET row = ?", (min(fed_to, last or 0),))


def reindex(tx: Connection, condition: ColumnElement[bool]) -> None:
    """Puts back those messages that meet `condition` and came back at a place the feeding has passed."""
    if tx.dialect.name != "sqlite" or not has_index(tx):
        return
    for row, message in tx.execute(select(ROW, reports.c.message).where(condition, position(tx) >= ROW)).all():
        tx.exec_driver_sql(_ADD, (row, fold(message)))


def has_index(conn: Connection) -> bool:
    """Whether the store has a trigram index. One that hasn't may get it from another process."""
    url = str(conn.engine.url)
    if url not in _indexed_stores:
        if conn.dialect.name == "sqlite":
            found = inspect(conn).has_table("report_search")
        else:
            found = bool(conn.execute(select(func.to_regclass("report_search_message"))).scalar())
        if not found:
            return False
        _indexed_stores.add(url)
    return True


_indexed_stores: set[str] = set()


def is_in_order(conn: Connection) -> bool:
    """Whether SQLite's fed reports lie in the order of their ids, but for SLACK_SECONDS: not where one was brought
    back at the end, or the clock was set back between two servers."""
    fed_to, newest, in_order = conn.exec_driver_sql("SELECT row, newest, in_order FROM search_state").one()
    oldest = conn.execute(select(func.min(reports.c.id)).where(fed_to < ROW)).scalar()
    return bool(in_order) and (oldest is None or moment_of(oldest) // 1000 >= newest - SLACK_SECONDS)


def find_rows(
    conn: Connection,
    terms: Sequence[str],
    low: int,
    high: int,
    most: int,
    *,
    fed_within: tuple[int, int],
    newest_first: bool = True,
) -> list[int]:
    """Numbers above `low` and below `high` of SQLite's rows whose message contains all of `terms`, at most `most` of
    them from one end on; of those that are fed, only within narrower bounds.

    Only where `sqlite_finds` them; those of `terms` that aren't `is_exact` are still to be judged by the rows.
    """
    fed_to = position(conn)
    tail = select(ROW).select_from(reports).where(max(low, fed_to) < ROW, high > ROW, *contain_all(conn, terms))
    fed = indexed_rows(terms, max(low, fed_within[0]), min(high, fed_within[1], fed_to + 1))
    rowid = INDEX.c.rowid
    both = [(tail, ROW), (fed, rowid)] if newest_first else [(fed, rowid), (tail, ROW)]
    found: list[int] = []
    for query, number in both:
        if len(found) < most:
            order = number.desc() if newest_first else number
            found += conn.execute(query.order_by(order).limit(most - len(found))).scalars()
    return found


def indexed_rows(terms: Sequence[str], low: int, high: int) -> Select[int]:
    """The numbers above `low` and below `high` of SQLite's rows that the index has all of `terms` for.

    Whatever a row is judged by besides belongs into an EXISTS: as a join, SQLite begins with the rows of a project
    and asks the index for each, which took 13 s to count among 30,000 reports where this takes 0.1 s.
    """
    return select(INDEX.c.rowid).where(_matches(terms), INDEX.c.rowid > low, INDEX.c.rowid < high)


def position(conn: Connection) -> int:
    """The last row that is in SQLite's index; every later one is to be looked at directly."""
    return int(conn.exec_driver_sql("SELECT row FROM search_state").scalar_one())


def can_be_stored(term: str) -> bool:
    """Whether a message may have `term` in it: none has a NUL or half a character, which the engines refuse."""
    return "\0" not in term and not any("\ud800" <= char <= "\udfff" for char in term)


def fold(text: str) -> str:
    """`text` without what a search on SQLite doesn't tell apart: big and small letters, ß and ss, İ and i."""
    return text.casefold().replace("i\N{COMBINING DOT ABOVE}", "i")


def split_terms(text: str) -> list[str]:
    """What a search of a person's asks for, all of it: each word, and each phrase in quotation marks."""
    return [phrase or word for phrase, word in WORD.findall(text)]


def sqlite_finds(conn: Connection, terms: Sequence[str]) -> bool:
    """Whether SQLite's own index can find `terms`: it knows no pieces shorter than three characters."""
    return conn.dialect.name == "sqlite" and any(map(is_indexed, terms)) and has_index(conn)


def postgresql_finds(conn: Connection, terms: Sequence[str]) -> bool:
    """Whether PostgreSQL finds `terms` by its index in TEXTS, and one by one among the reports of TAIL."""
    indexed = any(len(term) >= SHORTEST_INDEXED for term in terms)
    return indexed and conn.dialect.name == "postgresql" and has_index(conn)


def is_indexed(term: str) -> bool:
    """Whether a trigram index knows pieces of it."""
    return len(fold(term)) >= SHORTEST_INDEXED


def is_exact(term: str) -> bool:
    """Whether SQLite's index alone tells what contains `term`: of a long one it is asked for the beginning, for the
    memory it takes grows with the phrase."""
    return SHORTEST_INDEXED <= len(fold(term)) <= LONGEST_PHRASE


def _matches(terms: Sequence[str]) -> ColumnElement[bool]:
    phrases = [fold(term)[:LONGEST_PHRASE].replace('"', '""') for term in terms if is_indexed(term)]
    asked = " AND ".join(f'"{phrase}"' for phrase in phrases)
    return literal_column("report_search").op("MATCH", is_comparison=True)(asked)


def contain_all(conn: Connection, terms: Sequence[str]) -> list[ColumnElement[bool]]:
    """Whether a report's message contains each of `terms`."""
    return [contains(conn, term) for term in terms]


def contains(conn: Connection, term: str) -> ColumnElement[bool]:
    """Whether a report's message contains `term`, judged by the message itself."""
    if conn.dialect.name == "sqlite":
        return func.contains_text(reports.c.message, fold(term)) == 1
    return _like(reports.c.message, term)


def have_all(terms: Sequence[str]) -> list[ColumnElement[bool]]:
    """Whether a row of PostgreSQL's TEXTS contains each of `terms`."""
    return [_like(TEXTS.c.message, term) for term in terms]


def _like(message: ColumnElement[str], term: str) -> ColumnElement[bool]:
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return message.ilike(f"%{escaped}%", escape="\\")
