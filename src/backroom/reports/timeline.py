"""A report's timeline: every change and comment, with the names of those who made it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, literal, select, union_all

from backroom.access import Actor, KeyScope
from backroom.errors import NotFound
from backroom.reports.lookup import NO_SUCH_REPORT, reached
from backroom.store.tables import api_keys, events, oauth_grants, reports, users

AGENT = "agent"
"""The kind of an actor that is an agent, at the MCP door."""

NOTE = "note"
REPLY = "reply"
COMMIT = "commit"
GONE_PERSON = "Former member"
GONE_KEY = "Deleted key"
COMMAND_LINE = "Command line"


class Event(NamedTuple):
    """Something that was done to a report at `at` (ms), by a `user`, a `key`, an `agent` or the `operator`.

    Kinds and payloads: `status`, `channel` and `assignee` `{from, to}` (an assignee with `fromName` and `toName`),
    `label` and `unlabel` `{name}`, `note` and `reply` `{text}`, `commit` `{commit, url, message}`, `created` `{}`.
    """

    id: str
    at: int
    actor_kind: str
    actor_id: str
    actor_name: str
    kind: str
    payload: dict[str, Any]


def list_events(conn: Connection, actor: Actor, report: str) -> list[Event]:
    """The report's timeline, oldest first. Raises NotFound, Denied."""
    query = select(reports.c.project).where(reports.c.project.in_(reached(actor)), reports.c.id == report)
    project = conn.execute(query).scalar()
    if project is None:
        raise NotFound(NO_SUCH_REPORT)
    actor.require(KeyScope.FEEDBACK_READ)
    return read_events(conn, project, report)


def first_channel(conn: Connection, project: str, report: str) -> str | None:
    """The channel that a report was in before it was first moved; None where it never was."""
    e = events.c
    moved = select(e.payload).where(e.project == project, e.report == report, e.kind == "channel")
    payload = conn.execute(moved.order_by(e.id).limit(1)).scalar()
    return None if payload is None else str(msgspec.json.decode(payload)["from"])


def read_events(conn: Connection, project: str, report: str) -> list[Event]:
    """The timeline of a report that the caller may read."""
    e = events.c
    query = select(e.id, e.at, e.actor_kind, e.actor_id, e.kind, e.payload)
    rows = conn.execute(query.where(e.project == project, e.report == report).order_by(e.id)).all()
    found = [(row, msgspec.json.decode(row.payload, type=dict[str, Any])) for row in rows]
    people = {row.actor_id for row in rows if row.actor_kind == "user"}
    people |= {each[end] for row, each in found if row.kind == "assignee" for end in ("from", "to") if each[end]}
    keys = {row.actor_id for row in rows if row.actor_kind == "key"}
    names = read_names(conn, people, keys, {row.actor_id for row in rows if row.actor_kind == AGENT})
    return [
        Event(
            id=row.id,
            at=row.at,
            actor_kind=row.actor_kind,
            actor_id=row.actor_id,
            actor_name=_name(names, row.actor_kind, row.actor_id),
            kind=row.kind,
            payload=_with_names(names, payload) if row.kind == "assignee" else payload,
        )
        for row, payload in found
    ]


def read_names(
    conn: Connection, people: Iterable[str], keys: Iterable[str], agents: Iterable[str] = ()
) -> dict[tuple[str, str], str]:
    """The names of people, keys and agents that there are, by kind and id, in one statement.

    An agent goes by the name of its key, or of the program that somebody connected.
    """
    people, keys, agents = sorted(people), sorted(keys), sorted(agents)
    parts = []
    if people:
        parts.append(select(literal("user").label("kind"), users.c.id, users.c.name).where(users.c.id.in_(people)))
    if keys:
        of_keys = select(literal("key").label("kind"), api_keys.c.id, api_keys.c.name)
        parts.append(of_keys.where(api_keys.c.id.in_(keys)))
    for table in (api_keys, oauth_grants) if agents else ():
        of_agents = select(literal(AGENT).label("kind"), table.c.id, table.c.name)
        parts.append(of_agents.where(table.c.id.in_(agents)))
    if not parts:
        return {}
    return {(kind, id_): name for kind, id_, name in conn.execute(union_all(*parts))}


def _name(names: dict[tuple[str, str], str], kind: str, id_: str) -> str:
    if kind == "operator":
        return COMMAND_LINE
    if kind == AGENT:
        return f"{names.get((kind, id_)) or GONE_KEY} (agent)"
    return names.get((kind, id_)) or (GONE_KEY if kind == "key" else GONE_PERSON)


def _with_names(names: dict[tuple[str, str], str], payload: dict[str, Any]) -> dict[str, Any]:
    found = {end: payload.get(end) for end in ("from", "to")}
    named = {f"{end}Name": None if id_ is None else _name(names, "user", id_) for end, id_ in found.items()}
    return payload | named
