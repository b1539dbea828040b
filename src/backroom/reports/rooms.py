"""Rooms for reviewing an artifact: found again by their title, joined to their reports by the artifact's id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from backroom.access import Actor, KeyScope
from backroom.errors import Invalid, NotFound
from backroom.ids import is_id, new_id
from backroom.projects.audit import note
from backroom.projects.queries import get_reached, lock_project
from backroom.reports.find import Key, are_keys
from backroom.reports.rules import MOST_BLOCKS, TEXT_LENGTH, Status, check_text
from backroom.store.tables import reports, rooms

TITLE_LENGTH = 200
TOOL_LENGTH = 100
MOST_LISTED = 500
NO_SUCH_ROOM = "There is no such room in this project."


class Room(NamedTuple):
    """A room; its `id` is the artifact's, which its reports carry. `created_at` in milliseconds."""

    id: str
    project: str
    title: str
    goal: str
    constraints: list[str]
    tool: str
    created_at: int


class Occupied(NamedTuple):
    """A room with the number of its reports, in all and open."""

    room: Room
    reports: int
    open: int


def open_room(
    tx: Connection,
    actor: Actor,
    project: str,
    title: str,
    goal: str | None,
    constraints: Sequence[str] | None,
    tool: str | None,
    now: int,
) -> tuple[Room, tuple[str, ...] | None]:
    """The project's room of that title, and what of it was changed, None for a new one. What is given of the others,
    the room then has.

    Raises NotFound, Denied, Invalid.
    """
    lock_project(tx, project)
    where = get_reached(tx, actor, project)
    actor.require(KeyScope.FEEDBACK_WRITE)
    title = check_text("title", title, 1, TITLE_LENGTH)
    values = _values(goal, constraints, tool)
    query = select(rooms).where(rooms.c.project == project, rooms.c.title == title)
    row = tx.execute(query).first()
    if row is None:
        id_ = new_id(now)
        fixed = {"project": project, "id": id_, "title": title, "created_by": actor.id, "created_at": now}
        tx.execute(insert(rooms).values({"goal": "", "constraints": b"[]", "tool": ""} | values | fixed))
        note(tx, actor, where, "room.create", id_, {"title": title}, now)
        return _room(tx.execute(query).one()), None
    changed = tuple(name for name, value in values.items() if row._mapping[name] != value)
    if changed:
        tx.execute(update(rooms).where(rooms.c.project == project, rooms.c.id == row.id).values(values))
        note(tx, actor, where, "room.change", row.id, {"title": title}, now)
    return _room(tx.execute(query).one()), changed


def get_room(conn: Connection, actor: Actor, project: str, room: str) -> Room:
    """The room. Raises NotFound, Denied."""
    found = find_room(conn, actor, project, room)
    if found is None:
        raise NotFound(NO_SUCH_ROOM)
    return found


def find_room(conn: Connection, actor: Actor, project: str, artifact: str) -> Room | None:
    """The room of the artifact; None for one that has none. Raises NotFound (the project), Denied."""
    get_reached(conn, actor, project)
    actor.require(KeyScope.FEEDBACK_READ)
    if not is_id(artifact):
        return None
    row = conn.execute(select(rooms).where(rooms.c.project == project, rooms.c.id == artifact)).first()
    return None if row is None else _room(row)


def read_rooms(conn: Connection, keys: Iterable[Key]) -> dict[Key, Room]:
    """Those of the artifacts, each by its project and id, that are rooms; for a caller who may read them."""
    wanted = {key for key in keys if is_id(key.id)}
    if not wanted:
        return {}
    rows = conn.execute(select(rooms).where(are_keys(rooms.c.project, rooms.c.id, wanted)))
    return {Key(row.project, row.id): _room(row) for row in rows}


def list_rooms(conn: Connection, actor: Actor, project: str) -> list[Occupied]:
    """The project's newest rooms, at most 500, each with how many reports it has. Raises NotFound, Denied."""
    get_reached(conn, actor, project)
    actor.require(KeyScope.FEEDBACK_READ)
    query = select(rooms).where(rooms.c.project == project).order_by(rooms.c.id.desc()).limit(MOST_LISTED)
    found = [_room(row) for row in conn.execute(query)]
    numbers = _numbers(conn, project, [room.id for room in found])
    return [
        Occupied(room, sum(of_room.values()), of_room.get(Status.OPEN, 0))
        for room in found
        for of_room in [numbers.get(room.id, {})]
    ]


def script_of(origin: str, project_key: str, room: Room) -> str:
    """What goes into the artifact's page (Patchrooms, "Widget": `mode`, `artifact`)."""
    artifact: dict[str, Any] = {"id": room.id, "title": room.title}
    artifact |= {name: value for name, value in (("tool", room.tool), ("goal", room.goal)) if value}
    if room.constraints:
        artifact["constraints"] = room.constraints
    options = {"projectKey": project_key, "mode": "artifact-review", "artifact": artifact}
    # In a page, "</script>" ends a script wherever it stands, and "<!--" changes how it is read.
    code = msgspec.json.encode(options).decode().replace("<", "\\u003c")
    return f'<script src="{origin}/v1/patchrooms.js"></script>\n<script>Patchrooms.init({code});</script>'


def _numbers(conn: Connection, project: str, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many reports of each status each room has; those without any are left out."""
    c = reports.c
    query = select(c.artifact_id, c.status, func.count()).where(c.project == project, c.artifact_id.in_(ids))
    found: dict[str, dict[str, int]] = {}
    for room, status, n in conn.execute(query.group_by(c.artifact_id, c.status)):
        found.setdefault(room, {})[status] = n
    return found


def _values(goal: str | None, constraints: Sequence[str] | None, tool: str | None) -> dict[str, Any]:
    """Those columns that something is given for."""
    found: dict[str, Any] = {}
    if goal is not None:
        found["goal"] = check_text("goal", goal, 0, TEXT_LENGTH)
    if constraints is not None:
        if len(constraints) > MOST_BLOCKS:
            raise Invalid(f"A room has at most {MOST_BLOCKS} constraints.")
        found["constraints"] = msgspec.json.encode(
            [check_text("constraints", each, 1, TEXT_LENGTH) for each in constraints]
        )
    if tool is not None:
        found["tool"] = check_text("tool", tool, 0, TOOL_LENGTH)
    return found


def _room(row: Row[Any]) -> Room:
    constraints = msgspec.json.decode(row.constraints, type=list[str])
    return Room(row.id, row.project, row.title, row.goal, constraints, row.tool, row.created_at)
