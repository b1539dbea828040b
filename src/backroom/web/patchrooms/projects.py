"""A project, as the Patchrooms dialect shows it."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import KeyScope
from backroom.clock import iso
from backroom.projects import queries
from backroom.web.http import Answer, json_answer
from backroom.web.patchrooms.auth import authenticate
from backroom.web.patchrooms.door import PatchroomsDoor
from backroom.web.patchrooms.shapes import ProjectOut


async def get_project(door: PatchroomsDoor, request: Request) -> Answer:
    """The key's project."""
    return json_answer(await door.db.read(_get, door, request))


def _get(conn: Connection, door: PatchroomsDoor, request: Request) -> ProjectOut:
    actor = authenticate(conn, door, request.scope, KeyScope.PROJECT_READ)
    found = queries.get_project(conn, actor, request.scope["path_params"]["projectId"])
    return ProjectOut(
        found.id,
        found.name,
        found.project_key,
        found.url_patterns,
        found.default_channel_key,
        found.identity_secret_set,
        iso(found.created_at),
    )
