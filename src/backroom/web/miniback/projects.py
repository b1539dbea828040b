"""Projects and their keys, as the Miniback dialect shows and changes them."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Actor
from backroom.clock import iso, now_ms
from backroom.errors import Invalid
from backroom.projects import commands, queries
from backroom.projects.directory import Directory
from backroom.projects.queries import KeyInfo, Project
from backroom.web.http import Answer, json_answer
from backroom.web.miniback import bodies
from backroom.web.miniback.auth import act, get_reached
from backroom.web.miniback.door import MinibackDoor
from backroom.web.miniback.errors import NAME_REQUIRED
from backroom.web.miniback.shapes import (
    Gone,
    GoneAnswer,
    KeyMasked,
    KeyMaskedAnswer,
    KeyShown,
    KeyShownAnswer,
    ProjectAnswer,
    ProjectOut,
    ProjectsAnswer,
)

SHOWN_OF_KEY = 8


async def list_projects(door: MinibackDoor, _request: Request, actor: Actor) -> Answer:
    """All projects of the key's workspace, newest first."""
    found = await door.db.read(queries.list_projects, actor)
    return json_answer(ProjectsAnswer([_shown(project) for project in found]))


async def get_project(door: MinibackDoor, request: Request, actor: Actor) -> Answer:
    """One project."""
    return await _answer(door, actor, _named(request))


async def create_project(door: MinibackDoor, request: Request, actor: Actor) -> Answer:
    """A new project in the key's workspace."""
    sent = await bodies.PROJECT.read(request, door.settings.max_json)
    _require_words(sent.name)
    made = await door.db.write(act, request.scope, commands.create_project, sent.name, sent.slug, now_ms())
    return await _answer(door, actor, made, 201)


async def update_project(door: MinibackDoor, request: Request, actor: Actor) -> Answer:
    """Another name, another slug, or both."""
    project = await _reached(door, request, actor)
    sent = await bodies.PROJECT_CHANGE.read(request, door.settings.max_json)
    if sent.name is not None:
        _require_words(sent.name)
    changes = {name: value for name, value in (("name", sent.name), ("slug", sent.slug)) if value is not None}
    if changes:
        await door.db.write(act, request.scope, commands.update_project, project, changes, now_ms())
    return await _answer(door, actor, project)


async def delete_project(door: MinibackDoor, request: Request, actor: Actor) -> Answer:
    """Deletes a project, its keys and all its feedback for good."""
    project = await _reached(door, request, actor)
    await door.db.write(act, request.scope, commands.delete_project, project, now_ms())
    return json_answer(GoneAnswer(Gone(project)))


async def get_key(door: MinibackDoor, request: Request, actor: Actor) -> Answer:
    """The project's key, masked."""
    project = await _reached(door, request, actor)
    found = await door.db.read(queries.find_miniback_key, actor, project)
    return json_answer(KeyMaskedAnswer(_masked(found)))


async def regenerate_key(door: MinibackDoor, request: Request, actor: Actor) -> Answer:
    """A new key for the project; the one it had ends at once."""
    project = await _reached(door, request, actor)
    made = await door.db.write(act, request.scope, commands.regenerate_miniback_key, project, now_ms())
    return json_answer(KeyShownAnswer(KeyShown(made.key)))


async def _reached(door: MinibackDoor, request: Request, actor: Actor) -> str:
    """The id of the path's project. Raises NotFound, Denied."""
    found = await door.db.read_short(get_reached, door.directory, actor, _named(request))
    return found.id


async def _answer(door: MinibackDoor, actor: Actor, project: str, status: int = 200) -> Answer:
    found = await door.db.read_short(_get, door.directory, actor, project)
    return json_answer(ProjectAnswer(_shown(found)), status)


def _get(conn: Connection, directory: Directory, actor: Actor, project: str) -> Project:
    return queries.get_project(conn, actor, get_reached(conn, directory, actor, project).id)


def _named(request: Request) -> str:
    named: str = request.scope["path_params"]["projectId"]
    return named


def _require_words(name: str) -> None:
    if not name.strip():
        raise Invalid(NAME_REQUIRED)


def _shown(project: Project) -> ProjectOut:
    return ProjectOut(
        project.id,
        project.name,
        project.slug,
        project.status,
        iso(project.created_at),
        iso(project.updated_at),
    )


def _masked(key: KeyInfo | None) -> KeyMasked:
    if key is None:
        return KeyMasked(None, None, None)
    used = None if key.last_used_at is None else iso(key.last_used_at)
    return KeyMasked(f"{key.prefix[:SHOWN_OF_KEY]}…", iso(key.created_at), used)
