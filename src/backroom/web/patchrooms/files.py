"""Stored files, read back (Patchrooms door's addition)."""

from __future__ import annotations

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.types import Scope

from backroom.access import KeyScope
from backroom.errors import NotFound
from backroom.ids import is_id
from backroom.reports.queries import StoredBytes, get_file
from backroom.web.file_answers import stored_answer
from backroom.web.http import Answer
from backroom.web.patchrooms.auth import authenticate
from backroom.web.patchrooms.door import PatchroomsDoor


async def get_file_bytes(door: PatchroomsDoor, request: Request) -> Answer:
    """A screenshot's or voice note's bytes, all or one range of them."""
    scope = request.scope
    file: str = scope["path_params"]["fileId"]
    found = await door.db.read_short(_find, door, scope, file)
    return await stored_answer(scope, door.blobs, file, found, b"Authorization")


def _find(conn: Connection, door: PatchroomsDoor, scope: Scope, file: str) -> StoredBytes:
    authenticate(conn, door, scope, KeyScope.FEEDBACK_READ)
    if not is_id(file):
        raise NotFound("There is no such file in this project.")
    return get_file(conn, scope["path_params"]["projectId"], file)
