"""What agents read of a project's reports: short lists, with a bounded amount of work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from backroom.access import Actor
from backroom.errors import Invalid
from backroom.ids import is_id
from backroom.reports.filters import Wanted
from backroom.reports.finding import Key, are_keys, find_ids
from backroom.reports.reach import reach
from backroom.reports.rules import Status
from backroom.store.search import can_be_stored
from backroom.store.tables import reports

MOST_LOOKS = 5
"""How often a list is gone on with where a look found too few: each takes some 20 ms at most."""

SEARCH_LENGTH = 1_000
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
        raise Invalid("before must be the nextCursor of an earlier answer, which is the id of a report.")
    if artifact is not None and not can_be_stored(artifact):
        return Listing([], None)
    statuses = () if status is None else (status,)
    channels = () if channel is None else (channel,)
    return _find(conn, Wanted(projects, statuses, channels, artifact=artifact), before, limit)


def search_for_agent(conn: Connection, actor: Actor, term: str, status: Status | None, limit: int) -> list[Listed]:
    """The newest reports whose words contain `term`. Raises Denied, Invalid."""
    projects = reach(conn, actor)
    term = term.strip()
    if not 1 <= len(term) <= SEARCH_LENGTH or not can_be_stored(term):
        raise Invalid(f"query must have 1 to {SEARCH_LENGTH:,} characters.")
    wanted = Wanted(projects, () if status is None else (status,), search=term)
    return _find(conn, wanted, None, limit).reports


def rows_of(conn: Connection, keys: Sequence[Key]) -> list[Listed]:
    """The reports of these keys, in their order; without those that are gone."""
    if not keys:
        return []
    found = {row.id: Listed(*row) for row in conn.execute(select(*_columns).where(are_keys(_c.project, _c.id, keys)))}
    return [found[key.id] for key in keys if key.id in found]


def _find(conn: Connection, wanted: Wanted, before: str | None, limit: int) -> Listing:
    keys: list[Key] = []
    for _ in range(MOST_LOOKS):
        found = find_ids(conn, wanted, before, None, limit - len(keys))
        keys += found.keys
        before = found.further
        if before is None or len(keys) >= limit:
            break
    return Listing(rows_of(conn, keys), before)
