"""The inbox: rows by filter and cursor, counts by status, what is before and after a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, func, select

from backroom.reports.filters import Filter
from backroom.reports.find import Key, are_keys, count_in_counters, list_ids
from backroom.reports.rules import Status
from backroom.store.tables import counters, events, report_labels, reports

COUNTED_TO = 1_000
COUNTED_FOUND = 200
"""In a search each match costs 20 µs among a million reports, so fewer are counted."""
MESSAGE_LENGTH = 600
EXCERPT_LENGTH = 200
COMMENTS = ("note", "reply")

_c = reports.c


class Row(NamedTuple):
    """A report as a row of the inbox shows it; times in milliseconds.

    `excerpt` is the first of the message that isn't the title, `verified` whether the reporter's signature was
    right, `assignee` a user's id, `thumbnail` the address of the first screenshot.
    """

    id: str
    project: str
    channel_key: str
    status: str
    source: str
    title: str
    excerpt: str
    user_id: str | None
    verified: bool
    page: str | None
    url: str | None
    agent: str | None
    assignee: str | None
    labels: tuple[str, ...]
    created_at: int
    updated_at: int
    thumbnail: str | None
    screenshots: int
    voice_notes: int
    comments: int


class Page(NamedTuple):
    """Rows, newest first. `before` is passed on for older ones, `after` for newer ones; None where there are none.

    Where few of many fit, a page may be short and yet have a `before`: so far it was looked.
    """

    rows: list[Row]
    before: str | None
    after: str | None


class Count(NamedTuple):
    """How many there are; at least that many where it isn't exact."""

    n: int
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.n:,}" if self.exact else f"{self.n:,}+"


class Neighbours(NamedTuple):
    """The reports next to one in a filter, as ids."""

    newer: str | None
    older: str | None


def list_inbox(conn: Connection, wanted: Filter, before: str | None, after: str | None, limit: int) -> Page:
    """A page of what the filter finds: older than `before`, or newer than `after`, or the newest.

    Raises Invalid where a cursor can't be one.
    """
    found = list_ids(conn, wanted, before, after, limit)
    rows = _rows(conn, found.keys)
    if after is None:
        return Page(rows, found.further, None if before is None else found.first)
    return Page(rows[::-1], found.first, found.further)


def get_rows(conn: Connection, projects: Sequence[str], ids: Sequence[str]) -> list[Row]:
    """Those of the reports that these projects have, in the order of `ids`."""
    query = select(_c.project, _c.id).where(_c.project.in_(projects), _c.id.in_(ids))
    project_of = {id_: project for project, id_ in conn.execute(query)}
    return _rows(conn, [Key(project_of[id_], id_) for id_ in ids if id_ in project_of])


def count_by_status(conn: Connection, wanted: Filter) -> dict[Status, Count]:
    """How many of each status the filter finds, whatever statuses it asks for.

    From the counters where they tell; else the newest 1,000 (200 in a search) are counted, and the rest is told
    by "at least".
    """
    wanted = replace(wanted, statuses=())
    if wanted.is_counted:
        return {status: Count(n) for status, n in count_in_counters(conn, wanted).items()}
    found = list_ids(conn, wanted, None, None, COUNTED_FOUND if wanted.terms else COUNTED_TO)
    numbers = dict.fromkeys(Status, 0)
    if found.keys:
        query = select(_c.status, func.count()).where(are_keys(_c.project, _c.id, found.keys)).group_by(_c.status)
        numbers |= {Status(status): n for status, n in conn.execute(query)}
    return {status: Count(n, found.further is None) for status, n in numbers.items()}


def neighbours(conn: Connection, wanted: Filter, report: str) -> Neighbours:
    """What comes before and after a report in the order of the filter, whether or not it fits itself."""
    newer = list_ids(conn, wanted, None, report, 1).keys
    older = list_ids(conn, wanted, report, None, 1).keys
    return Neighbours(newer[0].id if newer else None, older[0].id if older else None)


def open_by_channel(conn: Connection, projects: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many open reports each channel has, by project and channel key; without those that have none."""
    k = counters.c
    query = select(k.project, k.channel_key, func.sum(k.n)).where(k.project.in_(projects))
    query = query.where(k.status == Status.OPEN.value).group_by(k.project, k.channel_key)
    return {(project, channel): int(n) for project, channel, n in conn.execute(query) if n}


class _Seen(msgspec.Struct):
    """What a row tells of a block."""

    type: str
    url: str | None = None


class _Identity(msgspec.Struct):
    verified: bool = False


_blocks = msgspec.json.Decoder(list[_Seen])
_identity = msgspec.json.Decoder(_Identity)
_row_columns = (
    *(_c.id, _c.project, _c.channel_key, _c.status, _c.source, _c.title, _c.user_id, _c.page, _c.url, _c.agent),
    *(_c.assignee, _c.created_at, _c.updated_at, _c.blocks, _c.identity),
    func.substr(_c.message, 1, MESSAGE_LENGTH).label("message"),
)


def _rows(conn: Connection, keys: Sequence[Key]) -> list[Row]:
    if not keys:
        return []
    stored = {row.id: row for row in conn.execute(select(*_row_columns).where(are_keys(_c.project, _c.id, keys)))}
    labels, comments = _labels(conn, keys), _comments(conn, keys)
    return [_row(stored[id_], labels.get(id_, ()), comments.get(id_, 0)) for _, id_ in keys if id_ in stored]


def _row(row: Any, labels: tuple[str, ...], comments: int) -> Row:
    seen = _blocks.decode(row.blocks)
    shots = [block.url for block in seen if block.type == "screenshot"]
    return Row(
        id=row.id,
        project=row.project,
        channel_key=row.channel_key,
        status=row.status,
        source=row.source,
        title=row.title,
        excerpt=excerpt_of(row.title, row.message),
        user_id=row.user_id,
        verified=row.identity is not None and _identity.decode(row.identity).verified,
        page=row.page,
        url=row.url,
        agent=row.agent,
        assignee=row.assignee,
        labels=labels,
        created_at=row.created_at,
        updated_at=row.updated_at,
        thumbnail=shots[0] if shots else None,
        screenshots=len(shots),
        voice_notes=sum(block.type == "audio" for block in seen),
        comments=comments,
    )


def excerpt_of(title: str, message: str) -> str:
    """The first line of the message that isn't the title, or what follows a title cut out of it."""
    rest = message.strip()
    if rest.startswith(title):
        rest = rest[len(title) :].strip()
    return rest.splitlines()[0].strip()[:EXCERPT_LENGTH] if rest else ""


def _labels(conn: Connection, keys: Sequence[Key]) -> dict[str, tuple[str, ...]]:
    r = report_labels.c
    mine = are_keys(r.project, r.report, keys)
    found: dict[str, tuple[str, ...]] = {}
    for report, name in sorted(tuple(row) for row in conn.execute(select(r.report, r.name).where(mine))):
        found[report] = (*found.get(report, ()), name)
    return found


def _comments(conn: Connection, keys: Sequence[Key]) -> dict[str, int]:
    e = events.c
    mine = are_keys(e.project, e.report, keys)
    query = select(e.report, func.count()).where(mine, e.kind.in_(COMMENTS)).group_by(e.report)
    return {str(report): int(n) for report, n in conn.execute(query)}
