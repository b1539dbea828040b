"""Reports, as the Patchrooms dialect lists, shows and triages them."""

from __future__ import annotations

from functools import partial

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request

from backroom.access import Actor, KeyScope
from backroom.clock import now_ms
from backroom.errors import Invalid, NotFound
from backroom.ids import is_id
from backroom.projects.rules import CHANNEL_KEY
from backroom.reports import commands
from backroom.reports.changeset import Changed
from backroom.reports.queries import is_report_of, page_json, report_json
from backroom.reports.rules import Status, parse_status
from backroom.web.http import Answer, json_answer, raw_answer, whole_number
from backroom.web.patchrooms.auth import act, authenticate
from backroom.web.patchrooms.bodies import read_json
from backroom.web.patchrooms.door import PatchroomsDoor
from backroom.web.patchrooms.shapes import StatusChange, StatusOut

LIMIT = 20
MOST = 100

_status_change = msgspec.json.Decoder(StatusChange)


async def list_feedback(door: PatchroomsDoor, request: Request) -> Answer:
    """A page of the project's reports, newest first."""
    return await door.db.read_short(_list, door, request)


def _list(conn: Connection, door: PatchroomsDoor, request: Request) -> Answer:
    scope = request.scope
    project: str = scope["path_params"]["projectId"]
    authenticate(conn, door, scope, KeyScope.FEEDBACK_READ)
    return door.pages.answer(conn, scope, project, partial(_read_page, conn, project, request))


def _read_page(conn: Connection, project: str, request: Request) -> bytes:
    """The page that the query asks for. Raises Invalid."""
    query = request.query_params if request.scope["query_string"] else {}
    limit = _limit(query.get("limit"))
    status = _status(query.get("status"))
    channel = _channel(query.get("channelKey"))
    before = query.get("before")
    if before is not None and not (is_id(before) and is_report_of(conn, project, before)):
        raise Invalid("before must be the id of a report of this project.")
    page = page_json(conn, project, limit, before, status, channel)
    following = b'"%b"' % page.next_cursor.encode() if page.next_cursor else b"null"
    return b'{"items":[%b],"nextCursor":%b}' % (page.items, following)


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    limit = whole_number(text, least=1, most=MOST)
    if limit is None:
        raise Invalid("limit must be a whole number of at least 1.")
    return limit


def _status(text: str | None) -> Status | None:
    return None if text is None else parse_status(text)


def _channel(text: str | None) -> str | None:
    if text is not None and not CHANNEL_KEY.match(text):
        raise Invalid("channelKey must be the key of a channel.")
    return text


async def get_feedback(door: PatchroomsDoor, request: Request) -> Answer:
    """One report."""
    return raw_answer(await door.db.read_short(_get, door, request))


def _get(conn: Connection, door: PatchroomsDoor, request: Request) -> bytes:
    scope = request.scope
    authenticate(conn, door, scope, KeyScope.FEEDBACK_READ)
    return report_json(conn, scope["path_params"]["projectId"], _report_id(request))


async def set_status(door: PatchroomsDoor, request: Request) -> Answer:
    """Puts a report on another status."""
    scope = request.scope
    await door.db.read_short(authenticate, door, scope, KeyScope.FEEDBACK_WRITE)
    report = _report_id(request)
    status = parse_status((await read_json(door, request, _status_change)).status)
    await door.db.write(act, scope, KeyScope.FEEDBACK_WRITE, _set_status, report, status, now_ms())
    return json_answer(StatusOut(report, status))


def _set_status(tx: Connection, actor: Actor, _project: str, report: str, status: Status, now: int) -> list[Changed]:
    return commands.set_status(tx, actor, [report], status, now)


def _report_id(request: Request) -> str:
    """The report's id from the path. Raises NotFound where it can't be one."""
    report: str = request.scope["path_params"]["reportId"]
    if not is_id(report):
        raise NotFound("There is no such report in this project.")
    return report
