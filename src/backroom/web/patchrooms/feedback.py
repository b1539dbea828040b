"""Reports, as the Patchrooms dialect lists, shows and triages them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Scope as KeyScope
from backroom.errors import Invalid
from backroom.ids import is_id
from backroom.reports.queries import is_report_of, page_json
from backroom.reports.rules import Status, parse_status
from backroom.store.changes import change_number
from backroom.web.http import JSON, Answer, header
from backroom.web.patchrooms.auth import actor_for, key_hash_of

if TYPE_CHECKING:
    from backroom.web.patchrooms.door import PatchroomsDoor

LIMIT = 20
MOST = 100


async def list_feedback(door: PatchroomsDoor, request: Request) -> Answer:
    """A page of the project's reports, newest first."""
    return await door.db.read_short(_list, door, request)


def _list(conn: Connection, door: PatchroomsDoor, request: Request) -> Answer:
    scope = request.scope
    project: str = scope["path_params"]["projectId"]
    actor_for(conn, door.directory, key_hash_of(scope), KeyScope.FEEDBACK_READ, project)
    tag = b'"%x"' % change_number(conn, project)
    headers = [JSON, (b"etag", tag), (b"cache-control", b"private, no-cache")]
    query = request.query_params if scope["query_string"] else {}
    limit = _limit(query.get("limit"))
    status = _status(query.get("status"))
    before = query.get("before")
    if before is not None and not (is_id(before) and is_report_of(conn, project, before)):
        raise Invalid("before must be the id of a report of this project.")
    if header(scope, b"if-none-match") == tag:
        return Answer(304, b"", headers)
    rows = page_json(conn, project, limit + 1, before, status, query.get("channelKey"))
    following = b'"%b"' % rows[limit - 1][0].encode() if len(rows) > limit else b"null"
    items = b",".join([row[1] for row in rows[:limit]])
    return Answer(200, b'{"items":[%b],"nextCursor":%b}' % (items, following), headers)


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 18 and int(text) > 0):
        raise Invalid(f"limit must be a whole number from 1 to {MOST}.")
    return min(int(text), MOST)


def _status(text: str | None) -> Status | None:
    return None if text is None else parse_status(text)
