"""What agents read of a project's reports: short lists, with a bounded amount of work."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from backroom.access import Actor
from backroom.errors import Invalid, NotFound
from backroom.ids import is_id
from backroom.reports.detail import Full, get_full
from backroom.reports.filters import Filter
from backroom.reports.find import CURSOR, Key, are_keys, list_ids
from backroom.reports.lookup import NO_SUCH_REPORT, reach
from backroom.reports.markdown import Document, document_of
from backroom.reports.rooms import find_room
from backroom.reports.rules import Status
from backroom.store.search import can_be_stored
from backroom.store.tables import reports

MOST_LOOKS = 5
"""How often a list is gone on with where a look found too few: each takes some 20 ms at most."""

SEARCH_LENGTH = 1_000
SHORT_ID = re.compile(r"[0-9a-f]{4,8}\Z")
LINK = re.compile(r"https?://\S{1,300}/r/([0-9a-f]{24})\Z")
MOST_SHORT = 20_000
"""In how many reports one is looked for by the end of its id: some 10 ms. Among more, four digits say little."""

WHOLE_ID = "Give all 24 characters of its id, or the address of its page."
NOT_A_CURSOR = "before must be the nextCursor of an earlier answer."
_c = reports.c


class Listed(NamedTuple):
    """A report as a list for agents has it; `created_at` in milliseconds."""

    id: str
    title: str
    status: str
    channel_key: str
    url: str | None
    artifact_id: str | None
    created_at: int


class Listing(NamedTuple):
    """Reports, newest first; `before` is passed on for older ones, None where there are none."""

    reports: list[Listed]
    before: str | None


class Read(NamedTuple):
    """A report, and what its Markdown tells."""

    full: Full
    document: Document


_columns = tuple(_c[name] for name in Listed._fields)


def list_for_agent(
    conn: Connection,
    actor: Actor,
    status: Status | None,
    channel: str | None,
    artifact: str | None,
    before: str | None,
    limit: int,
) -> Listing:
    """The reports that the actor reaches, newest first, older than the report `before`. Raises Denied, Invalid."""
    projects = reach(conn, actor)
    if before is not None and not is_id(before):
        raise Invalid(NOT_A_CURSOR)
    if artifact is not None and not can_be_stored(artifact):
        return Listing([], None)
    statuses = () if status is None else (status,)
    channels = () if channel is None else (channel,)
    return _find(conn, Filter(projects, statuses, channels, artifact=artifact), before, limit)


def search_for_agent(
    conn: Connection, actor: Actor, term: str, status: Status | None, before: str | None, limit: int
) -> Listing:
    """The newest reports whose text has every word of `term`, or phrase in quotation marks, in capitals or not.

    Raises Denied, Invalid.
    """
    projects = reach(conn, actor)
    term = term.strip()
    if not 1 <= len(term) <= SEARCH_LENGTH or not can_be_stored(term):
        raise Invalid(f"query must have 1 to {SEARCH_LENGTH:,} characters.")
    if before is not None and not CURSOR.match(before):
        raise Invalid(NOT_A_CURSOR)
    wanted = Filter(projects, () if status is None else (status,), search=term)
    return _find(conn, wanted, before, limit)


def read_for_agent(conn: Connection, actor: Actor, report: str) -> Read:
    """The report, with what its room says where it has one. Raises NotFound, Denied."""
    full = get_full(conn, actor, report)
    artifact = full.artifact
    room = None if artifact is None else find_room(conn, actor, full.project, artifact.id)
    return Read(full, document_of(full, room))


def find_report(conn: Connection, actor: Actor, named: str) -> str:
    """The id of the report that is named by it, by the address of its page, or by the end of its id as lists show it.

    Raises NotFound, also where the end is that of several; Denied.
    """
    named = named.strip()
    link = LINK.match(named)
    if is_id(named) or link:
        return link[1] if link else named
    if not SHORT_ID.match(named):
        raise NotFound(f"{NO_SUCH_REPORT} {WHOLE_ID}")
    mine = select(_c.id).where(_c.project.in_(reach(conn, actor)))
    if conn.execute(mine.order_by(_c.id).limit(1).offset(MOST_SHORT)).first() is not None:
        raise NotFound(f"There are too many reports to find one by the end of its id. {WHOLE_ID}")
    found = list(conn.execute(mine.where(_c.id.endswith(named)).limit(2)).scalars())
    if len(found) > 1:
        raise NotFound(f"Several reports' ids end in {named}. {WHOLE_ID}")
    if not found:
        raise NotFound(f"No report's id ends in {named}. {WHOLE_ID}")
    return str(found[0])


def rows_of(conn: Connection, keys: Sequence[Key]) -> list[Listed]:
    """The reports of these keys, in their order; without those that are gone."""
    if not keys:
        return []
    found = {row.id: Listed(*row) for row in conn.execute(select(*_columns).where(are_keys(_c.project, _c.id, keys)))}
    return [found[key.id] for key in keys if key.id in found]


def _find(conn: Connection, wanted: Filter, before: str | None, limit: int) -> Listing:
    keys: list[Key] = []
    for _ in range(MOST_LOOKS):
        found = list_ids(conn, wanted, before, None, limit - len(keys))
        keys += found.keys
        before = found.further
        if before is None or len(keys) >= limit:
            break
    return Listing(rows_of(conn, keys), before)
