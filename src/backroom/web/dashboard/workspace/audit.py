"""Who changed what in the workspace, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, select
from starlette.requests import Request

from backroom.access import KeyScope
from backroom.accounts.audit import Change, list_audit
from backroom.ids import is_id
from backroom.store.tables import users
from backroom.web.dashboard.door import DashboardDoor, Values
from backroom.web.dashboard.frame.auth import signed_in
from backroom.web.dashboard.frame.formats import STATUSES, day, short
from backroom.web.dashboard.frame.visit import Visit
from backroom.web.http import Answer, Operation

PAGE = 50
MOST_SHOWN = 60
"""Characters of a value."""

ABOUT_PEOPLE = ("member", "password", "second-factor")
Payload = Mapping[str, Any]


class Line(NamedTuple):
    """An entry of the log: who, the rest of the sentence, and the page of what it is about, "" where it has none."""

    at: int
    who: str
    text: str
    href: str


def read_audit(conn: Connection, visit: Visit, before: str | None) -> Values:
    """A page of the log by days, newest first. Raises Denied."""
    found = list_audit(conn, visit.actor, before, PAGE + 1)
    shown = found[:PAGE]
    names = _names(conn, shown)
    lines = [Line(change.at, who(change), sentence(change, names), _page_of(change)) for change in shown]
    days = [(title, list(group)) for title, group in groupby(lines, lambda line: day(line.at, visit.now))]
    return {"days": days, "older": shown[-1].id if len(found) > PAGE else None, "before": before}


def who(change: Change) -> str:
    """Who did it, to begin a sentence with."""
    if change.actor_kind == "operator":
        return "The command line"
    if change.actor_kind == "key":
        return f"The key {change.actor_name}" if change.actor_name else "A key"
    if change.actor_kind == "agent":
        return f"The agent {change.actor_name}" if change.actor_name else "An agent"
    return change.actor_name or "Someone"


def sentence(change: Change, names: Mapping[str, str]) -> str:
    """What was done, to end a sentence that begins with who did it. `names` are those of people by their ids."""
    payload = change.payload
    if change.action in ABOUT_OTHERS:
        text = ABOUT_OTHERS[change.action](payload, change.subject, names.get(_about(change), "someone"))
    elif change.action in SENTENCES:
        text = SENTENCES[change.action](payload, change.subject)
    else:
        thing, _, verb = change.action.partition(".")
        text = f"did {verb.replace('-', ' ') or 'something'} to the {thing.replace('-', ' ')} {change.subject}"
    project = payload.get("project_name")
    if project and not change.action.startswith("project."):
        text = f"{text} in {project}"
    return f"{text}: {_differences(payload)}" if change.action in WITH_DIFFERENCES else text


def _names(conn: Connection, changes: Iterable[Change]) -> dict[str, str]:
    """The names of the people whom these changes are about, also of those who have left."""
    ids = {about for about in map(_about, changes) if is_id(about)}
    rows = conn.execute(select(users.c.id, users.c.name).where(users.c.id.in_(sorted(ids))))
    return {row.id: row.name for row in rows}


def _page_of(change: Change) -> str:
    return f"/r/{change.subject}" if change.action.startswith("report.") else ""


def _about(change: Change) -> str:
    """The id of the person whom a change is about; "" where it is about nobody."""
    if change.action == "report.assign":
        return str(change.payload.get("to") or change.payload.get("from") or "")
    return change.subject if change.action.startswith(ABOUT_PEOPLE) else ""


def _shown(value: Any) -> str:
    """A value as people read it."""
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _differences(payload: Payload) -> str:
    """`name from A to B; archived yes`: what a change noted as pairs of before and after, or in a word."""
    parts = []
    for name, value in payload.items():
        if name in ("project", "project_name"):
            continue
        before, after = value if isinstance(value, list) and len(value) == 2 else (None, value)
        told = (
            _shown(after) if before is None or isinstance(after, bool) else f"from {_shown(before)} to {_shown(after)}"
        )
        parts.append(f"{name.replace('_', ' ')} {told}")
    return "; ".join(parts)


def _scopes(payload: Payload) -> str:
    scopes = str(payload.get("scopes") or "").split()
    return "every scope" if len(scopes) == len(KeyScope) else ", ".join(scopes)


def _invitation(payload: Payload) -> str:
    to = payload.get("email")
    return f"an invitation {'for ' + to + ' ' if to else ''}as {payload.get('role')}"


def _connection(payload: Payload) -> str:
    scopes = str(payload.get("scopes") or "").split()
    may = [verb for scope, verb in (("feedback:read", "read"), ("feedback:write", "change")) if scope in scopes]
    return f"connected the agent {payload.get('name')}, which may {' and '.join(may)} reports"


def _status(payload: Payload, end: str) -> str:
    status = str(payload.get(end))
    return STATUSES.get(status, status).lower()


WITH_DIFFERENCES = ("project.change", "project.widget", "channel.change")
SENTENCES: dict[str, Callable[[Payload, str], str]] = {
    "instance.set-up": lambda *_: "set this server up",
    "instance.sign-up": lambda payload, _: f"set sign-up on this server to {payload.get('mode')}",
    "instance.default-plan": lambda payload, _: (
        f"set the default plan to {payload.get('plan') or 'that of the settings'}"
    ),
    "workspace.create": lambda payload, _: f"created the workspace {payload.get('name')}",
    "workspace.rename": lambda payload, _: f"renamed the workspace to {payload.get('name')}",
    "workspace.plan": lambda payload, _: f"changed the plan to {payload.get('plan')}",
    "invitation.create": lambda payload, _: f"created {_invitation(payload)}",
    "invitation.revoke": lambda payload, _: f"revoked {_invitation(payload)}",
    "member.join": lambda payload, _: f"joined as {payload.get('role')}",
    "member.sign-up": lambda *_: "created an account with this workspace",
    "member.leave": lambda payload, _: f"left the workspace as {payload.get('role')}",
    "password.change": lambda *_: "changed their own password",
    "password.reset": lambda *_: "reset their password with a link or on the command line",
    "second-factor.on": lambda *_: "turned on their second factor",
    "second-factor.off": lambda *_: "turned off their second factor",
    "second-factor.codes": lambda *_: "created new recovery codes",
    "second-factor.lost": lambda *_: "lost their second factor, which was turned off",
    "project.create": lambda payload, _: f"created the project {payload.get('project_name')}",
    "project.change": lambda payload, _: f"changed the project {payload.get('project_name')}",
    "project.widget": lambda payload, _: f"changed the widget of {payload.get('project_name')}",
    "project.delete": lambda payload, _: f"deleted the project {payload.get('project_name')} and all its reports",
    "key.create": lambda payload, _: f"created the key “{payload.get('name')}” with {_scopes(payload)}",
    "key.revoke": lambda payload, _: f"revoked the key “{payload.get('name')}”",
    "channel.create": lambda payload, key: f"added the channel {payload.get('name')} ({key})",
    "channel.change": lambda _payload, key: f"changed the channel {key}",
    "hint.add": lambda payload, _: (
        f"added a hint for the channel {payload.get('channel')} with weight {payload.get('weight')}"
        f" for {payload.get('user') or 'everyone'}"
    ),
    "hint.delete": lambda payload, _: f"removed a hint for the channel {payload.get('channel')}",
    "report.create": lambda _payload, report: f"created the report {short(report)}",
    "report.status": lambda payload, report: (
        f"changed the report {short(report)} from {_status(payload, 'from')} to {_status(payload, 'to')}"
    ),
    "report.channel": lambda payload, report: (
        f"moved the report {short(report)} from {payload.get('from')} to {payload.get('to')}"
    ),
    "report.label": lambda payload, report: f"added the label {payload.get('name')} to the report {short(report)}",
    "report.unlabel": lambda payload, report: (
        f"removed the label {payload.get('name')} from the report {short(report)}"
    ),
    "report.delete": lambda _payload, report: f"deleted the report {short(report)}",
    "report.comment": lambda _payload, report: f"left a note on the report {short(report)}",
    "report.commit": lambda payload, report: (
        f"linked the commit {str(payload.get('commit'))[:10]} to the report {short(report)}"
    ),
    "room.create": lambda payload, _: f"created the review room “{payload.get('title')}”",
    "room.change": lambda payload, _: f"changed the review room “{payload.get('title')}”",
    "connection.allow": lambda payload, _: _connection(payload),
    "connection.revoke": lambda payload, _: f"disconnected the agent {payload.get('name')}",
    "connection.reuse": lambda *_: "used a refresh token twice and was disconnected",
}

ABOUT_OTHERS: dict[str, Callable[[Payload, str, str], str]] = {
    "member.role": lambda payload, _, name: (
        f"changed the role of {name} from {payload.get('from')} to {payload.get('to')}"
    ),
    "member.remove": lambda payload, _, name: f"removed {name}, who was {payload.get('role')}",
    "report.assign": lambda payload, report, name: (
        f"assigned the report {short(report)} to {name}"
        if payload.get("to")
        else f"unassigned the report {short(report)} from {name}"
    ),
}


@signed_in
async def show_audit(door: DashboardDoor, request: Request, visit: Visit) -> Answer:
    """The log."""
    before = request.query_params.get("before")
    return await door.page(request, visit, "workspace/audit.html", read_audit, before)


OPERATIONS: list[Operation[Any]] = [Operation("GET", "/audit", show_audit, "The audit log.")]
